"""Retention: the oldest entries of a stream go, its numbering goes on.

What is pruned is always a stream's beginning, so a stream stays without holes; what is gone is
known by `pruned_seq` and `pruned_pos`, and a cursor before it is told so.
"""

from collections.abc import Iterator

import msgspec

from penholder_daemon.core import counters
from penholder_daemon.core.rules import Rule
from penholder_daemon.core.store import SqlValue
from penholder_daemon.core.transaction import Rx, Tx

_CUTS = "cuts"


class Cut(msgspec.Struct, frozen=True):
    """Where a stream is to begin: everything up to `seq` goes."""

    stream_id: int
    stream: str
    seq: int
    entries: int


def cuts(rx: Rx, rule: Rule, where: str, values: list[SqlValue], most: int) -> Iterator[Cut]:
    """Yield what a rule takes from the streams of a condition, up to so many entries in all."""
    sql = f"SELECT stream_id, name, last_seq, pruned_seq FROM streams s WHERE {where}"
    left = most
    for row in list(rx.store.rows(sql, *values)):
        stream_id, name, last_seq, pruned_seq = row
        assert isinstance(stream_id, int)
        assert isinstance(last_seq, int)
        assert isinstance(pruned_seq, int)
        seq = min(_allowed(rx, rule, stream_id, last_seq), pruned_seq + left)
        if seq > pruned_seq:
            left -= seq - pruned_seq
            yield Cut(stream_id, str(name), seq, seq - pruned_seq)


def _allowed(rx: Rx, rule: Rule, stream_id: int, last_seq: int) -> int:
    """Return the last sequence number of a stream that both halves of a rule let go."""
    allowed = last_seq
    if rule.keep_last is not None:
        allowed = min(allowed, last_seq - rule.keep_last)
    if rule.older_than_ms is not None:
        oldest_kept = rx.world.time_from_ms(max(0, rx.world.now_ms() - rule.older_than_ms))
        row = rx.store.row(
            "SELECT seq FROM journal WHERE stream_id = ? AND ts >= ? ORDER BY seq LIMIT 1",
            stream_id,
            oldest_kept,
        )
        if row is not None:
            allowed = min(allowed, int(str(row[0])) - 1)
    return allowed


def count(rx: Rx) -> int:
    """Return a number that rises whenever a stream loses entries."""
    return counters.current(rx, _CUTS)


def apply(tx: Tx, cut: Cut) -> None:
    """Delete what a cut takes."""
    counters.raise_(tx, _CUTS)
    tx.store.run(
        "UPDATE streams SET pruned_seq = ?, pruned_pos ="
        " (SELECT pos FROM journal WHERE stream_id = ? AND seq = ?) WHERE stream_id = ?",
        cut.seq,
        cut.stream_id,
        cut.seq,
        cut.stream_id,
    )
    tx.store.run("DELETE FROM journal WHERE stream_id = ? AND seq <= ?", cut.stream_id, cut.seq)
