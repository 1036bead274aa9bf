"""How a command is brought to its end, without I/O: which signal its group gets, and when.

SIGTERM first, SIGKILL when `kill_after_s` was not enough. What a command leaves behind in its
process group when it exits by itself gets the same time to finish, and then the same end.

Wishes to end come from several sides, and more than once: a signal, the controller, a seat that was
lost. A second one does not begin the time anew, it can only shorten it. An exit after SIGTERM gives
no more time either. A process that SIGKILL does not end hangs in the kernel: after a while that is
hopeless, and nobody waits for it any more.

It is told the time and asks no clock, so that each way through it is a plain test.
"""

from enum import Enum, auto
from signal import Signals


class Phase(Enum):
    """How far it is."""

    RUNNING = auto()
    ASKED = auto()
    """It was asked in words of its own to end, and gets a while before the first signal."""
    LINGERING = auto()
    """The command has exited, others of its group have not."""
    TERMINATING = auto()
    KILLED = auto()


class Ending:
    """The end of one command; told what happened, it answers the signal to send, if any."""

    def __init__(self, kill_after_s: float) -> None:
        """Start with a command that runs."""
        self.phase = Phase.RUNNING
        self.deadline: float | None = None
        self._kill_after_s = kill_after_s

    def ask(self, now: float, grace_s: float) -> None:
        """Leave it a while to end what it is at, before `stop` is due."""
        if self.phase is Phase.RUNNING:
            self.phase = Phase.ASKED
            self.deadline = now + grace_s

    def stop(
        self, now: float, within_s: float | None = None, number: Signals = Signals.SIGTERM
    ) -> Signals | None:
        """End it now, by SIGTERM or another signal that was passed on.

        `within_s` may leave it less time than it would have.
        """
        patience_s = self._kill_after_s
        if within_s is not None:
            patience_s = min(patience_s, within_s)
        if self.phase is Phase.TERMINATING and self.deadline is not None:
            self.deadline = min(self.deadline, now + patience_s)
        if self.phase in (Phase.TERMINATING, Phase.KILLED):
            return None
        self.phase = Phase.TERMINATING
        self.deadline = now + patience_s
        return number

    def kill(self, now: float) -> Signals:
        """End it without any more patience."""
        self.phase = Phase.KILLED
        self.deadline = now + self._kill_after_s
        return Signals.SIGKILL

    def exited(self, now: float) -> None:
        """Note that the command itself has exited."""
        if self.phase in (Phase.RUNNING, Phase.ASKED):
            self.phase = Phase.LINGERING
            self.deadline = now + self._kill_after_s

    def postpone(self, by_s: float) -> None:
        """Not count a time in which everything stood still."""
        if self.deadline is not None:
            self.deadline += by_s

    def due(self, now: float) -> Signals | None:
        """Return the signal whose time has come."""
        if self.deadline is None or now < self.deadline:
            return None
        if self.phase in (Phase.ASKED, Phase.LINGERING):
            return self.stop(now)
        return self.kill(now) if self.phase is Phase.TERMINATING else None

    def is_hopeless(self, now: float) -> bool:
        """Tell whether SIGKILL did not help either: something is stuck in the kernel."""
        return self.phase is Phase.KILLED and self.deadline is not None and now >= self.deadline
