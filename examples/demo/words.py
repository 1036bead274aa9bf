"""The act in words: three jobs, each started, seen, answered or stopped by one command."""

from collections.abc import Iterator

from examples.demo.checks import Claim
from examples.demo.show import Show
from examples.demo.terminal import Terminal
from examples.demo.workers import ROOT
from penholder.blocking import Client

_QUESTION = "The tests fail. Deploy all the same?"
_ASK = f'"$PENHOLDER" ask "{_QUESTION}" && echo deployed'


class Words:
    """A person at a terminal, in the directory of this repository."""

    def __init__(self, show: Show, environment: dict[str, str], control: Client) -> None:
        """Take what the daemon is found by."""
        self._show = show
        self._terminal = Terminal(show, environment, ROOT)
        self._control = control

    def act(self) -> Iterator[Claim]:
        """Play it; yields what is claimed."""
        self._show.step("Start three jobs in the background, each by one command")
        jobs = {
            "build": "echo compiling; sleep 60",
            "tests": "echo 2 failed; exit 2",
            "deploy": _ASK,
        }
        names = [
            self._terminal.say("run", "-d", "--name", name, "--", "sh", "-c", job)
            for name, job in jobs.items()
        ]
        said = [name.stdout.strip() for name in names]
        yield "three jobs, three commands", ", ".join(said), said == ["build", "tests", "deploy"]
        yield from self._see()
        yield from self._answer()
        self._show.step("Stop one")
        self._terminal.say("stop", "build")
        left = self._terminal.say("ps").stdout
        yield "nobody is left running", left.strip()[:20], left.startswith("none")

    def _see(self) -> Iterator[Claim]:
        self._show.step("See how they are, and why one failed")
        failed = self._terminal.say("wait", "tests").returncode
        self._until_asked()
        seen = self._terminal.say("ps", "-a").stdout
        asks = next((line for line in seen.splitlines() if line.startswith("deploy")), "")
        yield "a list shows who asks", asks[:30].strip(), "waiting_approval" in asks
        output = self._terminal.say("logs", "tests").stdout
        holds = (failed, output) == (2, "2 failed\n")
        yield "why one failed is said", f"exit status {failed}, {output.strip()}", holds

    def _answer(self) -> Iterator[Claim]:
        self._show.step("Read the question, and answer it")
        inbox = self._terminal.say("inbox").stdout
        yield "a question is shown whole", _QUESTION, _QUESTION in inbox
        self._terminal.say("approve", "deploy", "--note", "it is a demo")
        status = self._terminal.say("wait", "deploy").returncode
        output = self._terminal.say("logs", "deploy").stdout
        holds = (status, "deployed" in output) == (0, True)
        yield "its answer lets the job go on", f"exit status {status}", holds

    def _until_asked(self) -> None:
        asked = self._control.journal.wait(
            streams=["*"], after=0, types=["approval.requested"], timeout_ms=30_000
        )
        assert asked.items
