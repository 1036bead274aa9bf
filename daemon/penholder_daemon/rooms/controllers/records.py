"""The tables of controllers and of their owners, and who may act for them, for other rooms as well.

An ownership stands in three places, each for a question of its own:

- The fence says who may write: the highest epoch and the owner's token. It is the only one that is
  asked before a write (`require_owner`), and it is asked by all rooms whose things belong to a
  controller.
- The instance says who that is, for people and for history: since when, which process. No write is
  decided by it; `controller.acquire` and `controller.release` ask whether there is one to be
  replaced or ended. One at most is active, which an index holds.
- The lease, if there is one, says from when on the next may come without `takeover`. That is all it
  says: an owner whose lease ran out is the owner, and is fenced off by nothing but another.

They change in one transaction, and `check` of the room compares the first two. Where they would
disagree the fence counts.
"""

from penholder_daemon.core import durations, journal, leases, streams
from penholder_daemon.core import fence as fences
from penholder_daemon.core.fence import Arguments
from penholder_daemon.core.store import Shape
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import ControllerNotFound
from penholder_protocol.nouns import ActiveOwner, Controller, Fence, Handle, Instance

CONTROLLERS = Table(
    Shape(Controller), "controller", ControllerNotFound, "; controller.register makes one"
)
INSTANCES = Table(Shape(Instance), "instance")
_OWNER = Shape(
    ActiveOwner,
    {"lease_expires_at": durations.lease_ends_at},
    lease_expires_at="l.deadline_ms",
    host_id="instances.host_id",
)


def require_owner(rx: Rx, controller_id: str, fence: Fence | None) -> None:
    """Let the active owner pass, or anybody while there is none."""
    fences.require(rx, streams.controller(controller_id), fence, controller_id=controller_id)


def guard_controller(tx: Tx, arguments: Arguments, fence: Fence | None) -> None:
    """Guard a mutation that names its controller."""
    controller_id = str(arguments["controller_id"])
    CONTROLLERS.require(tx, controller_id)
    require_owner(tx, controller_id, fence)


# --- owners -----------------------------------------------------------------------------------
def owner(rx: Rx, controller_id: str) -> ActiveOwner | None:
    """Return the active owner, also one whose lease ran out."""
    row = rx.store.row(
        f"SELECT {_OWNER.columns} FROM instances"
        " LEFT JOIN leases l ON l.subject = 'controller:' || controller_id"
        " WHERE controller_id = ? AND is_active = 1",
        controller_id,
    )
    return None if row is None else _OWNER.read(row, rx.world)


def begin_instance(tx: Tx, handle: Handle) -> None:
    """Store a new ownership; there must be no active one."""
    tx.store.run(
        "INSERT INTO instances (instance_id, controller_id, epoch, pid, is_active, created_at,"
        " host_id) VALUES (?, ?, ?, ?, 1, ?, ?)",
        handle.instance_id,
        handle.controller_id,
        handle.epoch,
        handle.pid,
        handle.created_at,
        handle.host_id,
    )


def end_instance(tx: Tx, controller_id: str) -> None:
    """End the active ownership."""
    tx.store.run(
        "UPDATE instances SET is_active = 0, released_at = ?"
        " WHERE controller_id = ? AND is_active = 1",
        tx.now,
        controller_id,
    )


def let_go(tx: Tx, controller_id: str, active: ActiveOwner, *, force: bool) -> None:
    """End the active ownership with its token and lease, and tell of it."""
    subject = streams.controller(controller_id)
    end_instance(tx, controller_id)
    fences.drop_holder(tx, subject)
    leases.drop(tx, subject)
    journal.note(
        tx,
        subject,
        "controller.released",
        instance_id=active.instance_id,
        epoch=active.epoch,
        force=force,
    )


def release_all(tx: Tx) -> int:
    """End every ownership, whoever has it; returns how many."""
    found = list(tx.store.rows("SELECT controller_id FROM instances WHERE is_active = 1"))
    for row in found:
        controller_id = str(row[0])
        active = owner(tx, controller_id)
        assert active is not None  # it was found to be active
        let_go(tx, controller_id, active, force=True)
    return len(found)
