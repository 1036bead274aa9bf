"""Runners that make themselves known; none needs to in order to claim."""

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import Shape
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import RunnerNotFound
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Page, Runner
from penholder_protocol.nouns.words import EMPTY_OBJECT, Cursor, JsonObject, ListLimit, RunnerId

room = Room("runner")

_RUNNERS = Table(Shape(Runner), "runner", RunnerNotFound, "; runner.register makes one known")


@room.mutation(sockets=(CONTROL,))
def register(
    tx: Tx, *, runner_id: RunnerId | None = None, metadata: JsonObject = EMPTY_OBJECT
) -> Runner:
    """Make a runner known; the same id again replaces its metadata and keeps registered_at."""
    runner_id = runner_id or tx.world.new_id("rn_")
    tx.store.run(
        "INSERT INTO runners (runner_id, metadata, registered_at, heartbeat_at)"
        " VALUES (?, ?, ?, ?) ON CONFLICT (runner_id) DO UPDATE SET metadata = excluded.metadata,"
        " heartbeat_at = excluded.heartbeat_at",
        runner_id,
        bytes(metadata).decode(),
        tx.now,
        tx.now,
    )
    return _RUNNERS.require(tx, runner_id)


@room.mutation(sockets=(CONTROL, RUNTIME), errors=(RunnerNotFound,))
def heartbeat(tx: Tx, *, runner_id: RunnerId) -> Runner:
    """Say that a runner is well; its leases are renewed by run.heartbeat."""
    tx.store.run("UPDATE runners SET heartbeat_at = ? WHERE runner_id = ?", tx.now, runner_id)
    return _RUNNERS.require(tx, runner_id)


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx, *, limit: ListLimit = DEFAULT_LIST_LIMIT, cursor: Cursor | None = None
) -> Page[Runner]:
    """List runners, newest first."""
    return _RUNNERS.newest_first(rx, limit, cursor)
