"""Whether a query may be carried out in the loop.

A query of a few rows takes a tenth of a millisecond, and its way to a reader's thread and back
takes five: two switches of threads, in which each has to wait until the other lets go of the
interpreter. So a quick one is carried out in the loop, by a connection of the loop's own. What a
query costs shows only while it runs. So it begins with LOOP_QUERY_MS, which is what anybody else
may have to wait for it, and is begun anew by a thread where that is not enough.

What is begun twice is lost, so a method that had to be is left to the threads for its next calls.
And a disk that has to be waited for keeps the loop waiting, which no clock ends: one query that
took as long as a slow commit is enough to leave all of them to the threads for a while (`Pace`).
"""

from penholder_daemon.shell.store.pace import FAST_IN_A_ROW, Pace

LOOP_QUERY_MS = 2
"""How long a query may keep the loop from everybody else."""
TURN_SECONDS = 0.002
"""How long queries may do so together, before others have their turn."""


class LoopReading:
    """Decides it, query by query."""

    def __init__(self) -> None:
        """Believe in all of them."""
        self._pace = Pace()
        self._left_to_threads: dict[str, int] = {}
        """So many calls more of a method, by its name."""

    def may_take(self, method: str) -> bool:
        """Say whether the next query of a method may be tried in the loop."""
        if not self._pace.is_fast:
            return False
        left = self._left_to_threads.get(method)
        if left is None:
            return True
        if left > 1:
            self._left_to_threads[method] = left - 1
        else:
            del self._left_to_threads[method]
        return False

    def note(self, method: str, seconds: float, *, was_ended: bool) -> None:
        """One was tried in the loop, and took so long."""
        self._pace.note(seconds)
        if was_ended:
            self._left_to_threads[method] = FAST_IN_A_ROW

    def note_elsewhere(self) -> None:
        """One was carried out by a thread: after many of them the loop tries again."""
        self._pace.note(0.0)
