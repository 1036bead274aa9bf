"""Workers and their states."""

from collections.abc import Iterator
from typing import Literal

from msgspec import Raw

from penholder_daemon.core import journal, paging, seats, streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.effects import CloseWorker, EndProcess, ServeWorker, WakeWaiters
from penholder_daemon.core.fence import Arguments, beside_owner
from penholder_daemon.core.hosts import is_here
from penholder_daemon.core.newest import Newest
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import SqlValue, filters
from penholder_daemon.core.tables import require_state
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.values import bounded
from penholder_daemon.rooms.approvals import records as approvals
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.handoffs import records as handoffs
from penholder_daemon.rooms.hosts import records as hosts
from penholder_daemon.rooms.inputs import records as inputs
from penholder_daemon.rooms.workers import records
from penholder_daemon.rooms.workers.records import guard_worker
from penholder_protocol.errors import (
    ApprovalPending,
    ControllerNotFound,
    Fenced,
    FenceRequired,
    InvalidWorkerState,
    InvalidWorkerStateTransition,
    StaleState,
    TooManyInputs,
    TooManyWorkers,
    ValueTooLarge,
    WorkerExists,
    WorkerNotFound,
    WorkerNotStopped,
    WorkerStopped,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, MAX_SOCKET_PATH_BYTES
from penholder_protocol.nouns import (
    Finding,
    Input,
    Page,
    Removed,
    Worker,
    WorkerOverview,
)
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    NULL,
    ControllerId,
    Cursor,
    Environment,
    HostId,
    JsonObject,
    Label,
    ListLimit,
    Names,
    Pid,
    SessionId,
    Text,
    TurnId,
    TypeName,
    WorkerId,
    WorkerState,
)

room = Room("worker")

_GUARDED = (WorkerNotFound, FenceRequired, Fenced)
_BOTH = (CONTROL, RUNTIME)


@room.mutation(
    sockets=(CONTROL,),
    fence=controllers.guard_controller,
    errors=(ControllerNotFound, FenceRequired, Fenced, WorkerExists, TooManyWorkers),
)
def create(
    tx: Tx,
    *,
    worker_id: WorkerId | None = None,
    controller_id: ControllerId,
    label: Label,
    launcher: Label,
    profile: Label,
    packs: Names = [],  # noqa: B006 - never changed; the registry wants plain defaults
    cwd: Label,
    session_id: SessionId | None = None,
    env: Environment = {},  # noqa: B006
    start: Literal["idle", "starting"] = "idle",
    host_id: HostId | None = None,
) -> Worker:
    """Make a worker; its runtime socket accepts when the answer comes.

    With the `host_id` of another host it is a worker of that one, which serves its socket.
    """
    worker_id = worker_id or tx.world.new_id("w_")
    host_id = host_id or tx.world.host_id
    stream = streams.worker(worker_id)
    hosts.require(tx, host_id)
    _refuse_long_path(tx, worker_id)
    records.require_room(tx, host_id)
    # The stream stays when a worker is removed, so it knows every id that there ever was.
    if not journal.open_stream(tx, stream, streams.controller(controller_id)):
        raise WorkerExists(
            f"a worker {worker_id!r} exists or once existed; ids of workers are never used again",
            worker_id=worker_id,
        )
    tx.store.run(
        "INSERT INTO workers (worker_id, controller_id, label, launcher, profile, packs, cwd, env,"
        " session_id, state, recovery_state, created_at, updated_at, host_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'restartable', ?, ?, ?)",
        worker_id,
        controller_id,
        label,
        launcher,
        profile,
        bounded(packs, "packs"),
        cwd,
        bounded(env, "env"),
        session_id or tx.world.new_id("sess_"),
        start,
        tx.now,
        tx.now,
        host_id,
    )
    worker = records.require(tx, worker_id)
    records.note(tx, worker, "worker.created", label=label, state=start)
    tx.after_commit(ServeWorker(worker_id))
    return worker


