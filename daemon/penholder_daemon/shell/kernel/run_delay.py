"""How long a thread has waited for a processor.

On a busy machine everything takes longer by the clock, also what has nothing to do. Who wants to
know how long the disk took must take that off. The kernel counts it for each thread
(Documentation/scheduler/sched-stats.rst); where it does not, nothing is taken off.
"""

import os


class RunDelay:
    """What the thread that makes it has waited; to be asked by that thread alone."""

    def __init__(self) -> None:
        """Look where the kernel tells it."""
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._file = -1

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
