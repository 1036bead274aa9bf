"""How long a thread has waited for a processor.

On a busy machine everything takes longer by the clock, also what has nothing to do. Who wants to
know how long the disk took must take that off. The kernel counts it for each thread
(Documentation/scheduler/sched-stats.rst); where it does not, nothing is taken off.
"""

import math
import os

NOTE_EVERY_S = 0.02


class RunDelay:
    """What the thread that makes it has waited; to be asked by that thread alone."""

    def __init__(self) -> None:
        """Look where the kernel tells it."""
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._file = -1
        self._noted_at = -math.inf
        self._noted = 0.0

    def note(self, now: float) -> None:
        """Begin to count, at a time by any clock, unless that is less than `NOTE_EVERY_S` ago.

        To ask the kernel costs as much as to check a call; so what is counted may have begun so
        much earlier.
        """
        if now - self._noted_at >= NOTE_EVERY_S:
            self._noted_at = now
            self._noted = self.seconds()

    def since_noted(self) -> float:
        """Return how many seconds it has waited since then."""
        return self.seconds() - self._noted

    def seconds(self) -> float:
        """Return how long it has waited since it began."""
        if self._file < 0:
            return 0.0
        _ran, waited_ns, *_ = os.pread(self._file, 64, 0).split()
        return int(waited_ns) / 1e9

    def close(self) -> None:
        """Ask no more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
