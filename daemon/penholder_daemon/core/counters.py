"""Counters that only grow: one number over all records of a kind, raised by every change."""

from collections.abc import Mapping

from penholder_daemon.core import positions
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx, Tx

EPOCH_FLOOR = "epoch_floor"
"""Below it may lie epochs of subjects that a restored database does not know."""
JOURNAL = "journal"


def raise_(tx: Tx, name: str) -> int:
    """Raise a counter by one and return it."""
    row = tx.store.row(
        "INSERT INTO counters (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
        name,
    )
    assert row is not None  # RETURNING of an insert gives its row
    return integer(row[0])


def put(tx: Tx, name: str, value: int) -> None:
    """Keep a number that is no counter but a place, where the daemon goes on with work of its own.

    Nothing is written while it stays the same.
    """
    if current(tx, name) != value:
        tx.store.run(
            "INSERT INTO counters (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )


def current(rx: Rx, name: str) -> int:
    """Return a counter, 0 before it was first raised."""
    row = rx.store.row("SELECT value FROM counters WHERE name = ?", name)
    return 0 if row is None else integer(row[0])


def all_values(rx: Rx) -> dict[str, int]:
    """Return every counter."""
    return _pairs(rx, "SELECT name, value FROM counters")


def all_sequences(rx: Rx) -> dict[str, int]:
    """Return the highest number that each table ever gave to its rows by itself.

    And the journal's, which counts by itself; in a database from before it was one of them.
    """
    known = rx.store.last_numbers()
    return known if JOURNAL in known else {**known, JOURNAL: positions.last(rx.store)}


def lift_values(tx: Tx, known: Mapping[str, int], *, step: int, floor: int) -> None:
    """Have every counter go on above itself and above what is known of it elsewhere."""
    for name, value in _lifted(all_values(tx), known, step, floor).items():
        tx.store.run(
            "INSERT INTO counters (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )


def lift_sequences(tx: Tx, known: Mapping[str, int], *, step: int, floor: int) -> None:
    """Have the numbers of every table go on likewise, those of an empty one too."""
    for table, last in _lifted(all_sequences(tx), known, step, floor).items():
        if table == JOURNAL:
            positions.note(tx.store, last)
        else:
            # The other database may be of another version, with tables that are not here.
            tx.store.set_number(table, last)


def _pairs(rx: Rx, sql: str) -> dict[str, int]:
    return {str(name): integer(number) for name, number in rx.store.rows(sql)}


def _lifted(
    here: Mapping[str, int], there: Mapping[str, int], step: int, floor: int
) -> dict[str, int]:
    """Take the higher of both and a step more, and the floor at least."""
    highest = {name: max(here.get(name, 0), there.get(name, 0)) for name in {**here, **there}}
    return {name: max(number + step, floor) for name, number in highest.items()}
