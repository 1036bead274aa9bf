"""Snapshots from which work can go on."""

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.handoffs import records
from penholder_daemon.rooms.workers import records as workers
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
        controller_id=workers.require_controller_id(tx, worker_id),
        source_turn_id=source_turn_id,
        handoff_path=handoff_path,
        checkpoint_path=checkpoint_path,
        created_at=tx.now,
    )
    records.insert(tx, handoff)
    return handoff


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def latest(rx: Rx, *, worker_id: WorkerId) -> Handoff | None:
    """Return the worker's newest handoff, or null."""
    workers.require_controller_id(rx, worker_id)
    return records.HANDOFFS.first(rx, "worker_id = ? ORDER BY number DESC LIMIT 1", worker_id)


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
        controllers.CONTROLLERS.require(rx, controller_id)
    if worker_id is not None:
        owner_id = workers.require_controller_id(rx, worker_id)
        if controller_id not in (None, owner_id):
            return Page(items=[])
        # A worker has one controller for ever, so its own index says it all.
        controller_id = None
    return records.HANDOFFS.newest_first(
        rx, limit, cursor, worker_id=worker_id, controller_id=controller_id
    )
