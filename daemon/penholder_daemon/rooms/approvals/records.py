"""The table of approvals, and how one ends, for other rooms as well.

An end is the same from whichever side it comes (`_end`): state, answer and time in one row, and an
entry in the controller's stream, on which waits look. What differs is what becomes of the worker. A
single end lets it go on if that was the last question it waited for (`finish`); where all are
canceled at once, the seat is lost and its room decides the state (`cancel_all`).

Many may be pending, and the end of a seat cancels all that are not kept within one mutation. It
must always be possible: an end that is refused for its size could never come. So how many a worker
may have pending is bounded where one is asked (`require_room`).
"""

from penholder_daemon.core import durations
from penholder_daemon.core.room_left import is_full
from penholder_daemon.core.store import Shape, integer_in
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.workers import records as workers
from penholder_protocol.errors import ApprovalNotFound, ApprovalNotPending, TooManyApprovals
from penholder_protocol.limits import MAX_PENDING_APPROVALS
from penholder_protocol.nouns import Approval, Option, Worker
from penholder_protocol.nouns.words import ApprovalState

APPROVALS = Table(
    Shape(Approval, {"deadline_at": durations.due_at}, deadline_at="deadline_ms"), "approval"
)


def require(rx: Rx, worker_id: str | None, request_id: str) -> Approval:
    """Return an approval (of this worker, if given) or raise ApprovalNotFound."""
    # The first half finds one row at most, so the second may be said in a way that no index serves.
    is_meant = "request_id = ?1 AND (worker_id = ?2 OR ?2 IS NULL)"
    approval = APPROVALS.first(rx, is_meant, request_id, worker_id)
    if approval is not None:
        return approval
    of_worker = "" if worker_id is None else f" of worker {worker_id}"
    raise ApprovalNotFound(f"there is no approval {request_id!r}{of_worker}", request_id=request_id)


def require_pending(tx: Tx, worker_id: str | None, request_id: str) -> Approval:
    """Return an approval that nobody has ended yet, or raise ApprovalNotPending."""
    approval = require(tx, worker_id, request_id)
    if approval.state != "pending":
        raise ApprovalNotPending(
            f"approval {request_id} is {approval.state} already",
            request_id=request_id,
            current_state=approval.state,
        )
    return approval


def count_pending(rx: Rx, worker_id: str) -> int:
    """Return how many approvals of a worker are pending."""
    pending = "SELECT COUNT(*) FROM approvals WHERE worker_id = ? AND state = 'pending'"
    return integer_in(rx.store, pending, worker_id) or 0


def require_room(tx: Tx, worker_id: str) -> None:
    """Raise TooManyApprovals where the end of the seat would have too many to cancel at once."""
    pending = "approvals WHERE worker_id = ? AND state = 'pending'"
    if is_full(tx, pending, worker_id, most=MAX_PENDING_APPROVALS):
        raise TooManyApprovals(
            f"worker {worker_id} has MAX_PENDING_APPROVALS ({MAX_PENDING_APPROVALS}) questions that"
            " nobody has answered; have some answered with approval.decide, or cancel them",
            worker_id=worker_id,
            limit="MAX_PENDING_APPROVALS",
            maximum=MAX_PENDING_APPROVALS,
        )


def cancel_all(tx: Tx, worker: Worker, note: str) -> None:
    """Cancel what a worker asked through its seat and is not kept; its state is the caller's."""
    is_meant = "worker_id = ? AND state = 'pending' AND keep = 0"
    # Read to the end first: each end changes the index that is read here.
    pending = list(APPROVALS.select(tx, is_meant, worker.worker_id))
    for _, approval in pending:
        _end(tx, worker, approval, "canceled", note=note)


def delete_all(tx: Tx, worker_id: str) -> None:
    """Delete the approvals of a worker that is removed."""
    tx.store.run("DELETE FROM approvals WHERE worker_id = ?", worker_id)


def finish(
    tx: Tx,
    approval: Approval,
    state: ApprovalState,
    *,
    option: Option | None = None,
    note: str | None = None,
) -> Approval:
    """End an approval and let its worker go on if that was the last it waited for."""
    worker = workers.require(tx, approval.worker_id)
    _end(tx, worker, approval, state, option=option, note=note)
    if worker.state == "waiting_approval" and not count_pending(tx, worker.worker_id):
        workers.move(tx, worker, "running")
    return require(tx, worker.worker_id, approval.request_id)


def _end(
    tx: Tx,
    worker: Worker,
    approval: Approval,
    state: ApprovalState,
    *,
    option: Option | None = None,
    note: str | None = None,
) -> None:
    tx.store.run(
        "UPDATE approvals SET state = ?, decided_at = ?, decision = ?, selected_option_id = ?,"
        " selected_alias = ?, note = ? WHERE request_id = ? AND state = 'pending'",
        state,
        tx.now,
        None if option is None else option.alias or option.id,
        None if option is None else option.id,
        None if option is None else option.alias,
        note,
        approval.request_id,
    )
    workers.note(tx, worker, f"approval.{state}", request_id=approval.request_id)