def _refuse_long_path(tx: Tx, worker_id: str) -> None:
    path = tx.world.socket_path(worker_id)
    length = len(path.encode())
    if length > MAX_SOCKET_PATH_BYTES:
        raise ValueTooLarge(
            f"worker_id makes a socket path of {length} bytes ({path}); the kernel takes"
            f" MAX_SOCKET_PATH_BYTES ({MAX_SOCKET_PATH_BYTES}): use a shorter id",
            param="worker_id",
            limit="MAX_SOCKET_PATH_BYTES",
            maximum=MAX_SOCKET_PATH_BYTES,
        )


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def get(rx: Rx, *, worker_id: WorkerId) -> Worker:
    """Return one worker."""
    return records.require(rx, worker_id)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def list_(
    rx: Rx,
    *,
    controller_id: ControllerId | None = None,
    state: WorkerState | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Worker]:
    """List workers, newest first."""
    condition, values = _newest_first(rx, controller_id, state, cursor)
    return paging.page(records.select(rx, condition, *values), limit)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def overview(
    rx: Rx,
    *,
    controller_id: ControllerId | None = None,
    state: WorkerState | None = None,
    living: bool | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[WorkerOverview]:
    """List workers as worker.list does, each with what a person wants to see beside it.

    That is how many questions are pending, its newest event, the last line of its newest `output`
    event, and the data of its newest `summary` event, as far as retention has left them. `living`
    are those whose seat is held or that are starting; with false, all others.
    """
    condition, values = _newest_first(rx, controller_id, state, cursor)
    if living is not None:
        condition = f"{records.LIVING if living else f'NOT {records.LIVING}'} AND {condition}"
    found = records.select_with_newest(rx, condition, *values)
    return paging.page(
        ((number, _seen(rx, worker, newest)) for number, worker, newest in found), limit
    )


def _seen(rx: Rx, worker: Worker, newest: Newest) -> WorkerOverview:
    return WorkerOverview(
        worker=worker,
        pending_approvals=approvals.count_pending(rx, worker.worker_id),
        last_output_at=newest.output_ts,
        last_text=records.last_text(newest.output_data),
        last_event=newest.event,
        last_data=_or_null(newest.event_data),
        summary=_or_null(newest.summary_data),
    )


def _or_null(data: str | None) -> Raw:
    return NULL if data is None else Raw(data)


def _newest_first(
    rx: Rx, controller_id: str | None, state: str | None, cursor: str | None
) -> tuple[str, list[SqlValue]]:
    if controller_id is not None:
        controllers.CONTROLLERS.require(rx, controller_id)
    wanted, values = filters("", controller_id=controller_id, state=state)
    return f"number < ?{wanted} ORDER BY number DESC", [paging.before(cursor), *values]


def _refuse_unknown_state(arguments: Arguments) -> None:
    for name in ("to", "expected"):
        state = arguments[name]
        if state is not None and records.MACHINE.known(str(state)) is None:
            raise InvalidWorkerState(
                f"{state!r} is no worker state; those are {', '.join(records.MACHINE.states)}",
                state=str(state),
                known=records.MACHINE.states,
            )


def _leads_to_an_end(arguments: Arguments) -> bool:
    return arguments["to"] in ("canceling", "stopped") and not arguments["force"]


@room.mutation(
    sockets=_BOTH,
    fence=beside_owner(guard_worker, _leads_to_an_end),
    precheck=_refuse_unknown_state,
    control_only=("force",),
    errors=(
        TooManyWorkers,
        InvalidWorkerState,
        *_GUARDED,
        StaleState,
        InvalidWorkerStateTransition,
        ApprovalPending,
    ),
)
def transition(
    tx: Tx,
    *,
    worker_id: WorkerId,
    to: Text,
    expected: TypeName | None = None,
    force: bool = False,
    last_error: Text | None = None,
) -> Worker:
    """Move a worker to another state; `expected` makes it a compare-and-set.

    To canceling and stopped (without force) it takes no fence: that a person may do beside a living
    owner. The same state again changes nothing; `force` takes steps that the table does not have.
    On the runtime socket waiting_approval → running is APPROVAL_PENDING while one is pending.
    """
    worker = records.require(tx, worker_id)
    require_state("worker", worker_id, worker.state, expected, next_state=to)
    target = records.MACHINE.known(to)
    assert target is not None  # the precheck refused unknown ones
    if target == worker.state:
        return worker
    if not force and not records.MACHINE.allows(worker.state, target):
        raise InvalidWorkerStateTransition(
            f"worker {worker_id} cannot go from {worker.state} to {to}",
            worker_id=worker_id,
            current_state=worker.state,
            next_state=to,
        )
    goes_on = worker.state == "waiting_approval" and target == "running"
    if goes_on and tx.caller.socket == RUNTIME and approvals.count_pending(tx, worker_id):
        raise ApprovalPending(
            f"worker {worker_id} waits for an approval that is still pending",
            worker_id=worker_id,
        )
    records.move(tx, worker, target, force=force, last_error=last_error)
    return records.require(tx, worker_id)


@room.mutation(
    sockets=(CONTROL,), fence=beside_owner(guard_worker), errors=(WorkerNotFound, Fenced)
)
def stop(tx: Tx, *, worker_id: WorkerId, force: bool = False) -> Worker:
    """Stop a worker for good, without a fence also beside a living owner; its socket closes.

    With `force` its seated process is ended too: SIGTERM, and SIGKILL 5 s later; but never the
    process that asks nor an ancestor of it, which the entry then names as `spared`.
    """
    worker = records.require(tx, worker_id)
    seat = seats.current(tx, worker_id) if force else None
    if seat is not None and is_here(tx, worker.host_id) and seat.process in tx.caller.lineage:
        records.move(tx, worker, "stopped", force=force, spared=seat.process.pid)
        return records.require(tx, worker_id)
    records.move(tx, worker, "stopped", force=force)
    if seat is not None:
        seats.force_end(tx, seat)
        tx.after_commit(EndProcess(worker_id))
    return records.require(tx, worker_id)


@room.mutation(
    sockets=(CONTROL,), fence=guard_worker, errors=(*_GUARDED, WorkerNotStopped), is_bulk=True
)
def remove(tx: Tx, *, worker_id: WorkerId) -> Removed:
    """Delete a stopped worker with its approvals, inputs and handoffs.

    Its stream and epochs stay.
    """
    worker = records.require(tx, worker_id)
    if worker.state != "stopped":
        raise WorkerNotStopped(
            f"worker {worker_id} is {worker.state}; stop it first",
            worker_id=worker_id,
            current_state=worker.state,
        )
    # They refer to the worker, so they go first.
    approvals.delete_all(tx, worker_id)
    inputs.delete_all(tx, worker_id)
    handoffs.delete_all(tx, worker_id)
    # While it is known of which host it is.
    tx.after_commit(CloseWorker(worker_id, drop_connections=True))
    tx.store.run("DELETE FROM workers WHERE worker_id = ?", worker_id)
    records.note(tx, worker, "worker.removed")
    # Who waits for its events learns that there will be none.
    tx.after_commit(WakeWaiters(streams.worker(worker_id)))
    return Removed(removed=True)


@room.mutation(
    sockets=(CONTROL,), fence=guard_worker, errors=(*_GUARDED, WorkerStopped, TooManyInputs)
)
def send(tx: Tx, *, worker_id: WorkerId, kind: TypeName, data: JsonObject = EMPTY_OBJECT) -> Input:
    """Send a worker something that it takes with input.next; numbered 1, 2, 3 … for each worker.

    It waits for the worker over restarts of either. Who steers a worker must own its controller.
    """
    return inputs.send(tx, worker_id, kind, data)


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=_GUARDED)
def set_turn(tx: Tx, *, worker_id: WorkerId, turn_id: TurnId | None) -> Worker:
    """Say which turn the worker is at, or null for none."""
    return records.write(tx, worker_id, "active_turn_id = ?", turn_id)


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=_GUARDED)
def set_session(tx: Tx, *, worker_id: WorkerId, session_id: SessionId) -> Worker:
    """Say which session the worker is in."""
    return records.write(tx, worker_id, "session_id = ?", session_id)


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=_GUARDED)
def set_endpoint(
    tx: Tx, *, worker_id: WorkerId, runtime_pid: Pid | None, runtime_socket: Text | None
) -> Worker:
    """Say where the worker itself can be reached, if it serves a socket of its own."""
    return records.write(
        tx, worker_id, "endpoint_pid = ?, runtime_socket = ?", runtime_pid, runtime_socket
    )


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=_GUARDED)
def clear_endpoint(tx: Tx, *, worker_id: WorkerId) -> Worker:
    """Forget what set_endpoint said."""
    return records.write(tx, worker_id, "endpoint_pid = NULL, runtime_socket = NULL")


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=_GUARDED)
def heartbeat(tx: Tx, *, worker_id: WorkerId) -> Worker:
    """Say that the worker is well. A dead one is noticed without."""
    return records.write(tx, worker_id, "heartbeat_at = ?", tx.now)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every worker is in a state that the table has, and has its stream."""
    states = ", ".join(f"'{state}'" for state in records.MACHINE.states)
    return verify.query(
        rx,
        {
            "workers_in_known_states": (
                "SELECT 'worker ' || worker_id || ' is in state ' || state FROM workers"
                f" WHERE state NOT IN ({states})"
            ),
            "workers_have_streams": (
                "SELECT 'worker ' || worker_id || ' has no stream' FROM workers"
                " WHERE NOT EXISTS (SELECT 1 FROM streams WHERE name = 'worker:' || worker_id)"
            ),
        },
    )
