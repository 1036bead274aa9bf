"""Snapshots from which work can go on."""

from penholder_daemon.core import paging
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import Shape, filters
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.workers import records
from penholder_daemon.rooms.workers.records import guard_worker
from penholder_protocol.errors import ControllerNotFound, Fenced, FenceRequired, WorkerNotFound
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Handoff, Page
from penholder_protocol.nouns.words import (
    ControllerId,
    Cursor,
    Label,
    ListLimit,
    TurnId,
    WorkerId,
)

room = Room("handoff")

_BOTH = (CONTROL, RUNTIME)
_HANDOFF = Shape(Handoff)


# --- the door for other rooms ---------------------------------------------------------------
def delete_all(tx: Tx, worker_id: str) -> None:
    """Delete the handoffs of a worker that is removed."""
    tx.store.run("DELETE FROM handoffs WHERE worker_id = ?", worker_id)


# --- methods ----------------------------------------------------------------------------------
@room.mutation(sockets=_BOTH, fence=guard_worker, errors=(WorkerNotFound, FenceRequired, Fenced))
def register(
    tx: Tx,
    *,
    worker_id: WorkerId,
    source_turn_id: TurnId | None = None,
    handoff_path: Label,
    checkpoint_path: Label,
) -> Handoff:
    """Note where the worker wrote down what its successor needs."""
    handoff = Handoff(
        snapshot_id=tx.world.new_id("hs_"),
        worker_id=worker_id,
        controller_id=records.require_controller_id(tx, worker_id),
        source_turn_id=source_turn_id,
        handoff_path=handoff_path,
        checkpoint_path=checkpoint_path,
        created_at=tx.now,
    )
    tx.store.run(
        f"INSERT INTO handoffs ({_HANDOFF.columns}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        handoff.snapshot_id,
        handoff.worker_id,
        handoff.controller_id,
        handoff.source_turn_id,
        handoff.handoff_path,
        handoff.checkpoint_path,
        handoff.created_at,
    )
    return handoff


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def latest(rx: Rx, *, worker_id: WorkerId) -> Handoff | None:
    """Return the worker's newest handoff, or null."""
    records.require_controller_id(rx, worker_id)
    row = rx.store.row(
        f"SELECT {_HANDOFF.columns} FROM handoffs WHERE worker_id = ? ORDER BY number DESC LIMIT 1",
        worker_id,
    )
    return None if row is None else _HANDOFF.read(row)


@room.query(sockets=_BOTH, errors=(WorkerNotFound, ControllerNotFound))
def list_(
    rx: Rx,
    *,
    worker_id: WorkerId | None = None,
    controller_id: ControllerId | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Handoff]:
    """List handoffs, newest first."""
    if controller_id is not None:
        controllers.require(rx, controller_id)
    if worker_id is not None:
        owner_id = records.require_controller_id(rx, worker_id)
        if controller_id not in (None, owner_id):
            return Page(items=[])
        controller_id = None
    wanted, values = filters("", worker_id=worker_id, controller_id=controller_id)
    rows = rx.store.rows(
        f"SELECT number, {_HANDOFF.columns} FROM handoffs"
        f" WHERE number < ?{wanted} ORDER BY number DESC",
        paging.before(cursor),
        *values,
    )
    return paging.page(((int(str(row[0])), _HANDOFF.read(row[1:])) for row in rows), limit)
