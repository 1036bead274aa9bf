"""Submitting work, claiming it, and bringing it to its end."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from penholder_daemon.core import claims, counters, fence, journal, read_cursors, streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.effects import WakeWaiters
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.params import compact_struct
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.queue.records import claiming, tasks
from penholder_daemon.rooms.queue.records.claiming import Terms
from penholder_daemon.rooms.queue.records.submitting import submit_one
from penholder_protocol.errors import (
    Denied,
    Fenced,
    FenceRequired,
    IdempotencyConflict,
    QueueTaskExists,
    QueueTaskNotClaimed,
    QueueTaskNotFound,
    QueueTaskTerminal,
)
from penholder_protocol.limits import DEFAULT_WAIT_MS, MAX_CLAIM, MAX_STREAMS, MAX_SUBMIT_MANY
from penholder_protocol.nouns import (
    ClaimedTask,
    Finding,
    LeaseProof,
    NewQueueTask,
    Page,
    PausedQueue,
    QueueRead,
    QueueTask,
)
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    Attempts,
    DelayMs,
    IdempotencyKey,
    JsonObject,
    LeaseMs,
    OwnToken,
    Priority,
    ProjectId,
    QueueName,
    QueueTaskId,
    QueueTaskState,
    ReaderId,
    RunnerId,
    TenantId,
    Text,
    TypeName,
    WaitMs,
)

room = Room("queue")

_BOTH = (CONTROL, RUNTIME)
_LOST = (
    "queue.list shows what it claimed, and each task comes back when its lease runs out; pass a"
    " `token` of your own to be answered the same tasks again"
)
_HOLDING = (QueueTaskNotFound, FenceRequired, Fenced, Denied)
_HELD = (*_HOLDING, QueueTaskNotClaimed)
NewTasks = Annotated[list[NewQueueTask], Meta(min_length=1, max_length=MAX_SUBMIT_MANY)]
Lanes = Annotated[list[TypeName], Meta(min_length=1, max_length=MAX_STREAMS)]
MaxTasks = Annotated[int, Meta(ge=1, le=MAX_CLAIM)]


@room.mutation(sockets=(CONTROL,), errors=(QueueTaskExists, IdempotencyConflict), keeps_key=True)
def submit(
    tx: Tx,
    *,
    queue_task_id: QueueTaskId | None = None,
    tenant_id: TenantId,
    project_id: ProjectId,
    queue: QueueName,
    lane: TypeName = "default",
    title: Text | None = None,
    priority: Priority = 0,
    payload: JsonObject = EMPTY_OBJECT,
    max_attempts: Attempts = 1,
    backoff_ms: DelayMs = 1000,
    delay_ms: DelayMs = 0,
    idempotency_key: IdempotencyKey | None = None,
) -> QueueTask:
    """Add a task to a queue, to be claimed now or after a delay.

    An idempotency key counts in its tenant and project, for ever: the same payload again answers
    the task as it stands.
    """
    new = NewQueueTask(
        queue_task_id=queue_task_id,
        tenant_id=tenant_id,
        project_id=project_id,
        queue=queue,
        lane=lane,
        title=title,
        priority=priority,
        payload=payload,
        max_attempts=max_attempts,
        backoff_ms=backoff_ms,
        delay_ms=delay_ms,
        idempotency_key=idempotency_key,
    )
    return submit_one(tx, new)


@room.mutation(sockets=(CONTROL,), errors=(QueueTaskExists, IdempotencyConflict))
def submit_many(tx: Tx, *, tasks: NewTasks) -> Page[QueueTask]:
    """Add up to 1,000 tasks, all or none."""
    return Page(items=[submit_one(tx, compact_struct(task)) for task in tasks])


@room.mutation(sockets=_BOTH, if_lost=_LOST)
def claim(
    tx: Tx,
    *,
    queue: QueueName,
    runner_id: RunnerId,
    lease_ms: LeaseMs,
    lanes: Lanes | None = None,
    max_tasks: MaxTasks = 1,
    token: OwnToken | None = None,
) -> Page[ClaimedTask]:
    """Take the first tasks of a queue under a lease; an empty list if there is nothing to do.

    With a `token` of the caller's own, which serves all of them, the answer shows none and is kept
    under its idempotency key; an empty one is not.
    """
    terms = Terms(runner_id=runner_id, lease_ms=lease_ms, own_token=token)
    return Page(items=claiming.claim(tx, queue, lanes, max_tasks, terms))


@room.claim(sockets=_BOTH, if_lost=_LOST)
def wait(
    tx: Tx,
    *,
    queue: QueueName,
    runner_id: RunnerId,
    lease_ms: LeaseMs,
    lanes: Lanes | None = None,
    max_tasks: MaxTasks = 1,
    token: OwnToken | None = None,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Page[ClaimedTask]]:
    """Claim as queue.claim does, as soon as there is something; empty at the timeout."""
    terms = Terms(runner_id=runner_id, lease_ms=lease_ms, own_token=token)
    claimed = claiming.claim(tx, queue, lanes, max_tasks, terms)
    return Waiting(
        Page(items=claimed),
        ready=bool(claimed),
        streams=(streams.queue(queue),),
        # Who takes from every lane and got nothing knows that there is nothing for anybody.
        others_may_find=lanes is not None,
    )


@room.mutation(sockets=_BOTH, errors=_HELD)
def heartbeat(
    tx: Tx, *, queue_task_id: QueueTaskId, lease_ms: LeaseMs, lease: LeaseProof | None = None
) -> ClaimedTask:
    """Renew the lease of a claimed task; its token is not shown again."""
    task = _held(tx, queue_task_id, lease)
    renewed = claims.renew(tx, tasks.subject(queue_task_id), lease_ms)
    claims.wake(tx, lease_ms)
    return ClaimedTask(task=tasks.require(tx, task.queue_task_id), lease=renewed)


@room.mutation(sockets=_BOTH, errors=_HELD)
def complete(
    tx: Tx,
    *,
    queue_task_id: QueueTaskId,
    result: JsonObject = EMPTY_OBJECT,
    lease: LeaseProof | None = None,
) -> QueueTask:
    """End a task as completed."""
    task = _held(tx, queue_task_id, lease)
    done = claiming.end(tx, task, "completed", result=tasks.raw_text(result), error=None)
    tasks.note(tx, done, "completed", runner_id=task.claimed_by)
    return done


@room.mutation(sockets=_BOTH, errors=_HELD)
def fail(
    tx: Tx,
    *,
    queue_task_id: QueueTaskId,
    error: Text,
    retry: bool = True,
    lease: LeaseProof | None = None,
) -> QueueTask:
    """Say that an attempt failed: it is tried again after a pause while attempts are left."""
    task = _held(tx, queue_task_id, lease)
    if retry and task.attempts < task.max_attempts:
        pause_ms = claiming.backoff_ms(task)
        retried = claiming.free(tx, task, pause_ms, error)
        tasks.note(tx, retried, "retried", error=error, not_before_at=retried.not_before_at)
        return retried
    failed = claiming.end(tx, task, "failed", error=error)
    tasks.note(tx, failed, "failed", error=error)
    return failed


def _held(tx: Tx, queue_task_id: str, lease: LeaseProof | None) -> QueueTask:
    """Return a task for who holds it: one that has ended or is another's by now is Fenced."""
    # First, so that a lease is over when its time is, not when the timer comes to it. The refusal
    # that follows takes the freeing back; the timer does it again.
    task = claiming.free_if_expired(tx, tasks.require(tx, queue_task_id))
    tasks.require_own(tx, task, lease)
    if task.state in tasks.TERMINAL:
        raise Fenced(
            f"queue task {queue_task_id} has ended: it is {task.state}",
            queue_task_id=queue_task_id,
            current_epoch=fence.current_epoch(tx, tasks.subject(queue_task_id)),
        )
    tasks.require_holder(tx, task, lease)
    if task.claimed_by is None:
        raise QueueTaskNotClaimed(
            f"queue task {queue_task_id} is {task.state} and nobody holds it; claim it first",
            queue_task_id=queue_task_id,
            current_state=task.state,
        )
    return task


