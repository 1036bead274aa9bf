"""The journal: one append-only table of numbered streams.

A reader that was away wants to know what it has missed, and that it has missed nothing else. Times
cannot tell it: two entries may have the same, and clocks go back. Ids that come by chance tell no
order. A counter that is taken before the transaction leaves a hole when that is rolled back, and a
hole looks just like an entry that is not there yet. So each entry has two numbers, and both are
made inside the transaction that adds it:

- `pos` orders all streams. It is the key of the table, and never given again, also when retention
  has taken the newest entries (see `positions`). One number says how far a reader is in
  any set of streams. It may jump (after a restore), so nothing can be told from a gap in it.
- `seq` counts 1, 2, 3 … in each stream, and has no hole: a rolled-back append takes its number back
  with it. What a stream holds is all from `pruned_seq` + 1 to `last_seq`; `verify` looks whether
  that is so. So how far a piece of a stream reaches is arithmetic (`read_types`).

Retention takes a stream's beginning. A reader whose cursor lies before what is left is told so
(`CursorGone`), with where to go on: an answer that just begins later would hide the loss.

An entry is handed to the publisher as it was made, not as it would be read: it is committed with
its transaction, or vanishes from `Tx.published` with its savepoint.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from penholder_daemon.core import blobs as blobs_of_entries
from penholder_daemon.core import durations, places, positions
from penholder_daemon.core.store import Row, Shape, integer, one_of, to_json
from penholder_daemon.core.transaction import Published, Rx, Tx
from penholder_protocol.errors import CursorGone
from penholder_protocol.limits import MAX_INTEGER, MAX_SCAN_ENTRIES
from penholder_protocol.nouns import Entry
from penholder_protocol.nouns.words import NULL

ENTRY = Shape(Entry, stream="s.name")
_FROM = "FROM journal j JOIN streams s ON s.stream_id = j.stream_id"
_STREAM = "(SELECT stream_id FROM streams WHERE name = ?)"
_NOTED = (
    # CROSS JOIN keeps SQLite to this order of the tables: nothing is sorted, also where the order
    # of the numbers is asked for.
    "FROM (SELECT pos AS at, seq AS nth FROM journal_places"
    f" WHERE stream_id = {_STREAM} AND seq > ? AND seq <= ? ORDER BY seq) p"
    " CROSS JOIN journal j ON j.pos = p.at CROSS JOIN streams s ON s.stream_id = j.stream_id"
)
_LATE = f"{_FROM} AND j.{places.LATE} AND j.stream_id = {_STREAM} AND j.seq > ? AND j.seq <= ?"


def append(
    tx: Tx,
    stream: str,
    type_: str,
    data: msgspec.Raw,
    *,
    turn_id: str | None = None,
    raw: msgspec.Raw = NULL,
    id_prefix: str = "ev_",
    blobs: tuple[str, ...] = (),
) -> Entry:
    """Add an entry to a stream, made on its first one; raises BlobNotFound."""
    pos, head = tx.ledger.place(stream)
    seq, ts = head.last_seq + 1, tx.now
    entry_id = tx.world.entry_id(id_prefix, pos)
    tx.ledger.add(
        pos,
        head,
        (
            pos,
            head.stream_id,
            seq,
            entry_id,
            ts,
            durations.age_of(tx) if tx.age_ms is None else tx.age_ms,
            type_,
            turn_id,
            bytes(data).decode(),
            # What is absent is read as null, so null itself takes no room.
            None if raw is NULL or raw == NULL else bytes(raw).decode(),
            tx.request_id,
        ),
    )
    if blobs:
        blobs_of_entries.name(tx, head, pos, blobs)
    entry = Entry(
        entry_id=entry_id,
        pos=pos,
        stream=stream,
        seq=seq,
        ts=ts,
        type=type_,
        turn_id=turn_id,
        data=data,
        raw=raw,
        request_id=tx.request_id,
        blobs=blobs,
    )
    tx.published.append(Published(entry, head.parent))
    return entry


def note(tx: Tx, stream: str, type_: str, **data: object) -> Entry:
    """Add an entry that says what was done by whom: the peer's uid, pid and host are added.

    What was done without the fence while there was an owner says so too.
    """
    known = {**data, "uid": tx.caller.uid, "pid": tx.caller.pid}
    if tx.world.host_id:
        known["host_id"] = tx.world.host_id
    if tx.beside_owner:
        known["beside_owner"] = True
    return append(tx, stream, type_, msgspec.Raw(to_json(known)))


def open_stream(tx: Tx, stream: str, parent: str | None) -> bool:
    """Make an empty stream; False if it is or ever was there."""
    return bool(
        tx.store.run(
            "INSERT INTO streams (name, parent, last_seq) VALUES (?, ?, 0)"
            " ON CONFLICT (name) DO NOTHING",
            stream,
            parent,
        )
    )


# The parent stands before: what an entry is read from is as long as the row.
PUBLISHED_AFTER = f"SELECT s.parent, {ENTRY.columns} {_FROM} WHERE j.pos > ? ORDER BY j.pos LIMIT ?"
"""Finds so many committed entries behind a position, for `published`."""


def published(rows: Iterable[Row]) -> list[Published]:
    """Return entries as who appended them would tell them."""
    return [Published(ENTRY.read(row[1:]), None if row[0] is None else str(row[0])) for row in rows]


def position(rx: Rx) -> int:
    """Return the position of the newest entry ever written, 0 before the first."""
    return positions.last(rx.store)


def read_stream(rx: Rx, stream: str, after_seq: int) -> Iterator[Entry]:
    """Yield one stream's entries after a sequence number, oldest first.

    Without a limit: rows are read as they are asked for, and who cuts the page stops asking.
    """
    refuse_pruned_seq(rx, stream, after_seq)
    return _read(rx, stream, after_seq, MAX_INTEGER)


def _read(
    rx: Rx, stream: str, after_seq: int, up_to: int, types: Sequence[str] | None = None
) -> Iterator[Entry]:
    """Yield entries of a stream, oldest first; a page that is full before asks for no late ones."""
    wanted = "" if types is None else f" WHERE j.type {one_of(types)}"
    for source, order in ((_NOTED, " ORDER BY p.nth"), (_LATE, " ORDER BY j.pos")):
        sql = f"SELECT {ENTRY.columns} {source}{wanted}{order}"
        yield from map(ENTRY.read, rx.store.rows(sql, stream, after_seq, up_to, *(types or ())))


def read_types(
    rx: Rx, stream: str, after_seq: int, types: Collection[str]
) -> tuple[Iterator[Entry], int, bool]:
    """Look for entries of some types in the next piece of a stream.

    Returns them, the sequence number up to which they are all, and whether more may come behind.
    """
    refuse_pruned_seq(rx, stream, after_seq)
    _, last_seq = extent(rx, stream)
    up_to = min(after_seq + MAX_SCAN_ENTRIES, last_seq)
    found = _read(rx, stream, after_seq, up_to, sorted(types))
    # A cursor may lie behind the last entry; going on must never lead back before it.
    return found, max(after_seq, up_to), up_to < last_seq


def refuse_pruned_seq(rx: Rx, stream: str, after_seq: int) -> None:
    """Raise CursorGone if retention has taken entries of this stream after a sequence number."""
    pruned_seq, _ = extent(rx, stream)
    if after_seq < pruned_seq:
        raise gone(stream, oldest_seq=pruned_seq + 1)


def refuse_pruned_id(rx: Rx, stream: str, entry_id: str) -> None:
    """Raise CursorGone if an id that is not there is of an entry which retention has taken.

    As far as that is to be seen: it was made before the oldest that remains of the stream.
    """
    row = rx.store.row("SELECT pruned_seq, pruned_pos FROM streams WHERE name = ?", stream)
    if row is None or not row[0]:
        return
    pruned_seq, pruned_pos = integer(row[0]), integer(row[1])
    pos = rx.world.entry_pos(entry_id)
    if pos is not None and pos <= position(rx):
        is_pruned = pos <= pruned_pos
    else:  # from before ids held positions
        is_pruned = _is_older(rx, stream, entry_id)
    # An id that is of another stream was never of this one, however old it is.
    if is_pruned and _find(rx, entry_id) is None:
        raise gone(stream, oldest_seq=pruned_seq + 1)


def _is_older(rx: Rx, stream: str, entry_id: str) -> bool:
    """Tell, by the wall clock, whether an id was made before all that remains of a stream."""
    made_ms = rx.world.made_ms(entry_id)
    if made_ms is None:
        return False
    at = places.of("s.stream_id", "s.pruned_seq + 1")
    oldest = rx.store.row(
        f"SELECT j.ts FROM streams s CROSS JOIN journal j ON j.pos = {at} WHERE s.name = ?", stream
    )
    # Entries of one millisecond cannot be told apart by their ids, so as old is taken for older.
    return oldest is None or rx.world.time_from_ms(made_ms) <= str(oldest[0])


def extent(rx: Rx, stream: str) -> tuple[int, int]:
    """Return the last sequence number that was pruned and the last one there is; 0 for none."""
    row = rx.store.row("SELECT pruned_seq, last_seq FROM streams WHERE name = ?", stream)
    return (0, 0) if row is None else (integer(row[0]), integer(row[1]))


def find(rx: Rx, stream: str, entry_id: str) -> Entry | None:
    """Look an entry of one stream up by its id."""
    found = _find(rx, entry_id)
    return found if found is not None and found.stream == stream else None


def _find(rx: Rx, entry_id: str) -> Entry | None:
    pos = rx.world.entry_pos(entry_id)
    row = None
    if pos is not None:
        sql = f"SELECT {ENTRY.columns} {_FROM} WHERE j.pos = ? AND j.entry_id = ?"
        row = rx.store.row(sql, pos, entry_id)
    if row is None:
        sql = (
            f"SELECT {ENTRY.columns} {_FROM}"
            " WHERE j.pos = (SELECT pos FROM entry_ids WHERE entry_id = ?)"
        )
        row = rx.store.row(sql, entry_id)
    return None if row is None else ENTRY.read(row)


def latest(rx: Rx, stream: str) -> Entry | None:
    """Return the newest entry of a stream."""
    at = places.of("s.stream_id", "s.last_seq")
    sql = (
        f"SELECT {ENTRY.columns} FROM streams s CROSS JOIN journal j ON j.pos = {at}"
        " WHERE s.name = ? AND s.last_seq > s.pruned_seq"
    )
    row = rx.store.row(sql, stream)
    return None if row is None else ENTRY.read(row)


def gone(stream: str, **oldest: int) -> CursorGone:
    """Make the error for a cursor before what retention has left of a stream."""
    return CursorGone(
        f"retention has pruned entries of {stream} after this cursor; go on from the oldest",
        stream=stream,
        **oldest,
    )
