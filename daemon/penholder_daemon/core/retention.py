"""Retention: the oldest entries of a stream go, its numbering goes on.

Entries that could go one by one would leave holes, and who reads a stream could no longer tell a
hole from an entry that is still to come. So what is pruned is always a stream's beginning: a cut.
What remains is without holes, and what is gone is known by two numbers of the stream, `pruned_seq`
and `pruned_pos`; a cursor before them is told so. Neither costs anything per entry.

An entry goes if it is past both halves of a rule, its age and its place from the end. Ages grow
along a stream, so where a cut lies is found by halving. Ages are instants of a scale of their own
(see `durations`) which no jump of the wall clock moves: what is deleted is gone. An entry from
before there were ages has its `ts` in place of one.

Everything is cut a slice at a time, since everybody waits for the writer meanwhile. Cursors of
readers (`read_cursors`) are left alone, for numbers that are gone do not come again.
"""

from collections.abc import Iterator

import msgspec

from penholder_daemon.core import blobs, counters, durations, places, positions
from penholder_daemon.core.rules import Rule
from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.limits import MAX_BLOBS

_CUTS = "cuts"


class Cut(msgspec.Struct, frozen=True):
    """Where a stream is to begin: everything up to `seq` goes."""

    stream_id: int
    stream: str
    seq: int
    entries: int
    is_short: bool = False
    """Whether there may be more to take, but for how many blobs are named in what is taken."""


def cuts(rx: Rx, rule: Rule, where: str, values: list[SqlValue], most: int) -> Iterator[Cut]:
    """Yield what a rule takes from the streams of a condition, up to so many entries in all."""
    sql = (
        "SELECT stream_id, name, last_seq, pruned_seq FROM streams s"
        f" WHERE last_seq > pruned_seq AND {where} ORDER BY stream_id"
    )
    # What goes with names costs as much again, so of names there go as many at most.
    most_names = max(most, MAX_BLOBS)
    for row in rx.store.rows(sql, *values):
        # As a STRICT table keeps them; a number of another kind would cut somewhere else.
        stream_id, name, last_seq, pruned_seq = row
        assert isinstance(stream_id, int)
        assert isinstance(last_seq, int)
        assert isinstance(pruned_seq, int)
        seq = min(last_seq - (rule.keep_last or 0), pruned_seq + most)
        if rule.older_than_ms is not None:
            seq = _last_older(rx, rule.older_than_ms, stream_id, pruned_seq + 1, seq)
        if seq <= pruned_seq:
            continue
        last = blobs.last_within(rx, stream_id, pruned_seq + 1, seq, most_names)
        most -= last - pruned_seq
        most_names -= blobs.count_names(rx, stream_id, pruned_seq + 1, last)
        is_short = last < seq or most_names < MAX_BLOBS
        yield Cut(stream_id, str(name), last, last - pruned_seq, is_short)
        if not most or is_short:
            return


def _last_older(rx: Rx, older_than_ms: int, stream_id: int, first_seq: int, last_seq: int) -> int:
    """Return the last entry of a stretch that is older; the one before it if none is.

    Ages grow along a stream, so a few looks find it, however long it is.
    """
    oldest_kept_ms = durations.age_now(rx.world) - older_than_ms
    if first_seq <= last_seq and not _is_older(rx, oldest_kept_ms, stream_id, first_seq):
        return first_seq - 1  # as it is with most streams, so it is looked at first
    while first_seq <= last_seq:
        middle = (first_seq + last_seq) // 2
        if _is_older(rx, oldest_kept_ms, stream_id, middle):
            first_seq = middle + 1
        else:
            last_seq = middle - 1
    return last_seq


def _is_older(rx: Rx, oldest_kept_ms: int, stream_id: int, seq: int) -> bool:
    at = places.of("?1", "?2")
    row = rx.store.row(f"SELECT age_ms, ts FROM journal WHERE pos = {at}", stream_id, seq)
    assert row is not None  # a stream has no holes
    if row[0] is None:
        return str(row[1]) < rx.world.time_from_ms(max(0, oldest_kept_ms))
    return integer(row[0]) < oldest_kept_ms


def count(rx: Rx) -> int:
    """Return a number that rises whenever a stream loses entries."""
    return counters.current(rx, _CUTS)


def apply(tx: Tx, cut: Cut) -> None:
    """Delete what a cut takes."""
    # By this number a subscription sees that it has to look which of its streams were cut.
    counters.raise_(tx, _CUTS)
    places.place(tx.store)
    # Perhaps the newest entry is among those that go, and its position must not come again.
    positions.note(tx.store, positions.last(tx.store))
    blobs.forget_names(tx, cut.stream_id, cut.seq)
    # The stream first: the entry whose position it keeps is among those that go.
    tx.store.run(
        "UPDATE streams SET pruned_seq = ?, pruned_pos ="
        " (SELECT pos FROM journal_places WHERE stream_id = ? AND seq = ?) WHERE stream_id = ?",
        cut.seq,
        cut.stream_id,
        cut.seq,
        cut.stream_id,
    )
    here = "FROM journal_places WHERE stream_id = ? AND seq <= ?"
    tx.store.run(f"DELETE FROM journal WHERE pos IN (SELECT pos {here})", cut.stream_id, cut.seq)
    tx.store.run(f"DELETE {here}", cut.stream_id, cut.seq)
