"""How far readers have read: (reader, subject) to the version that was read; never back.

Each rise has a number, so that a list which a reader walks through is as it was when the walk
began, though the same reader marks meanwhile what it sees.
"""

from penholder_daemon.core import counters
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx, Tx

RISES = "read_rises"
"""The counter that numbers them."""


def advance(tx: Tx, reader: str, subject: str, version: int) -> int:
    """Note that a reader has read up to a version; returns what is stored then."""
    known = version_read(tx, reader, subject)
    if known is not None and known >= version:
        tx.store.run(
            "UPDATE read_cursors SET read_at = ? WHERE reader = ? AND subject = ?",
            tx.now,
            reader,
            subject,
        )
        return known
    tx.store.run(
        "INSERT INTO read_cursors (reader, subject, version, read_at, rise, version_before)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (reader, subject) DO UPDATE SET"
        " version = ?3, read_at = ?4, rise = ?5, version_before = ?6",
        reader,
        subject,
        version,
        tx.now,
        counters.raise_(tx, RISES),
        known,
    )
    return version


def now(rx: Rx) -> int:
    """Return the instant at which a walk begins, in rises."""
    return counters.current(rx, RISES)


def version_at(table: str, instant: int) -> str:
    """Say in SQL which version had been read at an instant; null if none.

    Of a subject that does not change since, a reader can rise only once more: to its version.
    """
    is_later = f"{table}.rise > {int(instant)}"
    return f"CASE WHEN {is_later} THEN {table}.version_before ELSE {table}.version END"


def version_read(rx: Rx, reader: str, subject: str) -> int | None:
    """Return the version that a reader has read, None if it has read nothing."""
    row = rx.store.row(
        "SELECT version FROM read_cursors WHERE reader = ? AND subject = ?", reader, subject
    )
    return None if row is None else integer(row[0])
