"""Places: where in the journal the entries of one stream are, noted late and many at once.

The journal is in the order of positions, so appends fill one page after another, whatever streams
they are of. An index by stream is not: the newest entries of each are at a place of their own, and
a batch of eight streams writes eight pages of it for one of the journal. That was half of all that
an append wrote. So it is a table of ours (`journal_places`) and not SQLite's index, and what is
added to the journal is noted there when a few hundred entries have come (`AT_ONCE`), sorted, in the
transaction of a batch. `journal_placed` says up to which position all entries are noted.

Behind that position lies the journal's end, which is short. So whoever looks for entries of a
stream looks there, and then through the end (`LATE`); whoever wants one entry asks for its position
(`of`). Whoever deletes has all noted before (`place`), so that nothing has two ways to go.
"""

from penholder_daemon.core import positions
from penholder_daemon.core.store import Known, Store, integer

TABLES = ("journal_places", "journal_placed")
AT_ONCE = 256
"""So many entries are noted together: what a look through the journal's end may cost."""
_UP_TO = "SELECT pos FROM journal_placed WHERE number = 1"
PLACED = Known(_UP_TO, lambda row: integer(row[0]))
LATE = f"pos > ({_UP_TO})"
"""Says of entries of the journal that they are not noted yet."""
ALL = (
    "(SELECT stream_id, seq, pos FROM journal_places UNION ALL"
    f" SELECT stream_id, seq, pos FROM journal WHERE {LATE})"
)
"""Stands for a table of all entries."""


def of(stream_id: str, seq: str) -> str:
    """Return SQL for the position of a stream's entry, null where it has none of that number."""
    return (
        f"COALESCE((SELECT pos FROM journal_places WHERE stream_id = {stream_id} AND seq = {seq}),"
        f" (SELECT pos FROM journal WHERE {LATE} AND stream_id = {stream_id} AND seq = {seq}))"
    )


def up_to(store: Store) -> int:
    """Return the position up to which all entries are noted."""
    return store.known(PLACED) or 0


def place(store: Store) -> None:
    """Note all entries."""
    store.run(
        "INSERT INTO journal_places (stream_id, seq, pos)"
        f" SELECT stream_id, seq, pos FROM journal WHERE {LATE} ORDER BY stream_id, seq"
    )
    # The last that was ever given, not the last that is there: it may be gone, or numbers may have
    # jumped, and then all would seem to be late for ever.
    store.run("UPDATE journal_placed SET pos = ? WHERE number = 1", positions.last(store))
