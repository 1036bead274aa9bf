"""The act of an agent: it asks, all who know of that are killed, and the answer is used once."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from examples.demo import checks
from examples.demo.checks import Claim
from examples.demo.show import Show, text_of
from examples.demo.terminal import Terminal
from examples.demo.workers import ROOT
from penholder.blocking import Client
from penholder_protocol.nouns import Approval

_NAME = "greeter"


class Agents:
    """A person with an agent; both outlive a bad minute."""

    def __init__(
        self, show: Show, environment: dict[str, str], control: Client, directory: Path
    ) -> None:
        """Keep the agent's configuration and its work below a directory."""
        self._show = show
        self._control = control
        self._project = directory / "project"
        configuration = directory / "conf" / "penholder" / "penholder.toml"
        configuration.parent.mkdir(parents=True)
        self._project.mkdir()
        command = f'["{sys.executable}", "{ROOT / "examples/agent.py"}"]'
        configuration.write_text(f"[launcher.example]\ncommand = {command}\n")
        own = {"XDG_CONFIG_HOME": str(configuration.parents[1])}
        self._terminal = Terminal(show, environment | own, self._project)

    def act(self) -> Iterator[Claim]:
        """Play it; yields what is claimed."""
        self._show.step("Start an agent, which asks before it does anything")
        start = ("agent", "start", "-d", "--launcher", "example", "--name", _NAME, "say hello")
        self._terminal.say(*start)
        question = self._question()
        self._kill(question.worker_id)
        self._show.step("Start the daemon again, and answer")
        self._terminal.say("up")
        asks = [each.request_id for each in self._control.approval.list().items]
        holds = asks == [question.request_id]
        yield "a question outlives the daemon and the agent", question.request_id, holds
        self._terminal.say("approve", _NAME)
        self._terminal.say("agent", "wait", _NAME)
        self._terminal.say("agent", "show", _NAME)
        yield from self._checked(question)
        self._terminal.say("stop", _NAME)

    def _question(self) -> Approval:
        """Wait for what the agent asks."""
        asked = self._control.journal.wait(
            streams=["*"], after=0, types=["permission.asked"], timeout_ms=30_000
        )
        assert asked.items
        [question] = self._control.approval.list().items
        return question

    def _kill(self, worker_id: str) -> None:
        runner = self._control.worker.get(worker_id=worker_id).runtime_pid
        daemon = self._control.daemon.status().pid
        assert runner is not None
        self._show.step(f"SIGKILL the daemon (pid {daemon}) and the agent's runner (pid {runner})")
        for pid in (daemon, runner):
            os.kill(pid, signal.SIGKILL)

    def _checked(self, question: Approval) -> Iterator[Claim]:
        entries = checks.read_back(self._control, [f"worker:{question.worker_id}"])
        told = [(entry.type, text_of(entry)) for entry in entries]
        used = [data["option"] for type_, data in told if type_ == "permission.answered"]
        written = (self._project / "greetings.txt").read_text()
        seen = f"{len(used)} answer used, {written.count('hello')} line written"
        yield "its answer is used exactly once", seen, (used, written) == (["yes"], "hello\n")
        began = sum(type_ == "turn.started" for type_, _ in told)
        ends = [data["outcome"] for type_, data in told if type_ == "turn.ended"]
        yield "the turn ends, once", f"{began} began, {ends} ended", (began, ends) == (
            1, ["completed"]
        )  # fmt: skip
        numbered = [entry.seq for entry in entries]
        whole = numbered == list(range(1, len(numbered) + 1))
        yield "nothing it said is lost or doubled", f"1 … {len(numbered)}", whole
