"""The tables of the queue: tasks in their order, and the counts that every change keeps.

The order of a list is high priority first, then oldest, ties by id. Rows are compared as one only
where all columns go in one direction, so the priority is stored with its sign turned (`rank`). Then
the order is three columns upwards, a cursor is those three, and what comes after it is one
comparison along the index.

A queue has any number of tasks that have ended. Counting them for each look would read all of them,
so counts by queue, lane and state are kept with every change (`change`, `added`), in its
transaction; `check` of the room compares them with what is there. That is why what a reader can see
of a task is changed here and nowhere else.

A version is one number over all tasks, raised by every change: what a reader has read of one task,
and what has changed since it last looked, are both told by it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from penholder_daemon.core import access, claims, counters, durations, journal, paging, streams
from penholder_daemon.core.store import Shape, SqlValue, filters, integer
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import QueueTaskNotFound
from penholder_protocol.nouns import LeaseProof, QueueTask

TERMINAL = frozenset({"completed", "failed", "blocked", "canceled"})
VERSIONS = "queue_tasks"
"""The one counter over all queue tasks."""

QUEUE_TASKS = Table(
    Shape(
        QueueTask,
        times={"not_before_at": durations.due_at, "lease_expires_at": durations.lease_ends_at},
        priority="-rank",
        not_before_at="not_before_ms",
        lease_expires_at=(
            "(SELECT l.deadline_ms FROM leases l WHERE l.subject = 'queue_task:' || queue_task_id)"
        ),
    ),
    "queue_task",
    QueueTaskNotFound,
    number="rank",
)
# So many digits as SQLite takes for sure.
_RANK = re.compile(r"-?[0-9]{1,18}")
_ORDER = "rank, created_at, queue_task_id"


def subject(queue_task_id: str) -> str:
    """Name what a claim of the task is about."""
    return f"queue_task:{queue_task_id}"


def require(rx: Rx, queue_task_id: str) -> QueueTask:
    """Return a task or raise QueueTaskNotFound."""
    return QUEUE_TASKS.require(rx, queue_task_id)


def require_holder(tx: Tx, task: QueueTask, lease: LeaseProof | None) -> None:
    """Let who holds the task pass; nobody has to prove anything while nobody holds it."""
    claims.require(
        tx,
        subject(task.queue_task_id),
        lease,
        claimed_by=task.claimed_by,
        needed=task.claimed_by is not None and task.state not in TERMINAL,
        queue_task_id=task.queue_task_id,
    )


def require_own(rx: Rx, task: QueueTask, lease: LeaseProof | None) -> None:
    """Keep a worker to what it has claimed, before its state is looked at."""
    access.require_own(
        rx,
        subject(task.queue_task_id),
        lease,
        claimed_by=task.claimed_by,
        queue_task_id=task.queue_task_id,
    )


class Place(NamedTuple):
    """Where a task stands in the list."""

    rank: int
    created_at: str
    queue_task_id: str

    @property
    def cursor(self) -> str:
        """Write where a page ended."""
        return f"{self.rank}/{self.created_at}/{self.queue_task_id}"


def select(rx: Rx, after: Place | None, **wanted: str | None) -> Iterator[QueueTask]:
    """Yield tasks of a queue, a state or both, in the list's order."""
    where, values = _where(after, **wanted)
    sql = f"SELECT {QUEUE_TASKS.shape.columns} FROM queue_tasks q WHERE {where} ORDER BY {_ORDER}"
    return (QUEUE_TASKS.shape.read(row, rx.world) for row in rx.store.rows(sql, *values))


def changed_places(
    rx: Rx, after_version: int, after: Place | None, **wanted: str | None
) -> Iterator[tuple[Place, bool]]:
    """Say of tasks in the list's order whether they have changed since a version."""
    where, values = _where(after, **wanted)
    rows = rx.store.rows(
        # By an index of its own: the version stands behind the payload in the table.
        "SELECT rank, created_at, queue_task_id, EXISTS (SELECT 1 FROM queue_tasks v"
        " INDEXED BY queue_tasks_versions"
        " WHERE v.queue_task_id = q.queue_task_id AND v.version > ?)"
        f" FROM queue_tasks q WHERE {where} ORDER BY {_ORDER}",
        after_version,
        *values,
    )
    for rank, created_at, queue_task_id, has_changed in rows:
        place = Place(integer(rank), str(created_at), str(queue_task_id))
        yield place, bool(has_changed)


def _where(after: Place | None, **wanted: str | None) -> tuple[str, list[SqlValue]]:
    where, values = filters("q.", **wanted)
    if after is not None:
        where += f" AND ({_ORDER}) > (?, ?, ?)"
        values += after
    return f"TRUE{where}", values


def cursor_of(task: QueueTask) -> str:
    """Write where a page ended."""
    return Place(-task.priority, task.created_at, task.queue_task_id).cursor


def read_cursor(cursor: str | None) -> Place | None:
    """Read it back; raises InvalidParams."""
    if cursor is None:
        return None
    # Neither a number nor a time holds a slash, so the id is what is left, whatever it holds.
    rank, _, rest = cursor.partition("/")
    created_at, _, queue_task_id = rest.partition("/")
    if not _RANK.fullmatch(rank) or not queue_task_id:
        raise paging.foreign_cursor()
    return Place(int(rank), created_at, queue_task_id)


def change(tx: Tx, task: QueueTask, **columns: SqlValue) -> QueueTask:
    """Change a task: its version rises, its queue's counts follow; returns it as it is now."""
    version = counters.raise_(tx, VERSIONS)
    known = {**columns, "version": version, "updated_at": tx.now}
    assignments = ", ".join(f"{name} = ?" for name in known)
    tx.store.run(
        f"UPDATE queue_tasks SET {assignments} WHERE queue_task_id = ?",
        *known.values(),
        task.queue_task_id,
    )
    changed = require(tx, task.queue_task_id)
    if changed.state != task.state:
        count(tx, task, -1)
        count(tx, changed, 1)
    _see_version(tx, changed)
    return changed


def added(tx: Tx, task: QueueTask) -> None:
    """Keep the counts after a task was made."""
    count(tx, task, 1)
    _see_version(tx, task)


def count(tx: Tx, task: QueueTask, by: int) -> None:
    """Count tasks of one kind up or down."""
    tx.store.run(
        "INSERT INTO queue_counts (queue, lane, state, tasks) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (queue, lane, state)"
        " DO UPDATE SET tasks = queue_counts.tasks + excluded.tasks",
        task.queue,
        task.lane,
        task.state,
        by,
    )


def _see_version(tx: Tx, task: QueueTask) -> None:
    tx.store.run(
        "INSERT INTO queues (queue, max_version) VALUES (?, ?)"
        " ON CONFLICT (queue) DO UPDATE SET max_version = excluded.max_version",
        task.queue,
        task.version,
    )


def is_paused(rx: Rx, queue: str) -> bool:
    """Tell whether a queue gives out nothing for now."""
    return rx.store.row("SELECT is_paused FROM queues WHERE queue = ?", queue) == (1,)


def note(tx: Tx, task: QueueTask, type_: str, **data: object) -> None:
    """Write an entry about a task into its queue's stream."""
    journal.note(tx, streams.queue(task.queue), type_, queue_task_id=task.queue_task_id, **data)


def raw_text(value: msgspec.Raw) -> str:
    """Return a JSON value as its column holds it."""
    return bytes(value).decode()
