"""How a run is claimed, and which one is next."""

from penholder_daemon.core import claims, durations, streams
from penholder_daemon.core.effects import WithdrawStream
from penholder_daemon.core.store import filters
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.runs import records, stream
from penholder_daemon.rooms.runs.records import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.nouns import ClaimedRun

_CLAIMABLE = (
    "SELECT number, run_id FROM runs WHERE state = 'pending'{filters} ORDER BY number LIMIT 1",
    "SELECT number, run_id FROM runs JOIN leases l ON l.subject = 'run:' || run_id"
    " WHERE state = 'claimed'{filters} AND l.deadline_ms <= ? ORDER BY number LIMIT 1",
)
"""The oldest pending run, and the oldest whose lease ran out."""


def oldest(tx: Tx, **wanted: str | None) -> RunHead | None:
    """Return the oldest run that may be claimed by anybody, of those that are wanted."""
    wanted_sql, values = filters("", **wanted)
    pending, expired = (sql.format(filters=wanted_sql) for sql in _CLAIMABLE)
    candidates = (
        tx.store.row(pending, *values),
        tx.store.row(expired, *values, durations.lease_now(tx)),
    )
    found = min((row for row in candidates if row is not None), default=None)
    return None if found is None else records.require(tx, str(found[1]))


def claim(tx: Tx, run: RunHead, runner_id: str, lease_ms: int, own_token: str | None) -> ClaimedRun:
    """Give a run to a runner; whoever had it is fenced."""
    name = streams.run(run.run_id)
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
    return ClaimedRun(run=records.read(tx, run.run_id), lease=lease)


def void_all(tx: Tx) -> int:
    """Take every claimed run from its runner; any may claim it at once. Returns how many."""
    found = list(tx.store.rows("SELECT run_id FROM runs WHERE state = 'claimed'"))
    for row in found:
        claims.void(tx, streams.run(str(row[0])))
    return len(found)
