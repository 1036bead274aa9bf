"""When it is over: no more input, nobody who reads, the parent gone, a signal.

The end of input is what a client says goodbye with. But the pipe may have been inherited by others,
who keep it open after the client was killed, and then a server would wait for ever. So the parent
is watched by its pidfd, which the kernel makes readable when the process is gone. A parent-death
signal is not used: it comes when the thread ends that started this program, which many clients'
runtimes end while they live on. Where there is no pidfd to have, the parent's number is looked at
several times a second.
"""

import os
import select
import signal
import time
from contextlib import suppress
from enum import Enum, auto
from types import FrameType

_LOOK_MS = 250
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class News(Enum):
    """What there is to see."""

    INPUT = auto()
    HUNG_UP = auto()
    """The input has an end, which was not read yet."""
    LATE = auto()
    ORPHANED = auto()
    SIGNALED = auto()
    CHANGED = auto()
    """Somebody has called `wake`."""


class Lifeline:
    """What the loop waits on."""

    def __init__(self, source: int) -> None:
        """Take the descriptor that input comes from; to be made in the main thread, and early."""
        self._source = source
        self._parent = os.getppid()
        self._parent_fd = _opened(self._parent)
        self._woken, self._wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.signal: int | None = None
        for number in _SIGNALS:
            # What was ignored for us, as by nohup, stays so; an end that is asked for is heard.
            if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._signaled)

    def wait(self, *, reads: bool, deadline: float | None = None) -> News:
        """Wait for the next thing, until a deadline at most (by the monotonic clock).

        Input is left alone unless it `reads`. Without a deadline its end is seen nevertheless.
        """
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        if reads:
            poll.register(self._source, select.POLLIN)
        elif deadline is None:
            poll.register(self._source, select.POLLRDHUP)  # of pipes a hang-up is told unasked
        if self._parent_fd is not None:
            poll.register(self._parent_fd, select.POLLIN)
        while True:
            # A signal comes between two steps of Python, and its handler writes to the pipe.
            seen = {each for each, _ in poll.poll(self._look_ms(deadline))}
            if self.signal is not None:
                return News.SIGNALED
            if self._parent_fd in seen or os.getppid() != self._parent:
                return News.ORPHANED
            if self._woken in seen:
                os.read(self._woken, 4096)
                return News.CHANGED
            if seen:
                return News.INPUT if reads else News.HUNG_UP
            if deadline is not None and time.monotonic() >= deadline:
                return News.LATE

    def _look_ms(self, deadline: float | None) -> float | None:
        look_ms = _LOOK_MS if self._parent_fd is None else None
        if deadline is None:
            return look_ms
        left_ms = max(0.0, deadline - time.monotonic()) * 1000
        return left_ms if look_ms is None else min(look_ms, left_ms)

    def wake(self) -> None:
        """Have the loop look again; from any thread."""
        with suppress(BlockingIOError):  # a full pipe wakes, too
            os.write(self._wakes, b"\0")

    def _signaled(self, number: int, _frame: FrameType | None) -> None:
        self.signal = number
        self.wake()


def _opened(pid: int) -> int | None:
    try:
        found = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None
    if os.getppid() == pid:
        return found
    # It died in between, and the number may be another's: the loop sees that at once.
    os.close(found)
    return None
