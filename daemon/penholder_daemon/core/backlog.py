"""Pages of several streams in global order: each costs by its own size, wherever it begins.

The obvious query selects what is of these streams after a position, sorts by position and takes so
many. An index has the entries of one stream in order, but of several together none does: so SQLite
reads and sorts all that comes after the position to answer the first page, again for the next, and
catching up costs the square of what there is. Walking the journal by position needs no sort, but
reads past everything of all other streams.

So there are three ways, chosen by how many streams there are (`_ways`):

- One is in order by itself: a range of its numbers (`_RANGED`), at half of what a merge costs.
- Some are merged. The next position of each waits in a queue, the smallest is taken and the one
  after it, of the same stream, put in (`_MERGED`). A page costs one look for each stream and one
  for each entry.
- Of more than MAX_MERGED_STREAMS even one look for each is too many, and the whole journal has no
  streams to merge. Then the journal itself is walked by position (`_WALKED`), and entries of other
  streams are passed over. So is its end, whose entries are not noted as those of their streams yet
  (`places`), behind either of the other two.

A database that takes the rows of a recursion in an order of its own (`Store.goes_in_order`) cannot
merge so. There the next entries of each stream are taken, as many as a look may pass over, and
sorted (`_SORTED`); so it is done for fewer streams.

What is passed over on the way (entries of other types, of other streams) is bounded by
MAX_SCAN_ENTRIES, since a look for what is rare would otherwise read everything, at every append for
each who waits. So a page may be empty though more is to come: its `pos` says how far it looked, and
the next one goes on from there. Where nothing is passed over, a page is never ended by that bound.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from penholder_daemon.core import history, journal, paging, places
from penholder_daemon.core.history import Look
from penholder_daemon.core.journal import ENTRY
from penholder_daemon.core.store import SqlValue, integer, one_of
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_protocol.errors import CursorGone
from penholder_protocol.limits import (
    MAX_INTEGER,
    MAX_MERGED_STREAMS,
    MAX_SCAN_ENTRIES,
    MAX_STREAMS,
)
from penholder_protocol.nouns import Entry

_FIRST = (
    # From the last landmark before the position on; there are at most 64 entries up to the next.
    "(SELECT k.seq FROM journal_places k WHERE k.stream_id = s.stream_id AND k.pos > ?1 AND k.seq >"
    " COALESCE((SELECT m.seq FROM journal m WHERE m.stream_id = s.stream_id AND m.seq % 64 = 0"
    " AND m.pos <= ?1 ORDER BY m.pos DESC LIMIT 1), s.pruned_seq) ORDER BY k.seq LIMIT 1)"
)
_MERGED = (
    "WITH RECURSIVE heads (pos, stream_id, seq) AS ("
    f"SELECT j.pos, s.stream_id, j.seq FROM streams s"
    f" CROSS JOIN journal_places j ON j.stream_id = s.stream_id AND j.seq = {_FIRST}"
    " WHERE {where}"
    " UNION ALL"
    # A stream has no hole, so the next entry is the next number; null behind the last.
    " SELECT (SELECT j.pos FROM journal_places j"
    " WHERE j.stream_id = h.stream_id AND j.seq = h.seq + 1),"
    # SQLite takes rows from the queue of a recursion in this order, and answers them in it.
    " h.stream_id, h.seq + 1 FROM heads h WHERE h.pos IS NOT NULL ORDER BY 1 NULLS LAST"
    ") SELECT pos AS at, stream_id AS of_stream FROM heads WHERE pos IS NOT NULL LIMIT ?"
)
_SORTED = (
    "SELECT f.pos AS at, s.stream_id AS of_stream FROM streams s CROSS JOIN LATERAL (SELECT j.pos"
    f" FROM journal_places j WHERE j.stream_id = s.stream_id AND j.seq >= {_FIRST}"
    f" ORDER BY j.seq LIMIT {MAX_SCAN_ENTRIES}) f ON TRUE WHERE {{where}} ORDER BY f.pos LIMIT ?"
)
_RANGED = (
    "SELECT j.pos AS at, s.stream_id AS of_stream FROM streams s CROSS JOIN journal_places j"
    f" ON j.stream_id = s.stream_id AND j.seq >= {_FIRST} WHERE {{where}} ORDER BY j.seq LIMIT ?"
)
_WALKED = "SELECT pos AS at, stream_id AS of_stream FROM journal WHERE pos > ? ORDER BY pos LIMIT ?"


class Stretch(NamedTuple):
    """Entries, the position up to which there are no others, and whether more may come behind."""

    items: list[Entry]
    pos: int
    more: bool


class _Way(NamedTuple):
    """How positions are found (with what they need), and which of them are members."""

    positions: str
    values: list[SqlValue]
    members: str
    member_values: list[SqlValue]


class _Look:
    """One look for entries after a position."""

    def __init__(self, rx: Rx, selection: Selection, after: int) -> None:
        """Choose the ways; each goes on where the one before has ended."""
        self._rx = rx
        self._types = None if selection.types is None else sorted(selection.types)
        self._ways = _ways(rx, selection, after)
        self.ended_at: int | None = None
        """How far it went, where it ended for its bound."""

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield entries with their positions, as far as the look may go."""
        for way in self._ways:
            for entry in _entries(self._rx, way, self._types):
                yield entry.pos, entry
            # Where nothing is passed over a page is full before, for MAX_LIST_LIMIT is smaller.
            if (self._types is not None or way.members) and self._was_bounded(way):
                return

    def _was_bounded(self, way: _Way) -> bool:
        # Asked once more without the entries: those that were passed over were not yielded.
        sql = f"SELECT MAX(at), COUNT(*) FROM ({way.positions}) p"
        end = self._rx.store.row(sql, *way.values)
        assert end is not None  # an aggregate has a row
        if end[1] == MAX_SCAN_ENTRIES:
            self.ended_at = integer(end[0])
        return self.ended_at is not None