@room.mutation(sockets=_BOTH, errors=(*_HOLDING, QueueTaskTerminal))
def update_attempt(
    tx: Tx,
    *,
    queue_task_id: QueueTaskId,
    state: QueueTaskState,
    latest_attempt: JsonObject,
    session_path: Text | None = None,
    lease: LeaseProof | None = None,
) -> QueueTask:
    """Note how an attempt stands elsewhere, and the state that follows from it.

    It counts no attempt; an absent session_path keeps what was there. On the control socket it
    needs no claim, and a lease only while there is one.
    """
    # As in `_held`: who lets its lease run out holds it no more.
    task = claiming.free_if_expired(tx, tasks.require(tx, queue_task_id))
    tasks.require_own(tx, task, lease)
    if task.state in tasks.TERMINAL:
        raise QueueTaskTerminal(
            f"queue task {queue_task_id} is {task.state} and stays so",
            queue_task_id=queue_task_id,
            current_state=task.state,
        )
    tasks.require_holder(tx, task, lease)
    told = {"latest_attempt": tasks.raw_text(latest_attempt)}
    if session_path is not None:
        told["session_path"] = session_path
    changed = claiming.take_over_state(tx, task, state, **told)
    tasks.note(tx, changed, state if state in tasks.TERMINAL else "attempt_updated", state=state)
    return changed


