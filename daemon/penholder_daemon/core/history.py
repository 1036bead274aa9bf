"""Histories: what a server holds may end earlier than what was acknowledged, and go on from there.

A standby that takes over may lack the last commits; a server may be put back to an earlier moment,
or a dump be read into another one. The database itself does not show it. Left to go on, it would
give out positions and epochs a second time: a reader with a cursor from before would pass entries
over, and two holders would have the same epoch.

So a store keeps under which identity it was last written (`note`): that of the server, of its
timeline, of the database and of the schema. A backup or standby of it has another one as soon as it
can be written, and what it keeps is still the old one. Where the two differ, the first that is
written is where another history begins (`rooms.daemon.records.histories`): numbers go on far above
all that may have been given out (`handed_out`), and it is noted where the old history ended and the
new one begins (`Break`).

That is why a cursor can be the plain number that it is. Positions of a break are given in no
history that goes on here: one that lies in a break is of the history that has ended, and any other
is of what both have in common or of what came after. Which history a cursor is of need not stand in
it.

A server that was put back beneath itself, as by a snapshot of its disk, has the identity that it
had. Then only who knows a position that was committed, and is no more, can tell (`is_owed`).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from penholder_daemon.core import positions
from penholder_daemon.core.store import Store, integer

_LIES_IN = "b.ended_pos < ?1 AND b.resumed_after >= ?1"
_BROKEN_AT = f"SELECT MIN(b.ended_pos) FROM history_breaks b WHERE {_LIES_IN}"
_LOOK = f"SELECT p.*, ({_BROKEN_AT}) FROM ({positions.LAST}) p"


class Break(NamedTuple):
    """Where a history ended, and behind which position the next one begins."""

    ended_pos: int
    """Up to here both are the same."""
    resumed_after: int


def is_within(breaks: Iterable[Break], pos: int) -> bool:
    """Tell whether a position lies in a break, so that it is of a history that has ended."""
    return any(each.ended_pos < pos <= each.resumed_after for each in breaks)


class Look(NamedTuple):
    """What is found of a cursor, in one look."""

    pos: int
    """Where the journal stands."""
    ended_pos: int | None
    """Where the history ended that the cursor is of; None for a cursor of this one."""


def look(store: Store, after: int) -> Look:
    """Look where the journal stands, and whether a cursor lies in a break."""
    found = store.row(_LOOK, after)
    assert found is not None  # it selects from no table
    largest, noted, ended_pos = found
    pos = max(integer(largest), integer(noted))
    return Look(pos, None if ended_pos is None else integer(ended_pos))


def breaks(store: Store) -> Iterator[Break]:
    """Yield all breaks, the oldest first."""
    sql = "SELECT ended_pos, resumed_after FROM history_breaks ORDER BY ended_pos"
    for ended_pos, resumed_after in store.rows(sql):
        yield Break(integer(ended_pos), integer(resumed_after))


def unfenced(store: Store, pos: int) -> Break | None:
    """Return the break that a position lies in, unless everybody was fenced since."""
    sql = f"SELECT ended_pos, resumed_after FROM history_breaks b WHERE {_LIES_IN} AND fenced = 0"
    row = store.row(sql, pos)
    return None if row is None else Break(integer(row[0]), integer(row[1]))


def note_break(store: Store, found: Break) -> None:
    """Note where a history has ended."""
    store.run("INSERT INTO history_breaks VALUES (?, ?, 0)", *found)


def note_fenced(store: Store) -> None:
    """Note that everybody was fenced, whichever break he has come over."""
    store.run("UPDATE history_breaks SET fenced = 1 WHERE fenced = 0")


def identity(store: Store) -> str | None:
    """Return under which identity the store was last written, if that is known."""
    row = store.row("SELECT identity FROM history")
    return None if row is None else str(row[0])


def note(store: Store, written_under: str) -> None:
    """Keep it; nothing is written while it stays the same."""
    if identity(store) != written_under:
        store.run(
            "INSERT INTO history (number, identity) VALUES (1, ?)"
            " ON CONFLICT (number) DO UPDATE SET identity = excluded.identity",
            written_under,
        )


def forget(store: Store) -> None:
    """Keep none: whatever the store is opened under next is its own."""
    store.run("DELETE FROM history")


def is_another(store: Store, present: str | None) -> bool:
    """Tell whether it was last written under another identity than the present one."""
    known = identity(store)
    return None not in (present, known) and present != known


def is_owed(store: Store, present: str | None, known_pos: int | None) -> bool:
    """Tell whether something is to be written before anything else is.

    `known_pos` is up to where commits are known, of which the store may hold less.
    """
    if present is not None and identity(store) != present:
        return True
    if known_pos is None:
        return False
    return known_pos > positions.last(store) or unfenced(store, known_pos) is not None