def read(rx: Rx, selection: Selection, after: int, limit: int) -> Stretch:
    """Read the selected entries after a position, as many as one page and one look may have."""
    # Never behind the cursor: a page must not lead a reader back.
    current = max(after, journal.position(rx))
    look = _Look(rx, selection, after)
    items, cut_at = paging.cut(look.entries(), limit)
    ended_at = look.ended_at if cut_at is None else cut_at
    if ended_at is not None:
        return Stretch(items, ended_at, more=True)
    return Stretch(items, current, more=False)


def _ways(rx: Rx, selection: Selection, after: int) -> list[_Way]:
    where, values = selection.where_streams()
    members = "" if selection.everything else f" AND {where}"
    if not _are_few(rx, selection):
        return [_Way(_WALKED, [after, MAX_SCAN_ENTRIES], members, values)]
    placed = places.up_to(rx.store)
    end = _Way(_WALKED, [max(after, placed), MAX_SCAN_ENTRIES], members, values)
    if after >= placed:
        return [end]
    several = _MERGED if rx.store.goes_in_order else _SORTED
    sql = _RANGED if selection.is_one_stream else several
    return [_Way(sql.format(where=where), [after, *values, MAX_SCAN_ENTRIES], "", []), end]


def _are_few(rx: Rx, selection: Selection) -> bool:
    if selection.everything:
        return False
    # There are at most MAX_STREAMS names, which is not above MAX_MERGED_STREAMS.
    if not selection.parents and not selection.prefixes:
        return True
    where, values = selection.where_streams()
    most = MAX_MERGED_STREAMS if rx.store.goes_in_order else MAX_STREAMS
    # Counted no further than it matters, since there may be any number.
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM streams s WHERE {where} LIMIT ?) p"
    return rx.store.row(sql, *values, most + 1) != (most + 1,)


def _entries(rx: Rx, way: _Way, types: Sequence[str] | None) -> Iterator[Entry]:
    wanted = "" if types is None else f" AND j.type {one_of(types)}"
    # CROSS JOIN keeps SQLite to this order of the tables: the positions lead, in their order, and
    # nothing is sorted. Types are looked at last, so that what they pass over counts as looked at.
    sql = (
        f"SELECT {ENTRY.columns} FROM ({way.positions}) p"
        f" CROSS JOIN streams s ON s.stream_id = p.of_stream{way.members}"
        f" CROSS JOIN journal j ON j.pos = p.at{wanted}"
        f"{'' if rx.store.goes_in_order else ' ORDER BY p.at'}"
    )
    return map(ENTRY.read, rx.store.rows(sql, *way.values, *way.member_values, *(types or ())))


def refuse_gone(rx: Rx, selection: Selection, after: int) -> None:
    """Raise CursorGone for one of another history, or after which entries were pruned."""
    refuse_other_history(rx, after)
    for stream, pruned_pos in pruned_after(rx, selection, after, most=1):
        raise journal.gone(stream, oldest_pos=pruned_pos + 1)


def refuse_other_history(rx: Rx, after: int) -> None:
    """Raise CursorGone for a position that was never given in this history."""
    found = history.look(rx.store, after)
    if after > found.pos:
        raise CursorGone(
            f"the journal stands at {found.pos}, {after} is a cursor of another history; read again"
            " from the oldest entry, or from now on",
            pos=found.pos,
            oldest_pos=oldest(rx),
        )
    _refuse_ended(rx, found, after)


def refuse_ended_history(rx: Rx, after: int) -> None:
    """Raise CursorGone for a position that was given in a history which has ended."""
    _refuse_ended(rx, history.look(rx.store, after), after)


def _refuse_ended(rx: Rx, found: Look, after: int) -> None:
    if found.ended_pos is not None:
        raise CursorGone(
            f"the entries after {found.ended_pos} up to {after} are of another history, which ended"
            f" when the database was restored or failed over; go on after {found.ended_pos}, up to"
            " which both are the same, or read again from the oldest entry",
            pos=found.pos,
            oldest_pos=oldest(rx),
        )


def oldest(rx: Rx) -> int:
    """Return the position of the oldest entry there is; the next one's if there is none."""
    row = rx.store.row("SELECT pos FROM journal ORDER BY pos LIMIT 1")
    return journal.position(rx) + 1 if row is None else integer(row[0])


def pruned_after(
    rx: Rx, selection: Selection, after: int, most: int = MAX_INTEGER
) -> list[tuple[str, int]]:
    """Return streams that lost entries after a position, and their last lost one; newest first."""
    where, values = selection.where_streams()
    if _are_few(rx, selection):
        # They are looked up one by one, and sorted here. The plus hides the range from SQLite,
        # which might else go along `streams_pruned` through the streams of all others.
        found = rx.store.rows(
            "SELECT s.pruned_pos, s.name FROM streams s"
            f" WHERE s.pruned_pos > 0 AND +s.pruned_pos > ? AND {where}",
            after,
            *values,
        )
        rows = sorted(found, reverse=True)[:most]
    else:
        # Of many those that lost something so late are fewer.
        rows = list(
            rx.store.rows(
                "SELECT s.pruned_pos, s.name FROM streams s INDEXED BY streams_pruned"
                f" WHERE s.pruned_pos > 0 AND s.pruned_pos > ? AND {where}"
                " ORDER BY s.pruned_pos DESC LIMIT ?",
                after,
                *values,
                most,
            )
        )
    return [(str(name), integer(pos)) for pos, name in rows]