@room.mutation(sockets=(CONTROL,), errors=(QueueTaskNotFound,))
def cancel(
    tx: Tx, *, queue_task_id: QueueTaskId, reason: Text = claiming.CANCEL_REASON
) -> QueueTask:
    """Cancel a task; one that has ended is answered as it stands."""
    task = tasks.require(tx, queue_task_id)
    if task.state in tasks.TERMINAL:
        return task
    canceled = claiming.cancel(tx, task, reason)
    tasks.note(tx, canceled, "canceled", reason=reason)
    return canceled


@room.mutation(sockets=(CONTROL,))
def pause(tx: Tx, *, queue: QueueName) -> PausedQueue:
    """Give out nothing more from a queue; what is claimed goes on."""
    return _set_paused(tx, queue, paused=True)


@room.mutation(sockets=(CONTROL,))
def resume(tx: Tx, *, queue: QueueName) -> PausedQueue:
    """Give tasks out again."""
    tx.after_commit(WakeWaiters(streams.queue(queue)))
    return _set_paused(tx, queue, paused=False)


def _set_paused(tx: Tx, queue: str, *, paused: bool) -> PausedQueue:
    if tasks.is_paused(tx, queue) != paused:
        tx.store.run(
            "INSERT INTO queues (queue, is_paused) VALUES (?, ?)"
            " ON CONFLICT (queue) DO UPDATE SET is_paused = excluded.is_paused",
            queue,
            int(paused),
        )
        journal.note(tx, streams.queue(queue), "paused" if paused else "resumed", queue=queue)
    return PausedQueue(queue=queue, paused=paused)


@room.mutation(sockets=(CONTROL,), errors=(QueueTaskNotFound,))
def mark_read(tx: Tx, *, queue_task_id: QueueTaskId, reader_id: ReaderId) -> QueueRead:
    """Note that a reader has seen a task as it is now."""
    task = tasks.require(tx, queue_task_id)
    read_cursors.advance(tx, reader_id, tasks.subject(queue_task_id), task.version)
    return QueueRead(
        queue_task_id=queue_task_id,
        reader_id=reader_id,
        task_version=task.version,
        read_at=tx.now,
    )


@room.mutation(sockets=(), timer=True)
def free_due(tx: Tx) -> int | None:
    """Take back what was not renewed, let delayed tasks be claimed; returns when to look again."""
    claiming.free_expired(tx)
    claiming.free_due(tx)
    return claiming.next_due_ms(tx)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """The counts are what is there, and whoever runs a task holds it."""
    return verify.query(
        rx,
        {
            "queue_counts": (
                "SELECT queue || '/' || lane || '/' || state || ' counts ' || tasks"
                " FROM queue_counts c WHERE tasks <> (SELECT COUNT(*) FROM queue_tasks t"
                " WHERE t.queue = c.queue AND t.lane = c.lane AND t.state = c.state)"
            ),
            "queue_versions": (
                "SELECT 'queue task ' || queue_task_id || ' has version ' || version"
                f" FROM queue_tasks WHERE version > {counters.current(rx, tasks.VERSIONS)}"
            ),
            "queue_tasks_claimed_by_holders": (
                "SELECT 'queue task ' || queue_task_id || ' is claimed by ' || claimed_by"
                " || CASE WHEN f.token_hash IS NULL THEN ', which does not hold it'"
                " ELSE ' without a lease' END FROM queue_tasks"
                " LEFT JOIN fences f ON f.subject = 'queue_task:' || queue_task_id"
                " LEFT JOIN leases l ON l.subject = 'queue_task:' || queue_task_id"
                " WHERE claimed_by IS NOT NULL AND state NOT IN"
                f" ({', '.join(repr(state) for state in sorted(tasks.TERMINAL))})"
                " AND (f.token_hash IS NULL OR l.subject IS NULL)"
            ),
        },
    )
