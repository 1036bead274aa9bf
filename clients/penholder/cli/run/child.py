"""The command: in a process group or, with a terminal, a session of its own; signaled as a whole.

Its exit is told in words.
"""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from penholder.cli.run import first_steps
from penholder.cli.run.apart import program
from penholder.cli.run.arrivals import Arrivals
from penholder.cli.run.group import Group, ignores, started_ticks, wait_gone
from penholder.cli.run.guarding import Guard
from penholder.cli.run.lines import STREAMS, Splitter
from penholder.cli.run.output_pipes import OutputPipes
from penholder.cli.run.pty_pair import Pty
from penholder.cli.run.pty_terminal import PtyTerminal
from penholder.cli.run.reader import Source
from penholder.cli.run.speaking import Speaks
from penholder.cli.terminal.fences import VARIABLE as FENCE_VARIABLE

Tees = tuple[int | None, int | None]
"""Where copies of stdout and stderr go, if anywhere."""
CANNOT_RUN = 126
NOT_FOUND = 127
UNKNOWN = 125
_TERM = "xterm-256color"
"""What a terminal is called where nobody said it: almost all of today understand it."""
_FIRST_STEPS = program("penholder.cli.run.first_steps")


class Exit(msgspec.Struct, frozen=True):
    """How a command ended: with a status, or by a signal."""

    exit_status: int | None
    signal: str | None
    code: int
    """What a shell would call it."""

    def __str__(self) -> str:
        """Say it."""
        return self.last_error or "exit status 0"

    @property
    def is_success(self) -> bool:
        """Whether it ended as it should."""
        return self.code == 0

    @property
    def last_error(self) -> str | None:
        """Say it as the worker's last error."""
        if self.is_success:
            return None
        if self.code == UNKNOWN and self.exit_status is None:
            return "ended unseen: its runner was killed"
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


def code_of_failed_start(argv: Sequence[str], error: OSError, cwd: str = ".") -> int:
    """Return the exit code that a shell has for a command that cannot be started in `cwd`.

    What the kernel found wrong first may be something else than that there is no such command:
    arguments that are too long, or a directory of PATH that may not be read.
    """
    missing = isinstance(error, FileNotFoundError) or not _exists(argv[0], cwd)
    return NOT_FOUND if missing else CANNOT_RUN


def _exists(name: str, cwd: str) -> bool:
    if "/" in name:
        return not _is_missing(os.path.join(cwd, name))
    return any(os.path.isfile(os.path.join(place, name)) for place in os.get_exec_path())


def _is_missing(path: str) -> bool:
    """Tell whether nothing is there; who may not look does not say so."""
    try:
        os.lstat(path)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ENAMETOOLONG)
    return False


class GuardGone(OSError):
    """The guard of the command has ended before there was a command."""


