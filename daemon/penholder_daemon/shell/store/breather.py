"""A moment in which no reader is on an old view, so that a checkpoint can move all of the log.

A checkpoint never waits for readers. Each of them is short, but with enough of them there is always
one on a view that began before the last commit: then the log could neither be moved as a whole nor
begin anew, and would grow for as long as the load lasts. So when it is large the readers hold back
before they begin the next view, for a moment, until the writer has found them all away.

Nobody is asked whether all have come to rest. The writer says after each batch whether the log is
still large; the readers wait for that word, or for a moment to pass, whichever is first. So a
writer that hangs costs a quick reader 50 ms and not more. A costly query is what holds the log for
longest, so it waits longest before it begins. While one is underway the moment is spoiled already,
and the quick ones do not wait for nothing.
"""

import threading

_MOMENT_SECONDS = 0.05
_COSTLY_MOMENT_SECONDS = 2.0


class Breather:
    """Shared by the writer and the readers."""

    def __init__(self) -> None:
        """Nobody needs to hold back."""
        self._is_over = threading.Event()
        self._is_over.set()
        # Changed by the one reader of costly queries alone, so it needs no lock.
        self._costly = 0

    def ask(self, is_wanted: bool) -> None:
        """Have readers hold back from now on, or not any more; the writer's thread says so."""
        if is_wanted:
            self._is_over.clear()
        # Said after every batch: a look costs less than the lock.
        elif not self._is_over.is_set():
            self._is_over.set()

    def before_quick(self) -> None:
        """Hold back, unless a costly query is underway, which would spoil the moment anyway."""
        if self.is_wanted:
            self._is_over.wait(_MOMENT_SECONDS)

    @property
    def is_wanted(self) -> bool:
        """Whether a quick reader would hold back now."""
        return not self._costly and not self._is_over.is_set()

    def before_costly(self) -> None:
        """Hold back for longer: nothing that takes this long must keep the log from being moved."""
        self._is_over.wait(_COSTLY_MOMENT_SECONDS)
        self._costly += 1

    def after_costly(self) -> None:
        """It is not underway any more."""
        self._costly -= 1
