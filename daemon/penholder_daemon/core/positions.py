"""Positions: the one order of all entries, and the ids that hold them.

A position is never given twice, also when retention has taken the newest entries. What was given
last is the largest that is there, or what was noted when larger ones were taken (`note`); so an
append need not note it.

An entry's id holds its position, behind the time at which it was made: so ids need no index of
their own, which would cost as much as the entry. An id that does not (from before this was so, or
of another program) is kept beside the journal, in `entry_ids`.
"""

import re

from penholder_daemon.core.store import Store, integer

LAST = (
    "SELECT COALESCE((SELECT MAX(pos) FROM journal), 0),"
    " COALESCE((SELECT pos FROM journal_position), 0)"
)
"""The largest there is, and what was noted."""
_ENTRY_ID = re.compile(r"[a-z]+_[0-9a-f]{11}([0-9a-f]{10,15})")


def last(store: Store) -> int:
    """Return the position of the newest entry ever written, 0 before the first."""
    found = store.row(LAST)
    assert found is not None  # it selects from no table
    return max(integer(found[0]), integer(found[1]))


def note(store: Store, pos: int) -> None:
    """Keep that positions were given up to here, before the entries that show it are gone."""
    store.run(
        "INSERT INTO journal_position (number, pos) VALUES (1, ?)"
        " ON CONFLICT (number) DO UPDATE SET pos = excluded.pos",
        pos,
    )


def entry_id(prefix: str, made_ms: int, pos: int) -> str:
    """Make the id of an entry; ids sort by the time of their making, and then by position."""
    # In half the time of an f-string, which formats each number by a call of its own.
    return "%s%011x%010x" % (prefix, made_ms, pos)  # noqa: UP031


def of_entry_id(made_id: str) -> int | None:
    """Return the position that an id holds, if it holds one; it may be another's by chance."""
    found = _ENTRY_ID.fullmatch(made_id)
    return None if found is None else int(found[1], 16)
