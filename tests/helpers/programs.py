"""The command line as a child process of a test, with warnings as errors."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.helpers import own_programs
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection

PENHOLDER = own_programs.PENHOLDER
TIMEOUT_S = 60
BECOME = "import os, signal, sys; exec(sys.argv[1]); os.execv(sys.argv[2], sys.argv[2:])"
"""Runs what a parent would have done to its child, and then the program."""


def environment(daemon: DaemonProcess, **more: str) -> dict[str, str]:
    """Return what the command line needs to find a daemon, and nothing of another one."""
    own = {k: v for k, v in daemon.environment.items() if k != "PENHOLDER_FENCE"}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**own, "PATH": path, "PYTHONWARNINGS": "error", **more}


class Ran:
    """What one finished run of the command line did."""

    def __init__(self, code: int, out: bytes, err: bytes) -> None:
        """Keep it."""
        self.code = code
        self.out = out.decode()
        self.err = err.decode()

    @property
    def json(self) -> Any:
        """Read stdout as JSON."""
        return json.loads(self.out)


def penholder(daemon: DaemonProcess, *words: str, **more: str) -> Ran:
    """Run the command line to its end."""
    done = own_programs.run(
        own_programs.WORDS, words, environment(daemon, **more), timeout_s=TIMEOUT_S
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def error_line_of(process: own_programs.Process) -> str:
    """Wait for a line on the stderr of a program."""
    assert process.stderr is not None
    fd, line = process.stderr.fileno(), b""
    while not line.endswith(b"\n"):
        assert select.select([fd], [], [], TIMEOUT_S)[0], f"it says nothing more than {line!r}"
        # Byte by byte: what a buffer had taken of the next line would not be seen to be there.
        byte = os.read(fd, 1)
        assert byte, f"it has ended after {line!r}"
        line += byte
    return line.decode().removesuffix("\n")


class Running:
    """A command line that was started and goes on."""

    def __init__(self, daemon: DaemonProcess, *words: str, first: str = "", **more: str) -> None:
        """Start it; its stdin is a pipe. `first` is Python that its process runs before."""
        self.process: own_programs.Process
        variables = environment(daemon, **more)
        if first:
            self.process = subprocess.Popen(
                [sys.executable, "-c", BECOME, first, PENHOLDER, *words], env=variables,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        else:
            self.process = own_programs.start(
                own_programs.WORDS, words, variables, stdin=subprocess.PIPE
            )

    def say(self, line: str) -> None:
        """Write a line to its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self) -> str:
        """Wait for a line on its stdout."""
        assert self.process.stdout is not None
        found = self.process.stdout.readline().decode()
        assert found, f"it wrote nothing more: {self.end().err}"
        return found.removesuffix("\n")

    def error_line(self) -> str:
        """Wait for a line on its stderr."""
        return error_line_of(self.process)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self) -> Ran:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return Ran(self.process.wait(), out, err)

    def clean_up(self) -> None:
        """End it if the test has not."""
        with self.process:
            self.process.kill()


class Worker:
    """`penholder run` of the worker `w`, and the daemon's view of it."""

    def __init__(self, daemon: DaemonProcess, running: Running) -> None:
        """Take the program that was started."""
        self.daemon = daemon
        self.running = running

    def ask(self, method: str, **params: object) -> Any:
        """Ask the control socket."""
        with self.daemon.connect() as control:
            return control.call(method, **params)

    def wait_for(self, text: str) -> Json:
        """Wait for a line of output."""
        with self.daemon.connect() as control:
            return next(e for e in self._follow(control) if e["data"].get("text") == text)

    def wait_for_type(self, type_: str) -> Json:
        """Wait for an event of a type."""
        with self.daemon.connect() as control:
            return next(event for event in self._follow(control) if event["type"] == type_)

    def wait_for_events(self, count: int) -> None:
        """Wait until the worker has that many events."""
        with self.daemon.connect() as control:
            next(event for event in self._follow(control) if event["event_seq"] >= count)

    def _follow(self, control: RawConnection) -> Iterator[Json]:
        # The worker may not have been made yet, so its stream is what can be waited for.
        pos = 0
        while True:
            found = control.call("journal.wait", streams=["worker:w"], after=pos, timeout_ms=30_000)
            assert found["items"], "nothing more comes"
            for entry in found["items"]:
                yield {**entry, "event_seq": entry["seq"]}
            pos = found["pos"]

    def events(self) -> list[Json]:
        """Return all events of the worker."""
        found: list[Json] = []
        with self.daemon.connect() as control:
            while True:
                page = control.call("event.list", worker_id="w", limit=1000, after_seq=len(found))[
                    "items"
                ]
                if not page:
                    return found
                found += page

    def outputs(self) -> list[Json]:
        """Return the data of its output events."""
        return [event["data"] for event in self.events() if event["type"] == "output"]

    def texts(self, stream: str = "stdout") -> list[str]:
        """Return the lines of one stream."""
        return [output["text"] for output in self.outputs() if output["stream"] == stream]

    def record(self) -> Json:
        """Return the worker's record."""
        return dict(self.ask("worker.get", worker_id="w"))

    def transition(self, to: str) -> None:
        """Move it, as its controller would."""
        self.ask("worker.transition", worker_id="w", to=to)

    def end(self) -> Ran:
        """Wait for its end."""
        return self.running.end()


def runs(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    return state_of(pid) not in ("", "Z", "X")


def state_of(pid: int) -> str:
    """Return the letter that /proc has for a process; nothing if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return ""
    return stat.rpartition(b")")[2].split()[0].decode()


def command_of(pid: int) -> str:
    """Return the name of a process's program; nothing if there is no such process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def wait_gone(pid: int) -> None:
    """Wait until a process, which need be nobody's child here, has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], TIMEOUT_S)[0], f"process {pid} lives"
    finally:
        os.close(handle)


Start = Callable[..., Worker]
StartProgram = Callable[..., Running]

STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGQUIT):
    signal.signal(number, lambda *_: os.write(1, b"no\\n"))
child = os.fork()
os.write(1, b"%d\\n" % os.getpid())
while True:
    time.sleep(100)
"""
"""Two processes that end at neither SIGTERM nor SIGQUIT; each writes its pid first."""


def stubborn(start: Start, kill_after_s: str = "0.2") -> tuple[Worker, list[int]]:
    """Start a stubborn command; returns it and the pids of its group."""
    worker = start(sys.executable, "-c", STUBBORN, flags=("--kill-after-s", kill_after_s))
    pids = [int(worker.running.line()), int(worker.running.line())]
    return worker, pids


def say(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line in a process of its own, which an ssh may take the place of."""
    return subprocess.run(
        [PENHOLDER, *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        timeout=60, env={**os.environ},  # readline, which pytest may load, sets COLUMNS behind it
    )  # fmt: skip
