"""A bench on a database of PostgreSQL, whose daemon can be killed: its session goes with it."""

from itertools import count
from pathlib import Path
from typing import cast

from penholder_daemon.shell.store.database import WriterStore
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import Bench
from tests.helpers.postgresql import POOL
from tests.models.file_bench import FileBench

_numbers = count(1)


class PostgresBench(FileBench):
    """The core and the rooms on a server; clocks, ids and processes go on when the daemon dies."""

    def __init__(self) -> None:
        """Begin with an empty database."""
        self._mark = POOL.mark()
        # By its name it is found again after a kill.
        self._path = Path(f"bench-{next(_numbers)}")
        Bench.__init__(self, self._path)

    def open(self, path: Path) -> None:
        """Put a core onto the database."""
        # Only what both have is asked of it.
        self.database = cast(WriterStore, POOL.take(str(path)))
        self.store = FaultyStore(self.database)
        self.begin()

    def close(self) -> None:
        """Let go of the database."""
        POOL.give_back(self._mark)
