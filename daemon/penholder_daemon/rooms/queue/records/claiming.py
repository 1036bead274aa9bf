"""Who gets which task, for how long, and what becomes of it when that time is over.

A claim must cost the same however many tasks there are, and be right though nobody has swept up
before it. "The first that is pending and whose time has come" is not to be had from an index in
order: the time is a range, and behind a range an index is sorted by nothing else. So whether a task
is due is a column (`is_due`), which is changed when its time comes. Then what may be claimed stands
in one partial index, in the order of the list, and the first of it is the answer.

Both changes that time makes, that a task is due and that a lease is over, are made by the timer
(`queue.free_due`) and by each claim before it looks. The timer is for those who wait and ask
nothing; a claim does not wait for it, since it may be late. So that neither is long while everybody
waits for the writer, each makes so many at once, and the timer comes again for the rest. Where more
than so many are due, a claim may not see some of them until then.

A lease that ran out frees its task for the next one, under the same age and so in the same place.
The attempt counts: a task that kills its runner must not come back for ever. What is taken back by
the daemon for its own reasons (`free_all`) is an attempt that never was.

An end releases the claim: its holder is fenced, also by a cancel that it knows nothing of.
"""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from penholder_daemon.core import claims, durations, streams
from penholder_daemon.core.effects import WakeWaiters
from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.queue.records import tasks
from penholder_protocol.limits import MAX_BACKOFF_MS
from penholder_protocol.nouns import ClaimedTask, QueueTask
from penholder_protocol.nouns.words import QueueTaskState

CANCEL_REASON = "cancel requested"
_CLAIMABLE = "state = 'pending' AND is_due = 1"
_ORDER = "rank, created_at, queue_task_id"
_AT_ONCE = 200
"""Tasks that one run takes back or lets go, a timer's or a claim's; the timer comes again for the
rest at once."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Under which terms a runner takes tasks."""

    runner_id: str
    lease_ms: int
    own_token: str | None


def claim(
    tx: Tx, queue: str, lanes: Sequence[str] | None, most: int, terms: Terms
) -> list[ClaimedTask]:
    """Give a runner the first tasks of a queue, or of some of its lanes."""
    free_expired(tx)
    free_due(tx)
    is_paused = tasks.is_paused(tx, queue)
    first = [] if is_paused else _first(tx, queue, lanes, most)
    tx.is_empty = not first
    return [_give(tx, name, terms) for name in first]


def _first(tx: Tx, queue: str, lanes: Sequence[str] | None, most: int) -> list[str]:
    if lanes is None:
        found = _heads(tx, "queue = ?", [queue], most)
    else:
        # Each lane by itself, as its index gives it in order, and merged here. A lane that is named
        # twice would give its tasks twice.
        found = [
            head
            for lane in dict.fromkeys(lanes)
            for head in _heads(tx, "queue = ? AND lane = ?", [queue, lane], most)
        ]
    return [str(head[2]) for head in sorted(found)[:most]]


def _heads(tx: Tx, where: str, values: list[SqlValue], most: int) -> list[tuple[int, str, str]]:
    sql = (
        f"SELECT {_ORDER} FROM queue_tasks WHERE {where} AND {_CLAIMABLE} ORDER BY {_ORDER} LIMIT ?"
    )
    return [
        (integer(rank), str(created_at), str(name))
        for rank, created_at, name in tx.store.rows(sql, *values, most)
    ]


def _give(tx: Tx, queue_task_id: str, terms: Terms) -> ClaimedTask:
    task = tasks.require(tx, queue_task_id)
    subject = tasks.subject(queue_task_id)
    lease = claims.grant(tx, subject, terms.lease_ms, terms.own_token)
    task = tasks.change(
        tx,
        task,
        state="running",
        claimed_by=terms.runner_id,
        attempts=task.attempts + 1,
        not_before_ms=None,
        error=None,
    )
    tasks.note(tx, task, "claimed", runner_id=terms.runner_id, attempts=task.attempts)
    claims.wake(tx, terms.lease_ms)
    return ClaimedTask(task=task, lease=lease)


def end(tx: Tx, task: QueueTask, state: str, **columns: SqlValue) -> QueueTask:
    """End a task for good; whoever held it is FENCED from now on."""
    claims.release(tx, tasks.subject(task.queue_task_id))
    # Without a time: else the index of what waits would hold it, and `free_due` find it some day.
    known = {"is_due": 0, "not_before_ms": None, **columns}
    return tasks.change(tx, task, state=state, **known)


def cancel(tx: Tx, task: QueueTask, reason: str, **columns: SqlValue) -> QueueTask:
    """End a task as canceled."""
    return end(tx, task, "canceled", canceled_at=tx.now, cancel_reason=reason, **columns)


def take_over_state(
    tx: Tx, task: QueueTask, state: QueueTaskState, **columns: SqlValue
) -> QueueTask:
    """Put a task into the state that its attempt has elsewhere; no attempt is counted."""
    if state == "canceled":
        return cancel(tx, task, CANCEL_REASON, **columns)
    if state in tasks.TERMINAL:
        return end(tx, task, state, **columns)
    if state == "pending" and task.state == "running":
        task = free(tx, task, 0, task.error)
    elif state == "running" and task.state == "pending":
        # It runs elsewhere, so its delay is over; with a time it would still be found as due.
        columns |= {"is_due": 0, "not_before_ms": None}
    return tasks.change(tx, task, state=state, **columns)


