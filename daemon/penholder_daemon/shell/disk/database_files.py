"""Which files a database and its log are, and how they stand, without opening them.

A writer goes on with the files that it has open, also when their names are gone or mean others; the
next start would not find what it wrote. And it goes on with what it knows of their bytes, also when
somebody has written others over them; nobody would find among those what it adds.

In WAL mode the database itself changes only when its log is moved into it, and the log never
shrinks but then. So what both looked like after that is noted, and a look compares.

What cannot be seen: other bytes of the same number, where the file's time was put back; another
content of the log that is no shorter; and what happens while the log is being moved.
"""

import os
from enum import Enum, auto
from pathlib import Path


class Look(Enum):
    """What a look has found."""

    IN_PLACE = auto()
    AWAY = auto()
    """A name is gone, or is that of another file."""
    DATABASE_CHANGED = auto()
    LOG_SHRUNK = auto()


class DatabaseFiles:
    """The files that were there when the database was opened for writing."""

    def __init__(self, database: Path) -> None:
        """Note which they are and how they stand; the log must be there already."""
        self._paths = (database, Path(f"{database}-wal"))
        self._which = [_which(found) for found in self._found()]
        self._database: tuple[int, int] | None = None
        self._log_bytes = 0
        self.note()

    def note(self) -> None:
        """Note how they stand: whatever has changed them was our own doing."""
        database, log = self._found()
        self._database = _state(database)
        self._log_bytes = 0 if log is None else log.st_size

    def look(self) -> Look:
        """Say whether they are where the next start looks for them, and as they were left."""
        database, log = found = self._found()
        if database is None or log is None or not self._are_ours(found):
            return Look.AWAY
        if _state(database) != self._database:
            return Look.DATABASE_CHANGED
        if log.st_size < self._log_bytes:
            return Look.LOG_SHRUNK
        self._log_bytes = log.st_size
        return Look.IN_PLACE

    @property
    def are_away(self) -> bool:
        """Whether who opens them now would get others, or none; any thread may ask."""
        return not self._are_ours(self._found())

    @property
    def log_is_anothers(self) -> bool:
        """Whether the log lies beside another database now, and would be read as its log."""
        database, log = self._found()
        return (
            database is not None
            and _which(database) != self._which[0]
            and _which(log) == self._which[1]
        )

    def _are_ours(self, found: list[os.stat_result | None]) -> bool:
        # None on both sides is no match: a file that was never there is not in its place.
        return None not in found and [_which(each) for each in found] == self._which

    @property
    def log_bytes(self) -> int:
        """How large the log is now."""
        log = self._found()[1]
        return 0 if log is None else log.st_size

    def _found(self) -> list[os.stat_result | None]:
        return [_at(path) for path in self._paths]


def _at(path: Path) -> os.stat_result | None:
    try:
        # Of a link itself: where it leads to ours, SQLite would still look for the log elsewhere.
        return os.lstat(path)
    except OSError:
        return None


def _which(found: os.stat_result | None) -> tuple[int, int] | None:
    return None if found is None else (found.st_dev, found.st_ino)


def _state(found: os.stat_result | None) -> tuple[int, int] | None:
    return None if found is None else (found.st_size, found.st_mtime_ns)


def file_bytes(path: Path) -> int:
    """Return the size of a database file without opening it; 0 if it cannot be found there."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
