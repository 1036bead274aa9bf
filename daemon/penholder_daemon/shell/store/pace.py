"""Whether commits are fast enough to be made in the loop.

A commit in the loop costs no switch of threads, for which two of them would take the interpreter
from each other at every call. But a sync that takes 20 ms keeps everybody waiting. So one slow
commit is enough to leave the loop, and it takes many fast ones in a row to come back: a disk that
is slow once is likely to be slow again, and a thread costs little beside it.
"""

SLOW_SECONDS = 0.012
"""A commit that takes longer is slow. A good disk syncs in a fifth of a millisecond; a machine with
other work takes some milliseconds now and then, which is no fault of the disk."""
FAST_IN_A_ROW = 100


class Pace:
    """Counts fast commits in a row."""

    def __init__(self) -> None:
        """Believe in the disk until it is seen to be slow."""
        self._fast = FAST_IN_A_ROW

    def note(self, seconds: float) -> None:
        """A commit took so long, with all that was carried out in it."""
        self._fast = 0 if seconds > SLOW_SECONDS else self._fast + 1

    @property
    def is_fast(self) -> bool:
        """Whether the next commit may be made in the loop."""
        return self._fast >= FAST_IN_A_ROW


class AlwaysFast(Pace):
    """Of a store for which the loop does not wait, however long it takes."""

    @property
    def is_fast(self) -> bool:
        """Always."""
        return True
