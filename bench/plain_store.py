"""The baseline: a store that opens SQLite anew for every call, as such systems do today.

One fenced append checks the owner's token on one connection, looks the worker up on the next, and
on a third takes the next number, inserts, and reads the row back: check and write in separate
transactions. SQLite's defaults otherwise, foreign keys on.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.clients.turns import Turn

_BUSY_SECONDS = 60
"""Python's default of 5 s makes this store fail with `database is locked` under this load."""
_SCHEMA = """
CREATE TABLE owner (epoch INTEGER PRIMARY KEY, token TEXT NOT NULL, active INTEGER NOT NULL);
INSERT INTO owner VALUES (1, 'token', 1);
CREATE TABLE worker (id TEXT PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE event (
  id TEXT PRIMARY KEY, worker TEXT NOT NULL REFERENCES worker (id), number INTEGER NOT NULL,
  at TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL
);
CREATE UNIQUE INDEX event_number ON event (worker, number);
"""


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        yield connection
        connection.commit()
    finally:
        connection.close()


def create(path: Path) -> None:
    """Make the database."""
    with _connection(path) as connection:
        connection.executescript(_SCHEMA)


def add(path: Path, workers: list[str]) -> None:
    """Make workers."""
    with _connection(path) as connection:
        connection.executemany("INSERT INTO worker VALUES (?, 'idle')", [(w,) for w in workers])


def make_turn(path: Path, worker: str) -> Turn:
    """Append to one worker's events."""

    def step() -> None:
        with _connection(path) as connection:
            owner = "SELECT 1 FROM owner WHERE epoch = ? AND token = ? AND active = 1"
            assert connection.execute(owner, (1, "token")).fetchone()
        with _connection(path) as connection:
            found = connection.execute("SELECT * FROM worker WHERE id = ?", (worker,)).fetchone()
            assert dict(found)
        with _connection(path) as connection:
            assert _append(connection, worker)

    return step


def _append(connection: sqlite3.Connection, worker: str) -> dict[str, object]:
    connection.execute("BEGIN IMMEDIATE")
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(number), 0) FROM event WHERE worker = ?", (worker,)
    ).fetchone()
    made = uuid.uuid4().hex
    now = datetime.now(tz=UTC).isoformat()
    row = (made, worker, last + 1, now, "output", json.dumps({"text": "x"}))
    connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", row)
    return dict(connection.execute("SELECT * FROM event WHERE id = ?", (made,)).fetchone())


def settings(path: Path) -> dict[str, str]:
    """Return the pragmas that decide whether a commit is synced."""
    with _connection(path) as connection:
        words = ("synchronous", "journal_mode")
        return {word: str(connection.execute(f"PRAGMA {word}").fetchone()[0]) for word in words}
