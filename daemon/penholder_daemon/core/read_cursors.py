"""How far readers have read: (reader, subject) to the version that was read; never back."""

from penholder_daemon.core.transaction import Rx, Tx


def advance(tx: Tx, reader: str, subject: str, version: int) -> int:
    """Note that a reader has read up to a version; returns what is stored then."""
    row = tx.store.row(
        "INSERT INTO read_cursors (reader, subject, version, read_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (reader, subject) DO UPDATE SET"
        " version = CASE WHEN excluded.version > version THEN excluded.version ELSE version END,"
        " read_at = excluded.read_at RETURNING version",
        reader,
        subject,
        version,
        tx.now,
    )
    assert row is not None  # RETURNING of an insert gives its row
    return int(str(row[0]))


def version_read(rx: Rx, reader: str, subject: str) -> int | None:
    """Return the version that a reader has read, None if it has read nothing."""
    row = rx.store.row(
        "SELECT version FROM read_cursors WHERE reader = ? AND subject = ?", reader, subject
    )
    return None if row is None else int(str(row[0]))
