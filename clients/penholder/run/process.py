"""The command: in a process group of its own, signaled as a group, its exit told in words."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from penholder.commands.fences import VARIABLE as FENCE_VARIABLE

CANNOT_RUN = 126
NOT_FOUND = 127


class Exit(msgspec.Struct, frozen=True):
    """How a command ended: with a status, or by a signal."""

    exit_status: int | None
    signal: str | None
    code: int
    """What a shell would call it."""

    @property
    def is_success(self) -> bool:
        """Whether it ended as it should."""
        return self.code == 0

    @property
    def last_error(self) -> str | None:
        """Say it as the worker's last error."""
        if self.is_success:
            return None
        return f"killed by {self.signal}" if self.signal else f"exit status {self.exit_status}"


def exit_of(returncode: int) -> Exit:
    """Read what subprocess calls a return code: negative for signals."""
    if returncode >= 0:
        return Exit(returncode, None, returncode)
    number = -returncode
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"SIG{number}"
    return Exit(None, name, 128 + number)


def told(argv: Sequence[str]) -> list[str]:
    """Return the words as an event can hold them: bytes that are no UTF-8 as escapes."""
    return [os.fsencode(word).decode("utf-8", "backslashreplace") for word in argv]


def code_of_failed_start(error: OSError) -> int:
    """Return the exit code that a shell has for a command that cannot be started."""
    return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT_RUN


class Command:
    """A running command and its group; the group keeps its number until `reap`."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it; raises OSError where it cannot be."""
        # In a group of its own it would be stopped if it read from the terminal.
        stdin = subprocess.DEVNULL if sys.stdin is None or sys.stdin.isatty() else None
        self._process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={k: v for k, v in (os.environ | environment).items() if k != FENCE_VARIABLE},
            process_group=0,
        )
        self.pid = self._process.pid

    @property
    def stdout_fd(self) -> int:
        """The reading end of its stdout."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    @property
    def stderr_fd(self) -> int:
        """The reading end of its stderr."""
        assert self._process.stderr is not None
        return self._process.stderr.fileno()

    def wait(self) -> None:
        """Wait for its exit, and leave it a zombie so that its number means nobody else."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to all of its group; a stopped process is woken to receive it."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
            os.killpg(self.pid, signal.SIGCONT)

    def group_lives(self) -> bool:
        """Tell whether any process of its group still runs; zombies do not."""
        return any(_runs_in_group(entry, self.pid) for entry in Path("/proc").iterdir())

    def reap(self) -> Exit:
        """Free what is left of it; returns how it ended."""
        returncode = self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        return exit_of(returncode)


def _runs_in_group(entry: Path, group: int) -> bool:
    if not entry.name.isdigit():
        return False
    try:
        stat = (entry / "stat").read_bytes()
    except OSError:
        return False
    # The name in parentheses may hold anything; state, parent and group follow it.
    state, _, found = stat.rpartition(b")")[2].split()[:3]
    return int(found) == group and state not in (b"Z", b"X")
