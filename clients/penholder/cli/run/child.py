"""The command: in a process group of its own, signaled as a group, its exit told in words."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from penholder.cli.run.group import Group, started_ticks, wait_gone
from penholder.cli.run.guarding import Guard
from penholder.cli.terminal.fences import VARIABLE as FENCE_VARIABLE

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


def code_of_failed_start(argv: Sequence[str], error: OSError) -> int:
    """Return the exit code that a shell has for a command that cannot be started.

    What the kernel found wrong first may be something else than that there is no such command:
    arguments that are too long, or a directory of PATH that may not be read.
    """
    missing = isinstance(error, FileNotFoundError) or not _exists(argv[0])
    return NOT_FOUND if missing else CANNOT_RUN


def _exists(name: str) -> bool:
    if "/" in name:
        return not _is_missing(name)
    return any(os.path.isfile(os.path.join(place, name)) for place in os.get_exec_path())


def _is_missing(path: str) -> bool:
    """Tell whether nothing is there; who may not look does not say so."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENAMETOOLONG)
    return False


class Command:
    """A running command and its group; the group keeps its number until `reap`."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], guard: Guard | None
    ) -> None:
        """Start it; raises OSError where it cannot be.

        Where there is a guard, the new process makes itself known to it before it becomes the
        command. No other thread may run yet: the process that does so is a fork of this one.
        """
        # In a group of its own it would be stopped if it read from the terminal.
        stdin = subprocess.DEVNULL if sys.stdin is None or sys.stdin.isatty() else None
        self._process = subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            # The proof of ownership is the controller's; the command is the worker, and has its
            # seat.
            env={k: v for k, v in (os.environ | environment).items() if k != FENCE_VARIABLE},
            process_group=0,
            preexec_fn=None if guard is None else guard.announce,  # noqa: PLW1509 - see above
        )
        self.pid = self._process.pid
        self.group = Group(self.pid, started_ticks(self.pid))

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
        with suppress(ChildProcessError):
            # WNOWAIT: its exit is seen and not taken, so its number stays its own.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)

    def wait_for_group(self) -> None:
        """Wait until nobody of its group runs any more; zombies do not."""
        wait_gone(self.group)

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to all of its group; a stopped process is woken to receive it."""
        self.group.send(number)
        # After SIGSTOP it would undo what was asked for.
        if number != signal.SIGSTOP:
            self.group.send(signal.SIGCONT)

    def reap(self) -> Exit:
        """Free what is left of it; returns how it ended."""
        returncode = self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        return exit_of(returncode)
