"""How far readers have read: (reader, subject) to the version that was read; never back.

A reader that walks through a list of what it has not read marks on its way what it sees. Each mark
moves an item to another part of the same list, so the pages after it would skip some and repeat
others. A snapshot of the list for each walk would have to be kept for as long as it may last, and
nobody tells when a walk is given up.

So each rise of a cursor has a number, from one counter over all, and keeps the version before it. A
walk remembers, in its own cursor, the number at which it began, and asks of each item what had been
read by then (`version_at`). The list stands still for it, and nothing is kept for a walk.

One version before is enough. What a reader marks is the version that the subject has; marking the
same again is no rise. So of a subject that does not change during a walk there is one rise at most
since it began, and the version before that is the one that the walk wants. A subject that changes
meanwhile may have more, and come in another place: of such no list promises anything.
"""

from penholder_daemon.core import counters
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx, Tx

RISES = "read_rises"
"""The counter that numbers them."""


def advance(tx: Tx, reader: str, subject: str, version: int) -> int:
    """Note that a reader has read up to a version; returns what is stored then."""
    known = version_read(tx, reader, subject)
    # No rise: it would take the place of the one that a walk may still have to see.
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
    # Written into the text, where parts are put together that have no order of values; so only an
    # integer may get in.
    is_later = f"{table}.rise > {int(instant)}"
    return f"CASE WHEN {is_later} THEN {table}.version_before ELSE {table}.version END"


def version_read(rx: Rx, reader: str, subject: str) -> int | None:
    """Return the version that a reader has read, None if it has read nothing."""
    row = rx.store.row(
        "SELECT version FROM read_cursors WHERE reader = ? AND subject = ?", reader, subject
    )
    return None if row is None else integer(row[0])
