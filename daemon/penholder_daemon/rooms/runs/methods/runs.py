"""Runs: made, claimed under a lease, written to by their runner, ended once."""

from collections.abc import Iterator

from penholder_daemon.core import claims, paging, streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import filters, integer, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import claiming, endings, making, runs, stream
from penholder_daemon.rooms.runs.records.runs import GUARDED
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.errors import (
    CursorGone,
    FenceRequired,
    InvalidParams,
    RunExists,
    RunnerLeaseConflict,
    RunNotFound,
    RunTerminal,
    SessionBackendMismatch,
    TenantPolicyDenied,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import (
    ClaimedRun,
    Finding,
    LeaseProof,
    Page,
    Run,
    RunEvent,
    SessionRef,
)
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    NULL,
    Cursor,
    FailureKind,
    JsonObject,
    LeaseMs,
    ListLimit,
    OptionalObject,
    OwnToken,
    ProjectId,
    RunEventLimit,
    RunId,
    RunnerId,
    RunOutcome,
    RunState,
    Sequence,
    TenantId,
    Text,
    ThreadId,
    TurnId,
    TypeName,
)

room = Room("run")

_BOTH = (CONTROL, RUNTIME)


# --- making, finding --------------------------------------------------------------------------
@room.mutation(sockets=(CONTROL,), errors=(RunExists, TenantPolicyDenied, SessionBackendMismatch))
def create(
    tx: Tx,
    *,
    run_id: RunId | None = None,
    tenant_id: TenantId,
    project_id: ProjectId,
    backend_profile: TypeName,
    session_ref: SessionRef | None = None,
    resource_bundle_ref: OptionalObject = NULL,
    metadata: JsonObject = EMPTY_OBJECT,
) -> Run:
    """Make a run to be claimed; any backend profile is accepted.

    A session that no run named before is made with it. One that exists is not changed: its tenant,
    project and backend profile are fixed.
    """
    run_id = run_id or tx.world.new_id("run_")
    making.refuse_second(tx, run_id)
    making.refuse_foreign_tenant(tx, tenant_id)
    ref = None if session_ref is None else making.whole(session_ref)
    if ref is not None:
        sessions.join(
            tx,
            ref,
            run_id=run_id,
            tenant_id=tenant_id,
            project_id=project_id,
            backend_profile=backend_profile,
        )
    tx.store.run(
        "INSERT INTO runs (run_id, tenant_id, project_id, backend_profile, session_id, session_ref,"
        " resource_bundle_ref, metadata, state, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
        run_id,
        tenant_id,
        project_id,
        backend_profile,
        None if ref is None else ref.session_id,
        None if ref is None else to_json(ref),
        None if resource_bundle_ref == NULL else bytes(resource_bundle_ref).decode(),
        bytes(metadata).decode(),
        tx.now,
        tx.now,
    )
    run = runs.read(tx, run_id)
    stream.note_phase(
        tx,
        runs.require(tx, run_id),
        "run-created",
        backend_profile=backend_profile,
        session_ref=run.session_ref,
        resource_bundle_ref=resource_bundle_ref,
    )
    return run


@room.query(sockets=_BOTH, errors=(RunNotFound,))
def get(rx: Rx, *, run_id: RunId) -> Run:
    """Return one run."""
    runs.require_readable(rx, run_id)
    return runs.read(rx, run_id)


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx,
    *,
    tenant_id: TenantId | None = None,
    project_id: ProjectId | None = None,
    state: RunState | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Run]:
    """List runs, newest first.

    With `project_id` a call looks through a part of them: a page may be empty, with a `next`.
    """
    wanted, values = filters("r.", tenant_id=tenant_id, state=state)
    before = paging.before(cursor)
    if project_id is None:
        newest = f"r.number < ?{wanted} ORDER BY r.number DESC"
        return paging.page(runs.select(rx, newest, before, *values), limit)
    # A project's runs are looked for among those of the tenant, of the state, or of all.
    places = rx.store.rows(
        "SELECT r.number, r.project_id = ? FROM runs r"
        f" WHERE r.number < ?{wanted} ORDER BY r.number DESC",
        project_id,
        before,
        *values,
    )
    return paging.sifted(
        ((integer(number), bool(is_wanted)) for number, is_wanted in places),
        lambda number: next(run for _, run in runs.select(rx, "r.number = ?", number)),
        limit,
    )


# --- claiming ---------------------------------------------------------------------------------
@room.mutation(
    sockets=_BOTH,
    errors=(RunNotFound, RunTerminal, RunnerLeaseConflict),
    if_lost="claim it again under a new key: the same runner gets a new lease at once",
)
def claim(
    tx: Tx, *, run_id: RunId, runner_id: RunnerId, lease_ms: LeaseMs, token: OwnToken | None = None
) -> ClaimedRun:
    """Claim a run: a new lease, also for the runner that has it already.

    Another runner must wait until the lease has run out; the holder may go on until then. With a
    `token` of the caller's own the answer shows none and is kept under its idempotency key.
    """
    run = runs.require(tx, run_id)
    if run.is_terminal:
        raise RunTerminal(
            f"run {run_id} is {run.state} and stays so; create another",
            run_id=run_id,
            current_state=run.state,
        )
    # A runner that lost the answer to its claim has no lease to prove it by, and gets a new one.
    is_free = run.claimed_by in (None, runner_id) or claims.is_expired(tx, streams.run(run_id))
    if not is_free:
        raise RunnerLeaseConflict(
            f"runner {run.claimed_by} has claimed run {run_id} and its lease has not run out",
            run_id=run_id,
            claimed_by=run.claimed_by,
        )
    return claiming.claim(tx, run, runner_id, lease_ms, token)