class Start(NamedTuple):
    """What is started: its words, what is added to its environment, and where it runs."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    cwd: str


class Command:
    """A running command and its group; the group keeps its number until `reap`."""

    def __init__(
        self,
        start: Start,
        guard: Guard | None,
        terminal: PtyTerminal | None = None,
        partner: Speaks | None = None,
    ) -> None:
        """Start it; raises OSError where it cannot be.

        Where there is a guard, the new process makes itself known to it before it becomes the
        command. With a terminal it leads a session of its own, whose terminal that is; with a
        partner its stdin is a pipe.
        """
        self.terminal = terminal
        self._partner = partner
        self.arrivals = Arrivals()
        """Tells what of its output is to be read next."""
        self._pipes: OutputPipes | None = None
        try:
            self._process = self._begin(start, guard)
        except BaseException:
            self._let_go()
            raise
        self.pid = self._process.pid
        self.group = Group(self.pid, started_ticks(self.pid), is_session=terminal is not None)
        self.seen: Exit | None = None
        """How it ended, from `wait` on."""

    def _begin(self, start: Start, guard: Guard | None) -> "subprocess.Popen[bytes]":
        if self.terminal is not None:
            process = _begin_in(self.terminal, start, guard)
            self.arrivals.watch(self.terminal.descriptor)
            return process
        self._pipes = OutputPipes(self.arrivals)
        stdin = _stdin() if self._partner is None else subprocess.PIPE
        process = _popen(start, guard, _Streams(stdin, *self._pipes.its))
        self._pipes.given()
        return process

    def sources(self, tees: Tees) -> list[Source]:
        """Return what it writes to, and where a copy of each goes."""
        if self.terminal is not None:
            return [self.terminal.source(tees[0])]
        assert self._pipes is not None  # without a terminal there are pipes
        if self._partner is not None:
            return self._spoken(self._partner, self._pipes, tees[1])
        return [
            Source(our_fd, Splitter(stream), tee, stream)
            for our_fd, stream, tee in zip(self._pipes.ours, STREAMS, tees, strict=True)
        ]

    def _spoken(self, partner: Speaks, pipes: OutputPipes, tee: int | None) -> list[Source]:
        stdin = self._process.stdin
        assert stdin is not None  # it is spoken to
        heard = Source(pipes.ours[0], partner.begin(stdin.fileno()), None, "stdout")
        stdin.close()
        return [heard, Source(pipes.ours[1], Splitter("stderr"), tee, "stderr")]

    def wait(self) -> None:
        """Wait for its exit, and leave it a zombie so that its number means nobody else."""
        with suppress(ChildProcessError):
            # WNOWAIT: its exit is seen and not taken, so its number stays its own.
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            if found is not None:
                is_exit = found.si_code == os.CLD_EXITED
                self.seen = exit_of(found.si_status if is_exit else -found.si_status)

    def wait_for_group(self) -> None:
        """Wait until nobody of its group runs any more; zombies do not."""
        wait_gone(self.group)

    def signal_group(self, number: int) -> None:
        """Send a signal to all of its group; a stopped process is woken to receive it.

        A shell at a terminal ignores SIGTERM, and ends when that is hung up: it is told so.
        """
        self.group.send(number)
        is_deaf = number == signal.SIGTERM and self.group.is_session and ignores(self.pid, number)
        if is_deaf:
            self.group.send(signal.SIGHUP)
        # After SIGSTOP it would undo what was asked for.
        if number != signal.SIGSTOP:
            self.group.send(signal.SIGCONT)

    def reap(self, *, is_read: bool) -> Exit:
        """Free what is left of it; returns how it ended.

        Where somebody is still at reading what it wrote, that is left to him.
        """
        if self.terminal is not None:
            self.terminal.close_pty()
        returncode = self._process.wait()
        if is_read:
            self._let_go()
        return exit_of(returncode)

    def _let_go(self) -> None:
        self.arrivals.close()
        if self._pipes is not None:
            self._pipes.close()


class _Streams(NamedTuple):
    """What it gets as its standard streams."""

    stdin: int | None
    stdout: int
    stderr: int


def _begin_in(
    terminal: PtyTerminal, start: Start, guard: Guard | None
) -> "subprocess.Popen[bytes]":
    pty = terminal.renew()
    try:
        return _popen(start, guard, _Streams(pty.its_fd, pty.its_fd, pty.its_fd), pty)
    except BaseException:
        terminal.stop_lending()
        terminal.close_pty()
        raise


def _popen(
    start: Start, guard: Guard | None, streams: _Streams, pty: Pty | None = None
) -> "subprocess.Popen[bytes]":
    """Start the first steps, and wait until they have become the command; raises OSError."""
    said, report = os.pipe()
    guard_fd = None if guard is None else guard.descriptor
    before = first_steps.words_before(report, guard_fd)
    try:
        process = subprocess.Popen(
            [*_FIRST_STEPS, *before, *start.argv],
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            bufsize=0,
            cwd=start.cwd,
            env=_environment(start, pty),
            process_group=0 if pty is None else None,
            start_new_session=pty is not None,
            pass_fds=(report,) if guard_fd is None else (report, guard_fd),
        )
    except BaseException:
        os.close(said)
        raise
    finally:
        os.close(report)
    with open(said, "rb") as file:
        # It ends when the process has become the command, or is gone.
        failure = file.read()
    if failure:
        _forget(process)
        raise _error_of(failure)
    return process


def _forget(process: "subprocess.Popen[bytes]") -> None:
    """Take the exit of one that has not become the command."""
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _stdin() -> int | None:
    # In a group of its own it would be stopped if it read from the terminal.
    return subprocess.DEVNULL if has_keys() else None


def has_keys() -> bool:
    """Tell whether this program's stdin is a terminal, where somebody may type."""
    return sys.stdin is None or sys.stdin.isatty()


def _environment(start: Start, pty: Pty | None) -> dict[str, str]:
    # The proof of ownership is the controller's; the command is the worker, and has its seat. A
    # terminal's size is asked of it, as it changes: a variable would say what it once was.
    left_out = (FENCE_VARIABLE,) if pty is None else (FENCE_VARIABLE, "LINES", "COLUMNS")
    inherited = {k: v for k, v in os.environ.items() if k not in left_out}
    first = {} if pty is None else {"TERM": _TERM}
    given = {**first, **inherited, **start.environment}
    return {k: v for k, v in given.items() if k != FENCE_VARIABLE}


def _error_of(failure: bytes) -> OSError:
    if failure == first_steps.GUARD_GONE:
        return GuardGone(errno.EPIPE, "its guard has ended")
    number = int(failure)
    return OSError(number, os.strerror(number))
