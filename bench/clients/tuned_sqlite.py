"""SQLite in each process, as well as one knows how: one connection, WAL, prepared statements.

The check of the owner, the number and the event are one transaction, begun as a writer's.
"""

from pathlib import Path

import apsw

from bench.clients.turns import Turn

_BUSY_MS = 60_000
_OWNED = "SELECT 1 FROM owner WHERE epoch = ? AND token = ? AND active = 1"
_NEXT = "UPDATE worker SET last = last + 1 WHERE id = ? RETURNING last"
_EVENT = (
    "INSERT INTO event (worker, number, at, type, data)"
    " VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ'), 'output', '{\"text\":\"x\"}')"
)


def connect(path: Path) -> apsw.Connection:
    """Open it; apsw keeps what it has prepared."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_MS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def make_turn(path: Path, worker: str, many: int) -> Turn:
    """Append so many events to one worker's in each transaction."""
    connection = connect(path)

    def step() -> None:
        connection.execute("BEGIN IMMEDIATE")
        assert connection.execute(_OWNED, (1, "token")).fetchone()
        for _ in range(many):
            [[last]] = connection.execute(_NEXT, (worker,)).fetchall()
            connection.execute(_EVENT, (worker, last))
        connection.execute("COMMIT")

    return step
