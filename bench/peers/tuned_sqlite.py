"""A hand-tuned SQLite in each process, without a daemon."""

from contextlib import closing
from functools import partial
from pathlib import Path

from bench.clients import tuned_sqlite
from bench.clients.turns import MakeTurn
from bench.peers.peer import Case
from bench.peers.sqlite_file import SqliteFile

_SCHEMA = """
CREATE TABLE owner (epoch INTEGER PRIMARY KEY, token TEXT NOT NULL, active INTEGER NOT NULL);
INSERT INTO owner VALUES (1, 'token', 1);
CREATE TABLE worker (id TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY, worker TEXT NOT NULL, number INTEGER NOT NULL,
  at TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL
);
CREATE UNIQUE INDEX event_number ON event (worker, number);
"""


class TunedSqlite(SqliteFile):
    """One connection a process, WAL, synchronous, BEGIN IMMEDIATE and a busy timeout."""

    name = "SQLite, tuned, in each process"
    journal_mode = "wal"

    def can(self, case: Case) -> bool:
        """Measure whatever is one transaction."""
        return case == Case(case.clients, many=case.many)

    def create(self, path: Path) -> None:
        """Make the tables."""
        with closing(tuned_sqlite.connect(path)) as connection:
            connection.execute(_SCHEMA)

    def add(self, path: Path, workers: list[str]) -> None:
        """Make workers."""
        with closing(tuned_sqlite.connect(path)) as connection, connection:
            connection.executemany("INSERT INTO worker VALUES (?, 0)", [(w,) for w in workers])

    def client(self, path: Path, worker: str, case: Case) -> MakeTurn:
        """Return the client of a worker."""
        return partial(tuned_sqlite.make_turn, path, worker, case.many)

    def settings(self, path: Path) -> dict[str, str]:
        """Return those of a client's connection."""
        words = ("synchronous", "journal_mode")
        with closing(tuned_sqlite.connect(path)) as connection:
            return {word: str(connection.pragma(word)) for word in words}
