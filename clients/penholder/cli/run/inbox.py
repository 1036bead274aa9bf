"""The queue of everything that happens to a session, and the signals that this program takes.

A signal that the parent ignored stays ignored, for this program and for its command: so a shell
keeps Ctrl-C from what it runs in the background, and nohup a hangup. SIGTERM is taken all the same:
a supervisor that cannot be asked to end is none.

Python runs handlers in the main thread, but the kernel may let any thread take a signal. A main
thread that waits on a lock would not hear of it. So the loop waits on a pipe, into which the
handler's C half writes wherever it runs (`signal.set_wakeup_fd`).
"""

import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto
from types import FrameType

import msgspec

from penholder.cli.run.ticket import Ticket

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What ends the command."""
SUSPENSIONS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
"""Ctrl-Z, and reading or writing a terminal from the background: what stops a program."""

_WAKES_AT_ONCE = 4096
Handler = Callable[[int, FrameType | None], object] | int | None
"""What a signal does, as `signal` has it."""


class What(Enum):
    """Kinds of happenings."""

    SIGNALED = auto()
    SUSPENDED = auto()
    STOPPED = auto()
    KILLED = auto()
    """Somebody wants it to end without any more patience."""
    PASSED_ON = auto()
    """Somebody has a signal for the command, which is all of it."""
    RESTART = auto()
    """Somebody wants it to end and begin anew."""
    GIVEN_UP = auto()
    """Who talks with the command cannot go on with it: it ends, and the policy says what then."""
    BROKEN = auto()
    EXITED = auto()
    READ = auto()
    UNREAD = auto()
    """Whoever read the copy of the command's output has closed its end."""
    GONE = auto()
    """All of the command's group have ended."""
    SENT = auto()


class Happening(msgspec.Struct, frozen=True):
    """Something that the loop is told."""

    what: What
    within_s: float | None = None
    number: int = signal.SIGTERM
    error: Exception | None = None
    ticket: Ticket | None = None
    """Of who waits for what comes of it."""


class Interrupted(BaseException):
    """A signal came before there was a command to end; like KeyboardInterrupt, nobody's error."""

    def __init__(self, number: signal.Signals) -> None:
        """Take the signal."""
        super().__init__(f"ended by {number.name} before its command was started")
        self.number = number


class Inbox:
    """The queue of happenings; signal handlers and threads may put at any time."""

    def __init__(self) -> None:
        """Start empty."""
        self._queue: deque[Happening] = deque()
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()  # select takes no descriptor from 1024 on
        self._poll.register(self._woken, select.POLLIN)
        self._interrupts = False
        self._is_suspending = False
        self._first: signal.Signals | None = None
        self._before: dict[signal.Signals, Handler] = {}

    def tell(self, what: What, *, error: Exception | None = None) -> None:
        """Put something that needs no more than its kind and an error."""
        self._put(Happening(what, error=error))

    def stop(self, within_s: float | None) -> None:
        """Put the wish that the command ends."""
        self._put(Happening(What.STOPPED, within_s=within_s))

    def wish(self, what: What, number: int = signal.SIGKILL) -> Ticket:
        """Put a wish whose outcome is waited for."""
        ticket = Ticket()
        self._put(Happening(what, number=number, ticket=ticket))
        return ticket

    def broken(self, error: Exception) -> None:
        """Put that the seat was lost."""
        self.tell(What.BROKEN, error=error)

    def _put(self, happening: Happening) -> None:
        self._queue.append(happening)
        with suppress(BlockingIOError):  # a full pipe wakes, too
            os.write(self._wakes, b"\0")

    def take(self, timeout_s: float | None) -> Happening | None:
        """Return the next happening, or None at the timeout."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._queue:
            left_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            if not self._poll.poll(left_ms):
                return None
            os.read(self._woken, _WAKES_AT_ONCE)
        return self._queue.popleft()

    def catch_signals(self) -> None:
        """Let signals come as happenings."""
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

        def put_signal(number: int, _frame: FrameType | None) -> None:
            self._signaled(signal.Signals(number))

        for number in SIGNALS:
            if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, put_signal)

    def close(self) -> None:
        """Give the signals back to whom they meant something before."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()
        os.close(self._woken)
        os.close(self._wakes)

    def catch_suspension(self) -> None:
        """Let Ctrl-Z come as a happening too: from now on there is a command to stop with us."""
        for number in SUSPENSIONS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._suspended)

    def _suspended(self, _number: int, _frame: FrameType | None) -> None:
        # A write to a terminal is tried, and refused, again and again until this process stops.
        if not self._is_suspending:
            self._is_suspending = True
            self.tell(What.SUSPENDED)

    def suspend(self) -> None:
        """Stop this process as if nobody had taken the signal; returns when it goes on."""
        # The default action is what stops a process.
        taken = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        try:
            signal.raise_signal(signal.SIGTSTP)
        finally:
            signal.signal(signal.SIGTSTP, taken)
            self._is_suspending = False

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Raise Interrupted inside the block where a signal comes, or one has come already."""
        self._interrupts = True
        try:
            if self._first is not None:
                raise Interrupted(self._first)
            yield
        finally:
            self._interrupts = False

    def _signaled(self, number: signal.Signals) -> None:
        # Kept, as it may come before anybody is inside the block that it has to end.
        self._first = self._first or number
        if self._interrupts:
            raise Interrupted(number)
        self._put(Happening(What.SIGNALED, number=number))
