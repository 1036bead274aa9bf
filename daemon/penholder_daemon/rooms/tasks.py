"""Tasks on their way through review: compare-and-set, and how long one has not been heard of."""

from collections.abc import Iterator
from functools import partial

import msgspec

from penholder_daemon.core import access, paging, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.fence import Arguments
from penholder_daemon.core.registry import Room
from penholder_daemon.core.states import StateMachine
from penholder_daemon.core.store import Shape, SqlValue, filters, integer
from penholder_daemon.core.tables import require_state
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.messages import records as messages
from penholder_daemon.rooms.workers import records as workers
from penholder_protocol.errors import (
    InvalidTaskTransition,
    StaleState,
    TaskExists,
    TaskNotFound,
    WorkerNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Finding, Page, Task
from penholder_protocol.nouns.words import (
    Cursor,
    Label,
    ListLimit,
    StaleLevel,
    TaskId,
    TaskState,
    Text,
    WorkerId,
)

room = Room("task")

_BOTH = (CONTROL, RUNTIME)
_MACHINE: StateMachine[TaskState] = StateMachine(
    {
        "ASSIGNED": frozenset({"WORKING", "FAILED"}),
        "WORKING": frozenset({"IN_REVIEW", "CONFLICTED", "FAILED"}),
        "CONFLICTED": frozenset({"IN_REVIEW", "WORKING", "FAILED"}),
        "IN_REVIEW": frozenset({"APPROVED", "WORKING", "FAILED"}),
        "APPROVED": frozenset({"COMPLETED", "WORKING", "FAILED"}),
        "COMPLETED": frozenset(),
        "FAILED": frozenset({"ASSIGNED"}),
    }
)
# The age of a heartbeat, at the time ?1, against the levels ?2 < ?3 < ?4.
_STALE = (
    "CASE WHEN state NOT IN ('ASSIGNED', 'WORKING') THEN 'ok'"
    " WHEN heartbeat_ms IS NULL OR ?1 - heartbeat_ms > ?4 THEN 'dead'"
    " WHEN ?1 - heartbeat_ms > ?3 THEN 'stale'"
    " WHEN ?1 - heartbeat_ms > ?2 THEN 'warn' ELSE 'ok' END"
)
_GROWING: tuple[TaskState, ...] = ("ASSIGNED", "WORKING")
_TASK = Shape(Task, stale=_STALE)
# By the highest that is there, which the one writer makes safe, and no task is ever deleted.
_NEXT_CHANGE = "(SELECT COALESCE(MAX(changed), 0) + 1 FROM tasks)"


@room.mutation(sockets=(CONTROL,), errors=(TaskExists,))
def create(
    tx: Tx, *, task_id: TaskId, branch: Label, worktree: Label, description: Text | None = None
) -> Task:
    """Make a task, ASSIGNED; publishes task_assign on the topic orchestrator."""
    made = tx.store.run(
        "INSERT INTO tasks"
        " (task_id, state, branch, worktree, description, created_at, state_changed_at, changed)"
        f" VALUES (?, 'ASSIGNED', ?, ?, ?, ?, ?, {_NEXT_CHANGE})"
        " ON CONFLICT (task_id) DO NOTHING",
        task_id,
        branch,
        worktree,
        description,
        tx.now,
        tx.now,
    )
    if not made:
        raise TaskExists(f"there is a task {task_id!r} already", task_id=task_id)
    messages.publish_own(
        tx,
        "orchestrator",
        "task_assign",
        task_id,
        task_id=task_id,
        branch=branch,
        worktree=worktree,
        description=description,
    )
    return _require(tx, task_id)


@room.query(sockets=_BOTH, errors=(TaskNotFound,))
def get(rx: Rx, *, task_id: TaskId) -> Task:
    """Return one task; on a runtime socket only one that is assigned to the worker."""
    return _require_own(rx, task_id)


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def list_(
    rx: Rx,
    *,
    state: TaskState | None = None,
    stale: StaleLevel | None = None,
    worker_id: WorkerId | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Task]:
    """List tasks, latest change of state first; on a runtime socket those of the worker.

    A task whose state changes while pages are read goes to the front. With `stale` a call looks
    through a part of them: a page may be empty, with a `next`.
    """
    if worker_id is not None:
        workers.require_controller_id(rx, worker_id)
    before = paging.before(cursor)
    if stale is None:
        wanted, values = filters("", worker_id=worker_id, state=state)
        latest = f"changed < ?{wanted} ORDER BY changed DESC"
        return paging.page(_select(rx, latest, before, *values), limit)
    places = _stale_places(rx, stale, state, worker_id, before)
    return paging.sifted(places, partial(_changed_at, rx), limit)


def _changed_at(rx: Rx, changed: int) -> Task:
    return next(task for _, task in _select(rx, "changed = ?5", changed))


def _stale_places(
    rx: Rx, stale: StaleLevel, state: TaskState | None, worker_id: str | None, before: int
) -> Iterator[tuple[int, bool]]:
    """Say of tasks in the list's order whether they are on a level of staleness."""
    # Only these two grow stale: with them the many that have ended are not looked at. Each is a
    # SELECT of its own, which comes in order along an index; of both at once none has the order.
    states = _GROWING if stale != "ok" and state is None else (state,)
    parts: list[str] = []
    values: list[SqlValue] = []
    for each in states:
        wanted, given = filters("", worker_id=worker_id, state=each)
        parts.append(f"SELECT changed, {_STALE} = ?5 FROM tasks WHERE changed < ?6{wanted}")
        values += given
    sql = f"{' UNION ALL '.join(parts)} ORDER BY changed DESC"
    levels = msgspec.structs.astuple(rx.world.rules.staleness)
    rows = rx.store.rows(sql, rx.world.now_ms(), *levels, stale, before, *values)
    return ((integer(changed), bool(is_on_it)) for changed, is_on_it in rows)


def _refuse_forbidden(arguments: Arguments) -> None:
    """Refuse a step that no task can take, before anything stored is looked at."""
    task_id, expected, to = (str(arguments[name]) for name in ("task_id", "expected", "to"))
    target = _MACHINE.known(to)
    if target is None or not _MACHINE.allows(expected, target):
        raise InvalidTaskTransition(
            f"a task cannot go from {expected} to {to}",
            task_id=task_id,
            expected=expected,
            next_state=to,
        )


@room.mutation(
    sockets=_BOTH,
    precheck=_refuse_forbidden,
    errors=(InvalidTaskTransition, TaskNotFound, StaleState),
)
def transition(tx: Tx, *, task_id: TaskId, expected: TaskState, to: TaskState) -> Task:
    """Take a task from the state it is expected in to another, or leave it as it is.

    Publishes state_change on the topic worker.
    """
    task = _require_own(tx, task_id)
    require_state("task", task_id, task.state, expected)
    change = {"from": expected, "to": to, "task_id": task_id}
    messages.publish_own(tx, "worker", "state_change", task_id, **change)
    return _move(tx, task_id, to)


@room.mutation(sockets=_BOTH, errors=(TaskNotFound, InvalidTaskTransition))
def fail(tx: Tx, *, task_id: TaskId, reason: Text = "") -> Task:
    """Fail a task in any state but COMPLETED; publishes task_failed on the topic worker.

    Failing it again publishes again and renews state_changed_at.
    """
    task = _require_own(tx, task_id)
    if task.state == "COMPLETED":
        raise InvalidTaskTransition(
            f"task {task_id} is COMPLETED and cannot fail any more",
            task_id=task_id,
            expected=task.state,
            current_state=task.state,
            next_state="FAILED",
        )
    failure = {"from": task.state, "task_id": task_id, "reason": reason}
    messages.publish_own(tx, "worker", "task_failed", task_id, **failure)
    return _move(tx, task_id, "FAILED")


@room.mutation(sockets=_BOTH, errors=(TaskNotFound,))
def heartbeat(tx: Tx, *, task_id: TaskId) -> Task:
    """Say that somebody works on the task."""
    _require_own(tx, task_id)
    tx.store.run(
        "UPDATE tasks SET heartbeat_at = ?, heartbeat_ms = ? WHERE task_id = ?",
        tx.now,
        tx.world.now_ms(),
        task_id,
    )
    return _require(tx, task_id)


@room.mutation(sockets=(CONTROL,), errors=(TaskNotFound, WorkerNotFound))
def assign(tx: Tx, *, task_id: TaskId, worker_id: WorkerId | None) -> Task:
    """Give a task to a worker, or with null to none; in any state, which stays as it is.

    Publishes worker_assigned on the topic orchestrator.
    """
    _require(tx, task_id)
    if worker_id is not None:
        workers.require_controller_id(tx, worker_id)
    tx.store.run("UPDATE tasks SET worker_id = ? WHERE task_id = ?", worker_id, task_id)
    assigned = {"task_id": task_id, "worker_id": worker_id}
    messages.publish_own(tx, "orchestrator", "worker_assigned", task_id, **assigned)
    return _require(tx, task_id)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every task is in a state that the table has."""
    states = ", ".join(f"'{state}'" for state in _MACHINE.states)
    return verify.query(
        rx,
        {
            "tasks_in_known_states": (
                "SELECT 'task ' || task_id || ' is in state ' || state FROM tasks"
                f" WHERE state NOT IN ({states})"
            )
        },
    )


def _select(rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, Task]]:
    """Yield tasks with the order of their changes; values of the condition begin at ?5."""
    levels = msgspec.structs.astuple(rx.world.rules.staleness)
    sql = f"SELECT changed, {_TASK.columns} FROM tasks WHERE {condition}"
    for row in rx.store.rows(sql, rx.world.now_ms(), *levels, *values):
        yield integer(row[0]), _TASK.read(row[1:])


def _require(rx: Rx, task_id: str) -> Task:
    for _, task in _select(rx, "task_id = ?5", task_id):
        return task
    raise TaskNotFound(f"there is no task {task_id!r}; task.create makes one", task_id=task_id)


def _require_own(rx: Rx, task_id: str) -> Task:
    """Return a task that the caller may touch: a worker only what is assigned to it."""
    task = _require(rx, task_id)
    access.require_assigned(rx, f"task {task_id}", task.worker_id, task_id=task_id)
    return task


def _move(tx: Tx, task_id: str, to: TaskState) -> Task:
    tx.store.run(
        f"UPDATE tasks SET state = ?, state_changed_at = ?, changed = {_NEXT_CHANGE}"
        " WHERE task_id = ?",
        to,
        tx.now,
        task_id,
    )
    return _require(tx, task_id)