@room.mutation(
    sockets=_BOTH,
    if_lost="run.list shows what it claimed, and run.claim gives its runner a new lease",
)
def claim_next(
    tx: Tx,
    *,
    runner_id: RunnerId,
    lease_ms: LeaseMs,
    tenant_id: TenantId | None = None,
    project_id: ProjectId | None = None,
    backend_profile: TypeName | None = None,
    token: OwnToken | None = None,
) -> ClaimedRun | None:
    """Claim the oldest run that is pending or whose lease ran out; null if there is none.

    With a `token` of the caller's own the answer shows none and is kept under its idempotency key;
    null is not.
    """
    run = claiming.oldest(
        tx, tenant_id=tenant_id, project_id=project_id, backend_profile=backend_profile
    )
    if run is None:
        tx.is_empty = True
        return None
    return claiming.claim(tx, run, runner_id, lease_ms, token)


@room.mutation(sockets=_BOTH, errors=GUARDED)
def heartbeat(
    tx: Tx, *, run_id: RunId, lease_ms: LeaseMs, lease: LeaseProof | None = None
) -> ClaimedRun:
    """Renew the lease of a run, also one that ran out; a run that has ended stays as it is."""
    run = runs.require_writable(tx, run_id, lease)
    if run.is_terminal:
        return ClaimedRun(run=runs.read(tx, run_id), lease=None)
    # A run that nobody has claimed may be written to without a lease, but has none to renew.
    if lease is None:
        raise FenceRequired(f"run {run_id} is not claimed; claim it first", run_id=run_id)
    renewed = claims.renew(tx, streams.run(run_id), lease_ms)
    tx.store.run("UPDATE runs SET updated_at = ? WHERE run_id = ?", tx.now, run_id)
    return ClaimedRun(run=runs.read(tx, run_id), lease=renewed)


# --- events -----------------------------------------------------------------------------------
@room.mutation(sockets=_BOTH, precheck=stream.check_type, errors=(*GUARDED, InvalidParams))
def append_event(
    tx: Tx,
    *,
    run_id: RunId,
    type: TypeName,  # noqa: A002 - wire name
    payload: JsonObject = EMPTY_OBJECT,
    lease: LeaseProof | None = None,
) -> RunEvent:
    """Add an event to the run's stream: of a known type, or of one's own that begins with `x.`.

    Values of keys that name secrets are stored as "[redacted]", at any depth.
    """
    return stream.append(tx, runs.require_writable(tx, run_id, lease), type, payload)


@room.query(sockets=_BOTH, errors=(RunNotFound, CursorGone))
def events(
    rx: Rx,
    *,
    run_id: RunId,
    after_seq: Sequence = 0,
    limit: RunEventLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[RunEvent]:
    """List a run's events, oldest first; the `next` of a page goes before `after_seq`."""
    runs.require_readable(rx, run_id)
    after = paging.after(cursor, after_seq)
    return paging.page(stream.read(rx, run_id, after), limit)


# --- the end ----------------------------------------------------------------------------------
@room.mutation(sockets=_BOTH, errors=GUARDED)
def finish(
    tx: Tx,
    *,
    run_id: RunId,
    outcome: RunOutcome,
    failure_kind: FailureKind | None = None,
    failure_message: Text | None = None,
    thread_id: ThreadId | None = None,
    turn_id: TurnId | None = None,
    lease: LeaseProof | None = None,
) -> Run:
    """End a run; its open commands stay open. One that has ended stays as it is.

    A thread that is given becomes its session's, with the turn that gave it.
    """
    run = runs.require_writable(tx, run_id, lease)
    if not run.is_terminal:
        endings.change_thread(tx, run, thread_id, turn_id)
        endings.finish_run(tx, run, outcome, failure_kind, failure_message)
    return runs.read(tx, run_id)


@room.mutation(sockets=(CONTROL,), errors=(RunNotFound,))
def cancel(tx: Tx, *, run_id: RunId, reason: Text = "cancel requested") -> Run:
    """Cancel a run and its open commands, whoever holds it. One that has ended stays as it is."""
    run = runs.require(tx, run_id)
    if not run.is_terminal:
        endings.cancel_run(tx, run, reason)
    return runs.read(tx, run_id)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Whoever has claimed a run holds it, and what has ended keeps nothing going."""
    return verify.query(
        rx,
        {
            "runs_claimed_by_holders": (
                "SELECT 'run ' || run_id || ' is claimed by nobody' FROM runs"
                " LEFT JOIN fences f ON f.subject = 'run:' || run_id WHERE state = 'claimed'"
                " AND (claimed_by IS NULL OR f.token_hash IS NULL)"
            ),
            "runs_claimed_under_leases": (
                "SELECT 'run ' || run_id || ' is ' || state || CASE WHEN l.subject IS NULL"
                " THEN ' without a lease' ELSE ' and has a lease' END FROM runs"
                " LEFT JOIN leases l ON l.subject = 'run:' || run_id"
                " WHERE (state = 'claimed') <> (l.subject IS NOT NULL)"
            ),
            "runs_ended_are_not_active": (
                "SELECT 'run ' || run_id || ' is ' || state || ' and active' FROM runs"
                " WHERE is_active = 1 AND state NOT IN ('pending', 'claimed')"
            ),
        },
    )
