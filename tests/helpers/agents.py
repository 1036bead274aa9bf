"""Agents that a test starts, from a configuration of its own; all of it is ended with the test."""

import json
import sys
from pathlib import Path

from tests.helpers.background import NO_SYSTEMD, Kept
from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import Ran, Running, penholder
from tests.helpers.waiting import until

FAKE = str(Path(__file__).with_name("fake_agent.py"))


class Agent(Kept):
    """One agent, and the daemon's view of it."""

    def __init__(self, agents: "Agents", name: str) -> None:
        """Find the newest worker of this name."""
        super().__init__(agents.daemon, name)
        self._agents = agents

    def say(self, verb: str, *words: str) -> Ran:
        """Say a word of `penholder agent` about it."""
        return self._agents.say("agent", verb, self.worker_id, *words)

    def send(self, prompt: str) -> None:
        """Send a prompt."""
        ran = self.say("send", prompt)
        assert ran.code == 0, ran.err

    def outcome(self, count: int = 1) -> Json:
        """Wait for the end of a turn."""
        return self.wait_for("turn.ended", count)

    def text(self) -> str:
        """Return what it said."""
        chunks = self.events("acp.agent_message_chunk")
        return "".join(event["data"]["content"]["text"] for event in chunks)

    def asked(self, count: int = 1) -> list[Json]:
        """Wait until so many questions are pending, and told in the stream; returns them."""
        until(lambda: len(self._pending()) == count, f"there are no {count} questions")
        found = self._pending()
        until(lambda: {each["request_id"] for each in found} <= self._told(), "it is not told")
        return found

    def _told(self) -> set[str]:
        asked = self.events("permission.asked")
        return {event["data"]["request_id"] for event in asked}

    def _pending(self) -> list[Json]:
        return list(self.ask("approval.list")["items"])

    def decide(self, request_id: str, option: str) -> None:
        """Answer a question."""
        self.ask("approval.decide", request_id=request_id, option=option)

    def approvals(self) -> list[tuple[str, str | None]]:
        """Return state and choice of all its questions, oldest first."""
        found = self.ask("approval.list", state="all")["items"]
        return [(each["state"], each["selected_option_id"]) for each in found]


class Agents:
    """What starts agents."""

    def __init__(self, daemon: DaemonProcess, directory: Path) -> None:
        """Keep the configuration and the working directory below a directory."""
        self.daemon = daemon
        self.running: list[Running] = []
        self.home = directory / "conf"
        self.cwd = directory / "project"
        self.cwd.mkdir()
        self._file = self.home / "penholder" / "penholder.toml"
        self._file.parent.mkdir(parents=True)
        self._file.touch(0o600)

    @property
    def command(self) -> list[str]:
        """Our fake agent, without switches."""
        return [sys.executable, FAKE]

    def configure(self, name: str, command: list[str], **more: object) -> None:
        """Add a launcher."""
        fields = {"command": command, **more}
        lines = [f"{key} = {_toml(value)}" for key, value in fields.items()]
        with self._file.open("a") as file:
            file.write("\n".join([f"[launcher.{name}]", *lines, ""]))

    def say(self, *words: str, **more: str) -> Ran:
        """Say words, with more variables."""
        own = NO_SYSTEMD | {"XDG_CONFIG_HOME": str(self.home)}
        return penholder(self.daemon, *words, **own | more)

    def try_start(self, *switches: str, words: tuple[str, ...] = (), **more: object) -> Ran:
        """Start our fake agent with some switches, whatever comes of it."""
        self.configure("fake", [*self.command, *switches], **more)
        return self.say("agent", "start", "--launcher", "fake", "--cwd", str(self.cwd), *words)

    def foreground(self, *switches: str, prompt: str) -> Running:
        """Start our fake agent in the foreground."""
        self.configure("fake", [*self.command, *switches])
        start = ("agent", "start", "--launcher", "fake", "--cwd", str(self.cwd), prompt)
        self.running.append(
            Running(self.daemon, *start, **NO_SYSTEMD | {"XDG_CONFIG_HOME": str(self.home)})
        )
        return self.running[-1]

    def start(
        self, *switches: str, prompt: str = "", words: tuple[str, ...] = (), **more: object
    ) -> Agent:
        """Start our fake agent in the background."""
        prompts = (prompt,) if prompt else ()
        ran = self.try_start(*switches, words=("-d", *words, *prompts), **more)
        assert (ran.code, ran.err) == (0, "")
        return Agent(self, ran.out.strip())


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)