def free(tx: Tx, task: QueueTask, delay_ms: int, error: str | None) -> QueueTask:
    """Make a task pending again, now or after a delay; its age and so its place stay."""
    claims.release(tx, tasks.subject(task.queue_task_id))
    due_ms = durations.due_after(tx, delay_ms) if delay_ms else None
    freed = tasks.change(
        tx,
        task,
        state="pending",
        is_due=int(due_ms is None),
        not_before_ms=due_ms,
        claimed_by=None,
        error=error,
    )
    if due_ms is None:
        tx.after_commit(WakeWaiters(streams.queue(task.queue)))
    else:
        durations.wake(tx, due_ms)
    return freed


def free_all(tx: Tx, why: str) -> int:
    """Take every claimed task from its runner, as an attempt that never was; returns how many."""
    claimed = tx.store.rows(
        "SELECT queue_task_id FROM queue_tasks WHERE state = 'running' AND claimed_by IS NOT NULL"
    )
    found = [tasks.require(tx, str(row[0])) for row in list(claimed)]
    for task in found:
        freed = tasks.change(tx, free(tx, task, 0, why), attempts=task.attempts - 1)
        tasks.note(tx, freed, "retried", error=why, not_before_at=None)
    return len(found)


def backoff_ms(task: QueueTask) -> int:
    """Return the pause before the next try: doubled each time, with up to a quarter of jitter.

    The jitter comes from the task and the attempt, so that tasks that failed together do not come
    back together and a replay comes to the same.
    """
    pause = min(task.backoff_ms << min(max(task.attempts - 1, 0), 40), MAX_BACKOFF_MS)
    drawn = hashlib.sha256(f"{task.queue_task_id}/{task.attempts}".encode()).digest()
    return min(pause + pause * drawn[0] // (4 * 255), MAX_BACKOFF_MS)


def free_expired(tx: Tx) -> None:
    """Take back what was not renewed in time."""
    for task in list(_expired(tx)):
        _expire(tx, task)


def free_if_expired(tx: Tx, task: QueueTask) -> QueueTask:
    """Take one task back if it was not renewed in time; return it as it is then."""
    is_expired = claims.is_expired(tx, tasks.subject(task.queue_task_id))
    return _expire(tx, task) if is_expired else task


def _expire(tx: Tx, task: QueueTask) -> QueueTask:
    """Let the next one try; a last attempt has failed."""
    told = {"runner_id": task.claimed_by, "attempts": task.attempts}
    if task.attempts < task.max_attempts:
        freed = free(tx, task, 0, "lease expired")
        tasks.note(tx, freed, "expired", **told)
        return freed
    failed = end(tx, task, "failed", error="lease expired")
    tasks.note(tx, failed, "expired", **told)
    tasks.note(tx, failed, "failed", error="lease expired")
    return failed


def _expired(tx: Tx) -> Iterator[QueueTask]:
    # Said as the partial index of these leases says it: so SQLite knows that it may use it. A
    # semicolon is the character after a colon.
    found = tx.store.rows(
        "SELECT subject FROM leases WHERE subject >= 'queue_task:' AND subject < 'queue_task;'"
        " AND deadline_ms <= ? ORDER BY deadline_ms LIMIT ?",
        durations.lease_now(tx),
        _AT_ONCE,
    )
    # Read to the end first: freeing a task changes the table that is read here.
    for row in list(found):
        yield tasks.require(tx, str(row[0]).removeprefix("queue_task:"))


def free_due(tx: Tx) -> None:
    """Let tasks be claimed whose time has come, and tell those who wait."""
    found = tx.store.rows(
        "SELECT queue_task_id, queue FROM queue_tasks WHERE is_due = 0 AND not_before_ms <= ?"
        " ORDER BY not_before_ms LIMIT ?",
        durations.due_now(tx),
        _AT_ONCE,
    )
    due = list(found)
    for queue_task_id, _ in due:
        # Not by `tasks.change`: nothing that a reader sees of the task is new, nor its version.
        tx.store.run(
            "UPDATE queue_tasks SET is_due = 1 WHERE queue_task_id = ?",
            queue_task_id,
        )
    for queue in dict.fromkeys(str(row[1]) for row in due):
        tx.after_commit(WakeWaiters(streams.queue(queue)))


def next_due_ms(tx: Tx) -> int | None:
    """Return when the next lease or delay is over, by CLOCK_BOOTTIME."""
    lease = tx.store.row(
        # Named, since the planner would rather sort all of them by their deadlines.
        "SELECT deadline_ms FROM leases INDEXED BY leases_of_queue_tasks"
        " WHERE subject >= 'queue_task:'"
        " AND subject < 'queue_task;' ORDER BY deadline_ms LIMIT 1"
    )
    delay = tx.store.row(
        "SELECT not_before_ms FROM queue_tasks WHERE is_due = 0 AND not_before_ms IS NOT NULL"
        " ORDER BY not_before_ms LIMIT 1"
    )
    times = []
    if lease is not None:
        times.append(durations.wake_for_lease(tx.world, integer(lease[0])))
    if delay is not None:
        times.append(durations.wake_at(tx.world, integer(delay[0])))
    return min(times, default=None)
