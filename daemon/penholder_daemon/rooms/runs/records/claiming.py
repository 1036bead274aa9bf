"""How a run is claimed, and which one is next.

The next run is the oldest that is pending or whose lease ran out, of those that were asked for. The
first kind is one step along an index. The second is hard: among all that are claimed, few or many
have run out, and the planner knows nothing of how many. Going along the claimed runs finds the
oldest at once where many have run out, and reads all that others hold where none has. Going along
the deadlines finds those that have run out without the others, but in another order, so that all of
them must be looked at to say which run is the oldest.

So the expired leases are counted first, no further than `_FEW`, and the way is chosen by that. Each
is right by itself; they differ in what they cost only.

A run whose lease ran out stays claimed until it is claimed again. Its holder is fenced by the new
epoch, and a worker that read its stream loses that (`WithdrawStream`) before anything of the new
holder is told.
"""

from penholder_daemon.core import claims, durations, streams
from penholder_daemon.core.effects import WithdrawStream
from penholder_daemon.core.store import Row, SqlValue, filters, integer
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.runs.records import runs, stream
from penholder_daemon.rooms.runs.records.runs import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.nouns import ClaimedRun

_PENDING = (
    "SELECT number, run_id FROM runs WHERE state = 'pending'{filters} ORDER BY number LIMIT 1"
)
# Named, since the planner knows nothing of how few have run out.
_EXPIRED = (
    "FROM leases l INDEXED BY leases_of_runs"
    " WHERE l.subject >= 'run:' AND l.subject < 'run;' AND l.deadline_ms <= ?"
)
# CROSS JOIN has the few leases lead; each run is then found by its id.
_AMONG_FEW = (
    f"SELECT number, run_id FROM (SELECT substr(l.subject, 5) AS id {_EXPIRED}) expired"
    " CROSS JOIN runs ON run_id = id WHERE state = 'claimed'{filters} ORDER BY number LIMIT 1"
)
_AMONG_MANY = (
    "SELECT number, run_id FROM runs JOIN leases l ON l.subject = 'run:' || run_id"
    " WHERE state = 'claimed'{filters} AND l.deadline_ms <= ? ORDER BY number LIMIT 1"
)
_FEW = 100
"""Expired leases that are all looked at; where there are more, one is soon met along the runs."""


def oldest(tx: Tx, **wanted: str | None) -> RunHead | None:
    """Return the oldest run that may be claimed by anybody, of those that are wanted."""
    wanted_sql, values = filters("", **wanted)
    candidates = (
        tx.store.row(_PENDING.format(filters=wanted_sql), *values),
        _oldest_expired(tx, wanted_sql, values),
    )
    found = min((row for row in candidates if row is not None), default=None)
    return None if found is None else runs.require(tx, str(found[1]))


def _oldest_expired(tx: Tx, wanted: str, values: list[SqlValue]) -> Row | None:
    """Find the oldest run whose lease ran out, however many are held."""
    now_ms = durations.lease_now(tx)
    # One beyond the bound: it tells that there are more, and no more is asked.
    counted = tx.store.row(
        f"SELECT COUNT(*) FROM (SELECT 1 {_EXPIRED} LIMIT ?) p", now_ms, _FEW + 1
    )
    how_many = 0 if counted is None else integer(counted[0])
    if not how_many:
        return None
    if how_many > _FEW:
        return tx.store.row(_AMONG_MANY.format(filters=wanted), *values, now_ms)
    return tx.store.row(_AMONG_FEW.format(filters=wanted), now_ms, *values)


def claim(tx: Tx, run: RunHead, runner_id: str, lease_ms: int, own_token: str | None) -> ClaimedRun:
    """Give a run to a runner; whoever had it is fenced."""
    name = streams.run(run.run_id)
    # Who claims its own run again goes on reading it.
    if run.claimed_by not in (None, runner_id):
        tx.after_commit(WithdrawStream(name, runner_id))
    lease = claims.grant(tx, name, lease_ms, own_token)
    tx.store.run(
        "UPDATE runs SET state = 'claimed', claimed_by = ?, is_active = 1, updated_at = ?"
        " WHERE run_id = ?",
        runner_id,
        tx.now,
        run.run_id,
    )
    if run.session_id is not None:
        sessions.run_claimed(tx, run.session_id, run.run_id)
    stream.note_phase(tx, run, "run-claimed", runner_id=runner_id)
    return ClaimedRun(run=runs.read(tx, run.run_id), lease=lease)


def void_all(tx: Tx) -> int:
    """Take every claimed run from its runner; any may claim it at once. Returns how many."""
    found = list(tx.store.rows("SELECT run_id FROM runs WHERE state = 'claimed'"))
    for row in found:
        claims.void(tx, streams.run(str(row[0])))
    return len(found)
