"""The table of workers and the steps between their states, for other rooms as well.

A state brings more with it than its name: the turn ends or goes on, the runtime socket opens or
closes, the controller's stream tells of it. Rooms that change a state for reasons of their own (an
answer, the end of a process, a detach) must not each know all of that, so `move` is the one way.

`move` takes any step, whatever the table says. The table (`MACHINE`) is what a caller of
`worker.transition` may ask for; what has happened already is not to be refused by it, and `force`
is for people who know better.

A worker is guarded by its controller's fence (`guard_worker`), not by one of its own: who owns the
controller owns its workers, and loses them all at once. On its own socket the seat stands for it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from penholder_daemon.core import journal, newest, streams
from penholder_daemon.core.effects import CloseWorker, ServeWorker
from penholder_daemon.core.fence import Arguments
from penholder_daemon.core.hosts import HERE, is_here
from penholder_daemon.core.newest import Newest
from penholder_daemon.core.room_left import is_full
from penholder_daemon.core.states import StateMachine
from penholder_daemon.core.store import Known, Row, Shape, SqlValue, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.controllers import records as controllers
from penholder_protocol.errors import TooManyWorkers, WorkerNotFound
from penholder_protocol.limits import MAX_LAST_TEXT_CHARACTERS
from penholder_protocol.nouns import Fence, Worker
from penholder_protocol.nouns.words import NULL, RecoveryState, WorkerState

MACHINE: StateMachine[WorkerState] = StateMachine(
    {
        "starting": frozenset({"idle", "error", "stopped"}),
        "idle": frozenset({"running", "error", "stopped"}),
        "running": frozenset({"waiting_approval", "canceling", "idle", "error", "stopped"}),
        "waiting_approval": frozenset({"running", "canceling", "error", "stopped"}),
        "canceling": frozenset({"idle", "error", "stopped"}),
        "error": frozenset({"stopped"}),
        "stopped": frozenset(),
    }
)
_ENDS_A_TURN = frozenset({"idle", "stopped", "error"})

_WORKER = Shape(
    Worker,
    socket_path="worker_id",
    # Told of its host, not stored with the worker: it is back as it was when its host is.
    recovery_state="CASE WHEN workers.host_id IN (SELECT h.host_id FROM hosts h"
    " WHERE h.state = 'expired') THEN 'unreachable' ELSE recovery_state END",
    runtime_pid="COALESCE((SELECT pid FROM seats s"
    " WHERE s.worker_id = workers.worker_id AND ended_at IS NULL), endpoint_pid)",
)


def served(rx: Rx) -> list[str]:
    """Return whose runtime sockets there are on this host, the newest first.

    A stopped worker's process may have last words.
    """
    # The newest first, since after a start with fewer descriptors there may be no room for all.
    rows = rx.store.rows(
        f"SELECT worker_id FROM workers WHERE {HERE} AND (state <> 'stopped' OR worker_id IN"
        " (SELECT worker_id FROM seats WHERE ended_at IS NULL)) ORDER BY number DESC",
        rx.world.host_id,
    )
    return [str(row[0]) for row in rows]


def require_room(tx: Tx, host_id: str) -> None:
    """Raise TooManyWorkers where no runtime socket is left for one more; others' are theirs."""
    if not is_here(tx, host_id):
        return
    most = tx.world.rules.max_workers
    # Written so that the index of states is used: stopped ones may be any number.
    unstopped = f"workers WHERE (state < 'stopped' OR state > 'stopped') AND {HERE}"
    if is_full(tx, unstopped, tx.world.host_id, most=most):
        raise TooManyWorkers(
            f"{most} workers are not stopped, for more there is no room (MAX_WORKERS, or what the"
            " descriptors of the daemon's process allow); stop some that are not needed",
            limit="MAX_WORKERS",
            maximum=most,
        )


def find(rx: Rx, worker_id: str) -> Worker | None:
    """Look a worker up."""
    found = select(rx, "worker_id = ?", worker_id)
    return next((worker for _, worker in found), None)


def require(rx: Rx, worker_id: str) -> Worker:
    """Return a worker or raise WorkerNotFound."""
    worker = find(rx, worker_id)
    if worker is None:
        raise _not_found(worker_id)
    return worker


LIVING = "(state = 'starting' OR worker_id IN (SELECT worker_id FROM seats WHERE ended_at IS NULL))"
"""The condition of a worker whose seat is held, or that is about to be."""

_CONTROLLER_ID = Known(
    "SELECT controller_id FROM workers WHERE worker_id = ?", lambda row: str(row[0])
)


def require_controller_id(rx: Rx, worker_id: str) -> str:
    """Return whose worker it is, without reading all of it, or raise WorkerNotFound."""
    controller_id = rx.store.known(_CONTROLLER_ID, worker_id)
    if controller_id is None:
        raise _not_found(worker_id)
    return controller_id


def select(rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, Worker]]:
    """Yield workers with their commit order; the condition is about `workers`."""
    sql = f"SELECT number, {_WORKER.columns} FROM workers WHERE {condition}"
    for row in rx.store.rows(sql, *values):
        yield integer(row[0]), _read(rx, row[1:])


