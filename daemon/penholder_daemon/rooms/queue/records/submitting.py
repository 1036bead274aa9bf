"""Making queue tasks, once for each idempotency key.

The oldest task goes first, and how old it is says the wall clock. That may be set back: then what
is made would go before all that waits already. So no task is made at an earlier time than one of
its queue and priority that has not ended, but a millisecond after the newest of those.
"""

from penholder_daemon.core import counters, durations, idempotency
from penholder_daemon.core.store import Row
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.queue.records import tasks
from penholder_protocol.errors import IdempotencyConflict, QueueTaskExists
from penholder_protocol.nouns import NewQueueTask, QueueTask

_NEWEST = (
    "(SELECT created_at FROM queue_tasks WHERE queue = ?2 AND state = '{state}' AND rank = ?3"
    " ORDER BY created_at DESC LIMIT 1)"
)
_IS_THERE = "SELECT (SELECT 1 FROM queue_tasks WHERE queue_task_id = ?1)"
_ALREADY_THERE = (
    f"{_IS_THERE}, {_NEWEST.format(state='pending')}, {_NEWEST.format(state='running')}"
)
"""Whether a task is there, and of those it may have to wait behind when the newest was made."""


def submit_one(tx: Tx, new: NewQueueTask) -> QueueTask:
    """Make a task, or answer the one that was made under its key."""
    payload_hash = idempotency.payload_hash(new.payload)
    if new.idempotency_key is not None:
        made = _under_key(tx, new, payload_hash)
        if made is not None:
            return made
    queue_task_id = new.queue_task_id or tx.world.new_id("qt_")
    made_at = _time_of(tx, queue_task_id, new)
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
        made_at,
        made_at,
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


def _time_of(tx: Tx, queue_task_id: str, new: NewQueueTask) -> str:
    """Return when a task is made; raises QueueTaskExists."""
    line, clocks = (new.queue, -new.priority), tx.world.clocks
    known = clocks.newest_in_line.get(line)
    # What other hosts have made is not known here.
    is_behind_all = known is not None and known <= tx.now and not tx.store.is_shared
    sql, values = (_IS_THERE, ()) if is_behind_all else (_ALREADY_THERE, line)
    row = tx.store.row(sql, queue_task_id, *values)
    assert row is not None  # it selects from no table
    is_there, *newest = row
    if is_there:
        raise QueueTaskExists(f"a queue task {queue_task_id!r} exists", queue_task_id=queue_task_id)
    made_at = max(str(each) for each in (tx.now, *newest) if each is not None)
    if made_at != tx.now:
        made_at = tx.world.time_from_ms(tx.world.ms_from_time(made_at) + 1)
    clocks.note_in_line(line, made_at)
    return made_at
