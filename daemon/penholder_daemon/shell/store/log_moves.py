"""Who has moved the log into the database: this daemon, or another program by SQLite's own means.

SQLite counts, in its index of the log, how many pages it has and how many of them are moved. A log
that was moved as a whole begins anew at the next commit, and both counts with it. So what is to be
expected follows from our own commits and checkpoints alone, and anything else is another's doing.
"""

PAGE_BYTES = 4096
_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24


def log_file_bytes(pages: int) -> int:
    """Return how large a log of so many pages is at least."""
    return _HEADER_BYTES + pages * (_FRAME_HEADER_BYTES + PAGE_BYTES) if pages else 0


class LogMoves:
    """Follows what the writer does with the log."""

    def __init__(self) -> None:
        """Nothing is in the log."""
        self._pages = self._moved = 0
        self._was_anothers = False

    def committed(self, pages: int) -> None:
        """A commit of ours has left so many pages."""
        if pages <= self._pages:
            # It has begun anew: somebody has moved all of it, and not we if there was more to move.
            self._was_anothers |= self._moved < self._pages
            self._moved = 0
        self._pages = pages

    def note(self, pages: int, moved: int) -> None:
        """Take this for what is known: so many pages, so many of them moved."""
        self._pages, self._moved = pages, moved
        self._was_anothers = False

    def is_anothers(self, pages: int, moved: int) -> bool:
        """Tell whether it can have come to these counts only by another's doing."""
        return self._was_anothers or moved != self._moved or pages < self._pages
