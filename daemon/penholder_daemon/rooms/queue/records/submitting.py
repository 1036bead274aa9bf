"""Making queue tasks, once for each idempotency key."""

from penholder_daemon.core import counters, durations, idempotency
from penholder_daemon.core.store import Row
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.queue.records import tasks
from penholder_protocol.errors import IdempotencyConflict, QueueTaskExists
from penholder_protocol.nouns import NewQueueTask, QueueTask


def submit_one(tx: Tx, new: NewQueueTask) -> QueueTask:
    """Make a task, or answer the one that was made under its key."""
    payload_hash = idempotency.payload_hash(new.payload)
    if new.idempotency_key is not None:
        made = _under_key(tx, new, payload_hash)
        if made is not None:
            return made
    queue_task_id = new.queue_task_id or tx.world.new_id("qt_")
    _refuse_existing(tx, queue_task_id)
    due_ms = durations.due_after(tx, new.delay_ms) if new.delay_ms else None
    tx.store.run(
        "INSERT INTO queue_tasks (queue_task_id, tenant_id, project_id, queue, lane, title, rank,"
        " payload, payload_hash, state, is_due, version, attempts, max_attempts, backoff_ms,"
        " not_before_ms, idempotency_key, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, 0, ?, ?, ?, ?, ?, ?)",
        queue_task_id,
        new.tenant_id,
        new.project_id,
        new.queue,
        new.lane,
        new.title,
        -new.priority,
        tasks.raw_text(new.payload),
        payload_hash,
        int(due_ms is None),
        counters.raise_(tx, tasks.VERSIONS),
        new.max_attempts,
        new.backoff_ms,
        due_ms,
        new.idempotency_key,
        tx.now,
        tx.now,
    )
    task = tasks.require(tx, queue_task_id)
    tasks.added(tx, task)
    tasks.note(tx, task, "submitted", lane=task.lane, priority=task.priority)
    if due_ms is not None:
        durations.wake(tx, due_ms)
    return task


def _under_key(tx: Tx, new: NewQueueTask, payload_hash: str) -> QueueTask | None:
    row: Row | None = tx.store.row(
        "SELECT queue_task_id, payload_hash FROM queue_tasks"
        " WHERE tenant_id = ? AND project_id = ? AND idempotency_key = ?",
        new.tenant_id,
        new.project_id,
        new.idempotency_key,
    )
    if row is None:
        return None
    if row[1] != payload_hash:
        raise IdempotencyConflict(
            f"key {new.idempotency_key!r} was used with another payload in this project",
            idempotency_key=new.idempotency_key or "",
            queue_task_id=str(row[0]),
        )
    return tasks.require(tx, str(row[0]))


def _refuse_existing(tx: Tx, queue_task_id: str) -> None:
    found = tx.store.row("SELECT 1 FROM queue_tasks WHERE queue_task_id = ?", queue_task_id)
    if found is not None:
        raise QueueTaskExists(f"a queue task {queue_task_id!r} exists", queue_task_id=queue_task_id)
