"""Questions of a worker, and their one answer.

A question can be ended from four sides: somebody decides it, the worker or a person takes it back,
its deadline passes, or the process that asked ends. Any two may come at once, and an answer that is
told to a worker must be the one that stands. Nothing is needed for that but the writer: all four
are mutations, one after another, and each looks in its own transaction at what is still pending. A
caller that comes second hears ApprovalNotPending, with what the question became.

Because it can be answered only once, two hands cannot answer it differently. So a person may decide
beside a living owner, without taking the ownership from it (`beside_owner`). A worker may take its
own question back but not answer it; what may be answered only from outside would else be a
formality.

A decision may come late: the process that asked has ended, another sits there, and the same words
mean something else. So a question names the seat that asked, and who passes that epoch with its
decision is refused once it is another's.

That is not so where what was asked outlives who asked: the next process of the worker takes the
conversation up and asks the same again. Such a question is kept (`keep`): the end of the seat
leaves it pending, and its answer, given before or after, is as good under any epoch. Whoever sits
there by then finds it in approval.list.

Deadlines are instants of the scale of delays (see `durations`): they outlive a restart and a boot,
and a wall clock that jumps ends none of them early.
"""

from itertools import chain
from typing import Annotated, Literal

from msgspec import Meta

from penholder_daemon.core import durations, fence, seats, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.fence import Arguments, beside_owner
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.values import bounded
from penholder_daemon.rooms.approvals import records
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.workers import records as workers
from penholder_daemon.rooms.workers.records import guard_worker
from penholder_protocol.errors import (
    ApprovalNotFound,
    ApprovalNotPending,
    ApprovalOptionUnknown,
    ControllerNotFound,
    Fenced,
    FenceRequired,
    InvalidParams,
    StaleState,
    TooManyApprovals,
    WorkerNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS, MAX_NAMES
from penholder_protocol.nouns import Approval, Fence, Option, Page
from penholder_protocol.nouns.words import (
    ApprovalId,
    ApprovalState,
    ControllerId,
    Cursor,
    DeadlineMs,
    Epoch,
    Label,
    ListLimit,
    OptionId,
    Text,
    TurnId,
    TypeName,
    WaitMs,
    WorkerId,
)

room = Room("approval")

_BOTH = (CONTROL, RUNTIME)
_GUARDED = (FenceRequired, Fenced)
_DEFAULT_OPTIONS = [
    Option(id="allow", alias="allow", label="Allow"),
    Option(id="deny", alias="deny", label="Deny"),
]
_WITH_DEADLINE = (
    "FROM approvals INDEXED BY approvals_due WHERE state = 'pending' AND deadline_ms IS NOT NULL"
)
"""Named, since the planner would rather look at all that are pending."""
_AT_ONCE = 200
"""Approvals that one timer run ends, while everybody else waits; the next one follows at once."""
ListedState = Literal["pending", "decided", "canceled", "expired", "all"]
Options = Annotated[list[Option], Meta(max_length=MAX_NAMES)]


@room.mutation(
    sockets=_BOTH,
    fence=guard_worker,
    errors=(
        WorkerNotFound,
        *_GUARDED,
        ApprovalOptionUnknown,
        InvalidParams,
        TooManyApprovals,
    ),
)
def request(
    tx: Tx,
    *,
    worker_id: WorkerId,
    turn_id: TurnId | None = None,
    kind: TypeName = "tool.call",
    message: Label,
    options: Options | None = None,
    deadline_ms: DeadlineMs | None = None,
    on_deadline: OptionId | None = None,
    keep: bool = False,
) -> Approval:
    """Ask; a running worker goes to waiting_approval until it is answered.

    Without options: allow and deny. Past its deadline it is decided with `on_deadline`, or without
    that it expires. The end of the seat's process cancels it, unless it is to be kept (`keep`) for
    the next process of the worker; who gives the seat up by runtime.detach leaves it pending.
    """
    worker = workers.require(tx, worker_id)
    offered = options or _DEFAULT_OPTIONS
    _check_options(offered, on_deadline)
    records.require_room(tx, worker_id)
    request_id = tx.world.new_id("ap_")
    seat = seats.current(tx, worker_id)
    due_ms = None if deadline_ms is None else durations.due_after(tx, deadline_ms)
    tx.store.run(
        "INSERT INTO approvals (request_id, worker_id, controller_id, turn_id, state, kind,"
        " message, options, keep, created_at, deadline_ms, on_deadline, runtime_epoch)"
        " VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)",
        request_id,
        worker_id,
        worker.controller_id,
        turn_id,
        kind,
        message,
        bounded(offered, "options"),
        int(keep),
        tx.now,
        due_ms,
        on_deadline,
        None if seat is None else seat.epoch,
    )
    workers.note(tx, worker, "approval.requested", request_id=request_id)
    if worker.state == "running":
        workers.move(tx, worker, "waiting_approval")
    if due_ms is not None:
        durations.wake(tx, due_ms)
    return records.require(tx, worker_id, request_id)


def _check_options(options: list[Option], on_deadline: str | None) -> None:
    ids = [option.id for option in options]
    if len(set(ids)) != len(ids):
        raise InvalidParams("the ids of options must differ from each other", param="options")
    if on_deadline is not None and on_deadline not in ids:
        raise _unknown_option(on_deadline, options)


@room.query(sockets=_BOTH, errors=(ApprovalNotFound,))
def get(rx: Rx, *, worker_id: WorkerId | None = None, request_id: ApprovalId) -> Approval:
    """Return one approval."""
    return records.require(rx, worker_id, request_id)


@room.query(sockets=_BOTH, errors=(WorkerNotFound, ControllerNotFound))
def list_(
    rx: Rx,
    *,
    worker_id: WorkerId | None = None,
    controller_id: ControllerId | None = None,
    state: ListedState = "pending",
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Approval]:
    """List approvals, oldest first; by default those that are pending."""
    if controller_id is not None:
        controllers.CONTROLLERS.require(rx, controller_id)
    if worker_id is not None:
        owner_id = workers.require_controller_id(rx, worker_id)
        if controller_id not in (None, owner_id):
            return Page(items=[])
        # A worker has one controller for ever, so its own index says it all.
        controller_id = None
    return records.APPROVALS.oldest_first(
        rx,
        limit,
        cursor,
        worker_id=worker_id,
        controller_id=controller_id,
        state=None if state == "all" else state,
    )


def _guard_approval(tx: Tx, arguments: Arguments, fence: Fence | None) -> None:
    worker_id = arguments["worker_id"]
    approval = records.require(
        tx, None if worker_id is None else str(worker_id), str(arguments["request_id"])
    )
    controller_id = workers.require_controller_id(tx, approval.worker_id)
    controllers.require_owner(tx, controller_id, fence)


@room.mutation(
    sockets=(CONTROL,),
    fence=beside_owner(_guard_approval),
    errors=(ApprovalNotFound, Fenced, ApprovalNotPending, ApprovalOptionUnknown, StaleState),
)
def decide(
    tx: Tx,
    *,
    worker_id: WorkerId | None = None,
    request_id: ApprovalId,
    option: TypeName,
    note: Text | None = None,
    runtime_epoch: Epoch | None = None,
) -> Approval:
    """Answer an approval, once, by the id of an option or by its alias (any case).

    It can be answered only once, so a person may answer beside a living owner, without its fence.
    A `runtime_epoch` that is not the worker's is STALE_STATE: another process sits there by now.
    It is not looked at where the question is kept, which is for whoever sits there.
    """
    approval = records.require_pending(tx, worker_id, request_id)
    if runtime_epoch is not None and not approval.keep:
        _require_epoch(tx, approval, runtime_epoch)
    return records.finish(tx, approval, "decided", option=_pick(approval, option), note=note)


def _require_epoch(tx: Tx, approval: Approval, runtime_epoch: int) -> None:
    current = fence.current_epoch(tx, streams.worker(approval.worker_id))
    if runtime_epoch != current:
        raise StaleState(
            f"worker {approval.worker_id} has runtime epoch {current}, not {runtime_epoch}:"
            " another process has its seat by now",
            worker_id=approval.worker_id,
            request_id=approval.request_id,
            current_epoch=current,
        )


@room.mutation(
    sockets=_BOTH,
    fence=beside_owner(_guard_approval),
    errors=(ApprovalNotFound, Fenced, ApprovalNotPending),
)
def cancel(
    tx: Tx,
    *,
    worker_id: WorkerId | None = None,
    request_id: ApprovalId,
    note: Text | None = None,
) -> Approval:
    """Take a question back, without a fence also beside its worker's owner."""
    approval = records.require_pending(tx, worker_id, request_id)
    return records.finish(tx, approval, "canceled", note=note)


@room.wait(sockets=_BOTH, errors=(ApprovalNotFound,))
def wait(
    rx: Rx,
    *,
    worker_id: WorkerId | None = None,
    request_id: ApprovalId,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Approval]:
    """Return an approval as soon as it has ended; still pending at the timeout."""
    approval = records.require(rx, worker_id, request_id)
    controller_id = workers.require_controller_id(rx, approval.worker_id)
    return Waiting(
        approval,
        ready=approval.state != "pending",
        streams=(streams.controller(controller_id),),
    )


@room.mutation(sockets=(), timer=True)
def expire_due(tx: Tx) -> int | None:
    """End approvals past their deadlines; returns when the next one is due, by CLOCK_BOOTTIME."""
    is_due = (
        f"number IN (SELECT number {_WITH_DEADLINE} AND deadline_ms <= ?"
        " ORDER BY deadline_ms LIMIT ?)"
    )
    due = list(records.APPROVALS.select(tx, is_due, durations.due_now(tx), _AT_ONCE))
    for _, approval in due:
        row = tx.store.row(
            "SELECT on_deadline FROM approvals WHERE request_id = ?", approval.request_id
        )
        chosen = None if row is None or row[0] is None else _pick(approval, str(row[0]))
        state: ApprovalState = "expired" if chosen is None else "decided"
        records.finish(tx, approval, state, option=chosen, note="the deadline passed")
    # Where more are due than fit a run this lies in the past, and the next one follows at once.
    row = tx.store.row(f"SELECT deadline_ms {_WITH_DEADLINE} ORDER BY deadline_ms LIMIT 1")
    return None if row is None else durations.wake_at(tx.world, integer(row[0]))


def _pick(approval: Approval, named: str) -> Option:
    """Find an option by id, else by its alias as it stands, else by an alias in any case.

    As it stands first: of `y` and `Y` one may hold for once and the other for ever.
    """
    options = approval.options
    by_id = (option for option in options if option.id == named)
    by_alias = (option for option in options if option.alias == named)
    in_any_case = (
        option
        for option in options
        if option.alias is not None and option.alias.casefold() == named.casefold()
    )
    chosen = next(chain(by_id, by_alias, in_any_case), None)
    if chosen is None:
        raise _unknown_option(named, options)
    return chosen


def _unknown_option(named: str, options: list[Option]) -> ApprovalOptionUnknown:
    known = [option.id for option in options]
    return ApprovalOptionUnknown(
        f"there is no option {named!r}; there are {', '.join(known)}", option=named, known=known
    )
