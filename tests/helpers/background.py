"""Commands in the background, and who keeps them; all of it is ended with the test."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.helpers.daemon_process import DaemonProcess, Json
from tests.helpers.programs import Ran, penholder, runs, wait_gone
from tests.helpers.waiting import until

NO_SYSTEMD = {"XDG_RUNTIME_DIR": ""}
_DAEMON = "penholder_daemon"
SLEEPS = ("sh", "-c", "echo $$; exec sleep 1000")


class Kept:
    """One command in the background."""

    def __init__(self, daemon: DaemonProcess, name: str) -> None:
        """Find the newest worker of this name."""
        self.daemon = daemon
        self.name = name
        (self.worker_id, *_) = [w["worker_id"] for w in workers(daemon) if w["label"] == name]

    def ask(self, method: str, **params: object) -> Any:
        """Ask the control socket about it."""
        with self.daemon.connect() as control:
            return control.call(method, worker_id=self.worker_id, **params)

    def record(self) -> Json:
        """Return the worker's record."""
        return dict(self.ask("worker.get"))

    def events(self, *types: str) -> list[Json]:
        """Return its events, of some types only."""
        found = self.ask("event.list", limit=1000)["items"]
        return [event for event in found if not types or event["type"] in types]

    def types(self) -> list[str]:
        """Return the types of its events, in order."""
        return [event["type"] for event in self.events()]

    def wait_for(self, type_: str, count: int = 1) -> Json:
        """Wait until there are so many events of a type; returns the last one's data."""
        after, left = 0, count
        while True:
            asked = {"after_seq": after, "types": [type_], "timeout_ms": 30_000}
            found = self.ask("event.wait", **asked)["items"]
            assert found, f"no {type_} comes; there is {self.types()}"
            if len(found) >= left:
                return dict(found[left - 1]["data"])
            after, left = found[-1]["event_seq"], left - len(found)

    def wait_ended(self) -> Json:
        """Wait until nobody has its seat and its keeper is gone; returns its record."""
        until(lambda: self.record()["recovery_state"] != "attached", f"{self.name} does not end")
        return self.record()

    @property
    def runner(self) -> int:
        """The process that has the seat."""
        return int(self.record()["runtime_pid"])

    @property
    def keeper(self) -> int:
        """The runner's parent."""
        return parent_of(self.runner)

    @property
    def command(self) -> int:
        """The process of the command that was started last."""
        return int(self.events("process.started")[-1]["data"]["pid"])

    @property
    def guard(self) -> int:
        """The runner's guard."""
        (found,) = [pid for pid in children_of(self.runner) if "run.guard" in words_of(pid)]
        return found


class Background:
    """What a test starts in the background."""

    def __init__(self, daemon: DaemonProcess) -> None:
        """Take the daemon whose workers they are."""
        self.daemon = daemon

    def try_run(self, *words: str, **more: str) -> Ran:
        """Run a command in the background, whatever comes of it."""
        return penholder(self.daemon, "run", "-d", *words, **NO_SYSTEMD | more)

    def run(self, *words: str, **more: str) -> Kept:
        """Run a command in the background."""
        ran = self.try_run(*words, **more)
        assert (ran.code, ran.err) == (0, "")
        return Kept(self.daemon, ran.out.strip())

    def say(self, *words: str, **more: str) -> Ran:
        """Say a word about it."""
        return penholder(self.daemon, *words, **NO_SYSTEMD | more)


def workers(daemon: DaemonProcess) -> list[Json]:
    """Return all workers, newest first."""
    with daemon.connect() as control:
        return list(control.call("worker.list")["items"])


def parent_of(pid: int) -> int:
    """Return a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])


def children_of(pid: int) -> list[int]:
    """Return a process's children."""
    found = []
    for each in _pids():
        with suppress(OSError):
            if parent_of(each) == pid:
                found.append(each)
    return found


def words_of(pid: int) -> str:
    """Return what a process was started with; nothing if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def end_all_below(directory: Path) -> None:
    """Kill every process that was told of a directory of the test's, but for a daemon."""
    for _ in range(10):
        found = all_below(directory)
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            wait_gone(pid)
    raise AssertionError("there are ever more of them")


def all_below(directory: Path) -> list[int]:
    """Return every process that was told of a directory of the test's, but for a daemon."""
    found = _told_of(os.fsencode(directory))
    return [pid for pid in found if runs(pid) and _DAEMON not in words_of(pid)]


def _told_of(mark: bytes) -> Iterator[int]:
    for pid in _pids():
        with suppress(OSError):
            told = Path(f"/proc/{pid}/cmdline").read_bytes()
            told += Path(f"/proc/{pid}/environ").read_bytes()
            if mark in told and pid != os.getpid():
                yield pid


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
