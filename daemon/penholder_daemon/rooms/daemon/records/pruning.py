"""Deleting the oldest entries of streams: what a caller asks for, and what the settings say.

There may be any number of streams, and of entries in each; all at once would keep everybody waiting
for long. So both go through the streams in the order of their ids, a slice at a time. A slice is
bounded by what it looks at (MAX_PRUNE_LOOKS), by how many streams it cuts and by how many entries
it takes; only looking costs, too, where a rule takes little. It ends with the id of a stream, and
the next one goes on behind it, or at it where that one may have more to take.

A caller goes on by itself, with `next` as its cursor. The daemon keeps its place in the database,
so that a restart does not begin the round anew: which kind of stream (`_PRUNING_KIND`), and after
which stream of it (`_PRUNED_TO`). It comes again soon while a round goes on, and after a while when
one is over.
"""

from itertools import islice

from penholder_daemon.core import counters, retention
from penholder_daemon.core.rules import Rule
from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.core.streams import ALL, Selection
from penholder_daemon.core.transaction import Tx
from penholder_protocol.limits import MAX_PRUNE, MAX_PRUNE_LOOKS, MAX_PRUNE_STREAMS
from penholder_protocol.nouns import Pruned, PrunedStream

_PRUNE_EVERY_MS = 600_000
_PRUNE_AGAIN_MS = 200
_PRUNING_KIND = "pruning_kind"
_PRUNED_TO = "pruned_to"


def prune(
    tx: Tx, rule: Rule, where: str, values: list[SqlValue], after: int, *, dry_run: bool = False
) -> Pruned:
    """Prune the streams after one, as far as a call may go."""
    last, is_end = _look_until(tx, where, values, after)
    here = f"{where} AND s.stream_id > ? AND s.stream_id <= ?"
    found = retention.cuts(tx, rule, here, [*values, after, last], MAX_PRUNE)
    # Read to the end first: a cut changes the streams that are read here.
    cuts = list(islice(found, MAX_PRUNE_STREAMS))
    entries = sum(cut.entries for cut in cuts)
    if not dry_run:
        for cut in cuts:
            retention.apply(tx, cut)
    is_cut_off = entries >= MAX_PRUNE or len(cuts) == MAX_PRUNE_STREAMS
    if is_cut_off or (cuts and cuts[-1].is_short):
        # The last one may have more to take. What is only counted goes on behind it.
        last, is_end = cuts[-1].stream_id - (0 if dry_run else 1), False
    return Pruned(
        entries=entries,
        streams=[
            PrunedStream(stream=cut.stream, entries=cut.entries, oldest_seq=cut.seq + 1)
            for cut in cuts
        ],
        more=not is_end,
        next=None if is_end else str(last),
        dry_run=dry_run,
    )


def _look_until(tx: Tx, where: str, values: list[SqlValue], after: int) -> tuple[int, bool]:
    """Return up to which stream one call looks, and whether there is none behind it."""
    row = tx.store.row(
        "SELECT MAX(stream_id), COUNT(*) FROM (SELECT s.stream_id FROM streams s"
        f" WHERE {where} AND s.stream_id > ? ORDER BY s.stream_id LIMIT ?) p",
        *values,
        after,
        MAX_PRUNE_LOOKS,
    )
    assert row is not None  # an aggregate always gives a row
    last, looked_at = row
    return (after if last is None else integer(last)), integer(looked_at) < MAX_PRUNE_LOOKS


def _streams_of(kind: str) -> tuple[str, list[SqlValue]]:
    """Say which streams a rule of the configuration is about."""
    # These two are names by themselves; all others begin with their kind and a colon, after which
    # the semicolon is the next character.
    if kind in (ALL, "daemon"):
        return Selection([kind]).where_streams()
    return "s.name >= ? AND s.name < ?", [f"{kind}:", f"{kind};"]


def by_policy(tx: Tx) -> int | None:
    """Prune a slice as the settings say; returns when to come again, by CLOCK_BOOTTIME in ms."""
    now_ms = tx.world.boottime_ms()
    kinds = list(tx.world.rules.retention)
    if not kinds:
        return now_ms + _PRUNE_EVERY_MS
    # Where the round is: which kind of stream, and after which stream of it.
    # The settings may have fewer kinds by now than when that was kept.
    kind = min(counters.current(tx, _PRUNING_KIND), len(kinds) - 1)
    where, values = _streams_of(kinds[kind])
    after = counters.current(tx, _PRUNED_TO)
    pruned = prune(tx, tx.world.rules.retention[kinds[kind]], where, values, after)
    following = kind if pruned.more else kind + 1
    is_round_over = following == len(kinds)
    counters.put(tx, _PRUNING_KIND, 0 if is_round_over else following)
    counters.put(tx, _PRUNED_TO, int(pruned.next or 0))
    return now_ms + (_PRUNE_EVERY_MS if is_round_over else _PRUNE_AGAIN_MS)
