"""Looking at queues: tasks in their order, what a reader has not seen, counts."""

from functools import partial

import msgspec

from penholder_daemon.core import access, counters, paging, read_cursors
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.store import integer
from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms.queue.methods.writing import room
from penholder_daemon.rooms.queue.records import tasks
from penholder_protocol.errors import Denied, QueueTaskNotFound
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Page, QueueOverview, QueueStats, QueueTask
from penholder_protocol.nouns.words import (
    Cursor,
    ListLimit,
    QueueName,
    QueueTaskId,
    QueueTaskState,
    ReaderId,
    Sequence,
)

__all__ = ["room"]

_IN_OVERVIEW = 20


@room.query(sockets=(CONTROL, RUNTIME), errors=(QueueTaskNotFound, Denied))
def get(rx: Rx, *, queue_task_id: QueueTaskId) -> QueueTask:
    """Return one task; on a runtime socket not what another has claimed."""
    task = tasks.require(rx, queue_task_id)
    access.refuse_others(rx, task.claimed_by, queue_task_id=queue_task_id)
    return task


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx,
    *,
    queue: QueueName | None = None,
    state: QueueTaskState | None = None,
    after_version: Sequence | None = None,
    reader_id: ReaderId | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[QueueTask]:
    """List tasks by priority (high first), then oldest; with a reader, what it has read of each.

    With `after_version` a call looks through a part of them: a page may be empty, with a `next`.
    """
    after = tasks.read_cursor(cursor)
    if after_version is None:
        found = tasks.select(rx, after, queue=queue, state=state)
        seen = (_seen_by(rx, task, reader_id) for task in found)
        # The key of a place is not one number, so that of the last task is made here.
        items, more = paging.cut(((0, task) for task in seen), limit)
        return Page(items=items, next=None if more is None else tasks.cursor_of(items[-1]))
    places = tasks.changed_places(rx, after_version, after, queue=queue, state=state)
    changed = paging.sift(places, partial(_at, rx, reader_id), limit)
    items, last = changed
    return Page(items=items, next=None if last is None else last.cursor)


def _at(rx: Rx, reader_id: str | None, place: tasks.Place) -> QueueTask:
    return _seen_by(rx, tasks.require(rx, place.queue_task_id), reader_id)


def _seen_by(rx: Rx, task: QueueTask, reader_id: str | None) -> QueueTask:
    if reader_id is None:
        return task
    read = read_cursors.version_read(rx, reader_id, tasks.subject(task.queue_task_id))
    is_unread = read is None or read < task.version
    return msgspec.structs.replace(task, read_version=read, unread=is_unread)


@room.query(sockets=(CONTROL,))
def stats(rx: Rx, *, queue: QueueName | None = None) -> QueueStats:
    """Count the tasks of a queue, or of all, by state and by lane."""
    return _stats(rx, queue)


@room.query(sockets=(CONTROL,))
def overview(rx: Rx, *, queue: QueueName | None = None) -> QueueOverview:
    """Return the counts and the first 20 tasks."""
    found = tasks.select(rx, None, queue=queue)
    items, _ = paging.cut(((0, task) for task in found), _IN_OVERVIEW)
    return QueueOverview(queue=queue, stats=_stats(rx, queue), items=items, generated_at=rx.now)


def _stats(rx: Rx, queue: str | None) -> QueueStats:
    where, values = ("TRUE", []) if queue is None else ("queue = ?", [queue])
    by_state = _counts(rx, "state", where, values)
    return QueueStats(
        queue=queue,
        total=sum(by_state.values()),
        by_state=by_state,
        by_lane=_counts(rx, "lane", where, values),
        max_version=_max_version(rx, queue),
        paused=None if queue is None else tasks.is_paused(rx, queue),
        generated_at=rx.now,
    )


def _counts(rx: Rx, column: str, where: str, values: list[str]) -> dict[str, int]:
    rows = rx.store.rows(
        f"SELECT {column}, SUM(tasks) FROM queue_counts WHERE {where}"
        f" GROUP BY {column} HAVING SUM(tasks) > 0 ORDER BY {column}",
        *values,
    )
    return {str(name): integer(tasks) for name, tasks in rows}


def _max_version(rx: Rx, queue: str | None) -> int:
    if queue is None:
        return counters.current(rx, tasks.VERSIONS)
    row = rx.store.row("SELECT max_version FROM queues WHERE queue = ?", queue)
    return 0 if row is None else integer(row[0])
