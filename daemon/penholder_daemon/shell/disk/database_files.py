"""Which files a database and its log are, as the kernel knows them, without opening them.

A writer goes on with the files that it has open, also when their names are gone or mean others; the
next start would not find what it wrote.
"""

import os
from pathlib import Path


class DatabaseFiles:
    """The files that were there when the database was opened for writing."""

    def __init__(self, database: Path) -> None:
        """Note which they are; the log must be there already."""
        self._paths = (database, Path(f"{database}-wal"))
        self._noted = [_file_at(path) for path in self._paths]

    @property
    def are_in_place(self) -> bool:
        """Whether they are still where the next start looks for them."""
        found = [_file_at(path) for path in self._paths]
        # None on both sides is no match: a file that was never there is not in its place.
        return None not in found and found == self._noted


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
