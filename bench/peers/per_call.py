"""The store that opens SQLite anew for every call."""

from functools import partial
from pathlib import Path

from bench import plain_store
from bench.clients.turns import MakeTurn
from bench.peers.peer import Case
from bench.peers.sqlite_file import SqliteFile


class PerCall(SqliteFile):
    """What such systems do without a daemon."""

    name = "SQLite, opened per call"
    journal_mode = "delete"

    def create(self, path: Path) -> None:
        """Make the tables."""
        plain_store.create(path)

    def add(self, path: Path, workers: list[str]) -> None:
        """Make workers."""
        plain_store.add(path, workers)

    def client(self, path: Path, worker: str, case: Case) -> MakeTurn:  # noqa: ARG002 - one kind
        """Return the client of a worker."""
        return partial(plain_store.make_turn, path, worker)

    def settings(self, path: Path) -> dict[str, str]:
        """Return SQLite's defaults."""
        return plain_store.settings(path)