def select_with_newest(
    rx: Rx, condition: str, *values: SqlValue
) -> Iterator[tuple[int, Worker, Newest]]:
    """Yield workers as `select` does, each with the newest entries of its stream."""
    sql = (
        f"SELECT number, {newest.COLUMNS}, {_WORKER.columns} FROM workers"
        f" LEFT JOIN streams s ON s.name = 'worker:' || worker_id{newest.JOINS} WHERE {condition}"
    )
    for number, *others in rx.store.rows(sql, *values):
        found = newest.read(tuple(others[: newest.WIDTH]))
        yield integer(number), _read(rx, tuple(others[newest.WIDTH :])), found


def write(tx: Tx, worker_id: str, assignments: str, *values: SqlValue) -> Worker:
    """Change a worker and return it as it is now, or raise WorkerNotFound."""
    row = tx.store.row(
        f"UPDATE workers SET {assignments}, updated_at = ? WHERE worker_id = ?"
        f" RETURNING {_WORKER.columns}",
        *values,
        tx.now,
        worker_id,
    )
    if row is None:
        raise _not_found(worker_id)
    return _read(tx, row)


def _read(rx: Rx, row: Row) -> Worker:
    worker = _WORKER.read(row)
    # One that no host has taken yet is this one's, as far as can be told from here.
    host_id = worker.host_id or rx.world.host_id
    path = rx.world.socket_path(worker.worker_id) if is_here(rx, host_id) else None
    return msgspec.structs.replace(worker, host_id=host_id, socket_path=path)


def guard_worker(tx: Tx, arguments: Arguments, fence: Fence | None) -> None:
    """Guard a mutation that names its worker: the fence is its controller's."""
    controller_id = require_controller_id(tx, str(arguments["worker_id"]))
    controllers.require_owner(tx, controller_id, fence)


def move(
    tx: Tx,
    worker: Worker,
    to: WorkerState,
    *,
    force: bool = False,
    last_error: str | None = None,
    spared: int | None = None,
) -> None:
    """Put a worker into another state, whatever the table says, and journal it.

    Ends its turn where the state does, opens or closes its socket. `spared` is the process that a
    forced stop left alone.
    """
    if worker.state == to:
        return
    if worker.state == "stopped":
        require_room(tx, worker.host_id)  # before it counts itself
    write_state(tx, worker.worker_id, to, last_error)
    what: dict[str, object] = {"from": worker.state, "to": to, "force": force}
    if spared is not None:
        what["spared"] = spared
    note(tx, worker, "worker.state_changed", **what)
    if to == "stopped":
        tx.after_commit(CloseWorker(worker.worker_id))
    elif worker.state == "stopped":
        tx.after_commit(ServeWorker(worker.worker_id))


def write_state(tx: Tx, worker_id: str, to: WorkerState, last_error: str | None) -> None:
    """Write what a state brings with it, also if the worker is in it already; `move` says it."""
    ends_turn = to in _ENDS_A_TURN
    tx.store.run(
        "UPDATE workers SET state = ?, updated_at = ?, last_error = ?,"
        " active_turn_id = CASE WHEN ? = 1 THEN NULL ELSE active_turn_id END,"
        " stopped_at = CASE WHEN ? = 1 THEN ? ELSE stopped_at END WHERE worker_id = ?",
        to,
        tx.now,
        last_error,
        int(ends_turn),
        int(to == "stopped"),
        tx.now,
        worker_id,
    )


def note(tx: Tx, worker: Worker, type_: str, **data: object) -> None:
    """Write an entry about a worker into its controller's stream."""
    journal.note(
        tx, streams.controller(worker.controller_id), type_, worker_id=worker.worker_id, **data
    )


class _Output(msgspec.Struct):
    """What can be shown of an `output` event, in any shape: others than ours append them too."""

    text: msgspec.Raw = NULL
    base64: msgspec.Raw = NULL


def last_text(output_data: str | None) -> str | None:
    """Return the last line of an output event that is not blank, cut; None where it has no text."""
    if output_data is None:
        return None
    text = _text_of(_decode_output(output_data))
    if text is None:
        return None
    # A carriage return begins a line anew, as progress bars do: what is seen is what follows it.
    lines = (line for line in reversed(_LINE_ENDS.split(text)) if line.strip())
    return next(lines, "")[:MAX_LAST_TEXT_CHARACTERS]


def _text_of(output: _Output) -> str | None:
    with suppress(msgspec.ValidationError):
        return _decode_text(output.text)
    with suppress(msgspec.ValidationError):
        return _decode_bytes(output.base64).decode(errors="replace")
    return None


_decode_output = msgspec.json.Decoder(_Output).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_bytes = msgspec.json.Decoder(bytes).decode
_LINE_ENDS = re.compile(r"[\r\n]+")


def set_recovery(tx: Tx, worker_id: str, recovery: RecoveryState) -> None:
    """Say how the worker could be had again."""
    tx.store.run(
        "UPDATE workers SET recovery_state = ?, updated_at = ? WHERE worker_id = ?",
        recovery,
        tx.now,
        worker_id,
    )


def _not_found(worker_id: str) -> WorkerNotFound:
    return WorkerNotFound(
        f"there is no worker {worker_id!r}; worker.list shows them, worker.create makes one",
        worker_id=worker_id,
    )
