"""Counters that only grow: one number over all records of a kind, raised by every change."""

from penholder_daemon.core.transaction import Rx, Tx


def raise_(tx: Tx, name: str) -> int:
    """Raise a counter by one and return it."""
    row = tx.store.row(
        "INSERT INTO counters (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
        name,
    )
    assert row is not None  # RETURNING of an insert gives its row
    return int(str(row[0]))


def current(rx: Rx, name: str) -> int:
    """Return a counter, 0 before it was first raised."""
    row = rx.store.row("SELECT value FROM counters WHERE name = ?", name)
    return 0 if row is None else int(str(row[0]))
