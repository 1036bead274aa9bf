"""The queue of everything that happens to a session."""

import signal
from enum import Enum, auto
from queue import Empty, SimpleQueue
from types import FrameType

import msgspec

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class What(Enum):
    """Kinds of happenings."""

    SIGNALED = auto()
    STOPPED = auto()
    BROKEN = auto()
    EXITED = auto()
    READ = auto()
    SENT = auto()


class Happening(msgspec.Struct, frozen=True):
    """Something that the loop is told."""

    what: What
    within_s: float | None = None
    error: Exception | None = None


class Inbox:
    """The queue of happenings; signal handlers and threads may put at any time."""

    def __init__(self) -> None:
        """Start empty."""
        self._queue: SimpleQueue[Happening] = SimpleQueue()

    def tell(self, what: What, *, error: Exception | None = None) -> None:
        """Put something that needs no more than its kind and an error."""
        self._queue.put(Happening(what, error=error))

    def stop(self, within_s: float | None) -> None:
        """Put the wish that the command ends."""
        self._queue.put(Happening(What.STOPPED, within_s=within_s))

    def broken(self, error: Exception) -> None:
        """Put that the seat was lost."""
        self.tell(What.BROKEN, error=error)

    def take(self, timeout_s: float | None) -> Happening | None:
        """Return the next happening, or None at the timeout."""
        try:
            return self._queue.get(timeout=timeout_s)
        except Empty:
            return None

    def catch_signals(self) -> None:
        """Let signals come as happenings."""

        def told(_number: int, _frame: FrameType | None) -> None:
            self.tell(What.SIGNALED)

        for number in SIGNALS:
            # nohup means that the command is to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, told)
