"""Who owns a workspace: controllers, their one owner, epochs, takeover and release."""

from collections.abc import Iterator

from penholder_daemon.core import fence as fences
from penholder_daemon.core import journal, leases, paging, streams, verify
from penholder_daemon.core.caller import CONTROL
from penholder_daemon.core.registry import Arguments, Room
from penholder_daemon.core.store import Shape
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import (
    ControllerNotFound,
    ControllerOwnershipConflict,
    Fenced,
    InvalidControllerHandle,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import (
    ActiveOwner,
    Controller,
    ControllerStatus,
    Fence,
    Finding,
    Handle,
    Instance,
    Page,
    Release,
    Validity,
)
from penholder_protocol.nouns.words import (
    ControllerId,
    Cursor,
    Epoch,
    Label,
    LeaseMs,
    ListLimit,
    Pid,
    Token,
)

room = Room("controller")

_CONTROLLER = Shape(Controller)
_INSTANCE = Shape(Instance)
_OWNER = Shape(ActiveOwner, lease_expires_at="l.expires_at")


# --- the door for other rooms ---------------------------------------------------------------
def require(rx: Rx, controller_id: str) -> Controller:
    """Return a controller or raise ControllerNotFound."""
    row = rx.store.row(
        f"SELECT {_CONTROLLER.columns} FROM controllers WHERE controller_id = ?",
        controller_id,
    )
    if row is None:
        raise ControllerNotFound(
            f"there is no controller {controller_id!r}; controller.register makes one",
            controller_id=controller_id,
        )
    return _CONTROLLER.read(row)


def require_owner(rx: Rx, controller_id: str, fence: Fence | None) -> None:
    """Let the active owner pass, or anybody while there is none."""
    fences.require(rx, streams.controller(controller_id), fence, controller_id=controller_id)


def guard_controller(tx: Tx, arguments: Arguments, fence: Fence | None) -> None:
    """Guard a mutation that names its controller."""
    controller_id = str(arguments["controller_id"])
    require(tx, controller_id)
    require_owner(tx, controller_id, fence)


def release_all(tx: Tx) -> int:
    """End every ownership, whoever has it; returns how many."""
    found = list(tx.store.rows("SELECT controller_id FROM instances WHERE is_active = 1"))
    for row in found:
        controller_id = str(row[0])
        owner = _owner(tx, controller_id)
        assert owner is not None  # it was found to be active
        _let_go(tx, controller_id, owner, force=True)
    return len(found)


# --- methods ----------------------------------------------------------------------------------
@room.mutation(sockets=(CONTROL,), errors=(ControllerOwnershipConflict,))
def register(
    tx: Tx, *, controller_id: ControllerId | None = None, label: Label, workspace_key: Label
) -> Controller:
    """Make a controller for a workspace; the same id again updates its label and workspace."""
    controller_id = controller_id or tx.world.new_id("ctl_")
    other = tx.store.row(
        "SELECT controller_id FROM controllers WHERE workspace_key = ? AND controller_id <> ?",
        workspace_key,
        controller_id,
    )
    if other is not None:
        raise ControllerOwnershipConflict(
            f"workspace {workspace_key!r} belongs to controller {other[0]!s}; acquire that one with"
            " takeover, or use another workspace",
            workspace_key=workspace_key,
            controller_id=str(other[0]),
        )
    tx.store.run(
        "INSERT INTO controllers (controller_id, label, workspace_key, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (controller_id) DO UPDATE SET label = excluded.label,"
        " workspace_key = excluded.workspace_key, updated_at = excluded.updated_at",
        controller_id,
        label,
        workspace_key,
        tx.now,
        tx.now,
    )
    journal.note(
        tx,
        streams.controller(controller_id),
        "controller.registered",
        label=label,
        workspace_key=workspace_key,
    )
    return require(tx, controller_id)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def get(rx: Rx, *, controller_id: ControllerId) -> Controller:
    """Return one controller."""
    return require(rx, controller_id)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def find(rx: Rx, *, workspace_key: Label) -> Controller:
    """Return the controller of a workspace."""
    row = rx.store.row(
        f"SELECT {_CONTROLLER.columns} FROM controllers WHERE workspace_key = ?",
        workspace_key,
    )
    if row is None:
        raise ControllerNotFound(
            f"no controller has the workspace {workspace_key!r}", workspace_key=workspace_key
        )
    return _CONTROLLER.read(row)


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx, *, limit: ListLimit = DEFAULT_LIST_LIMIT, cursor: Cursor | None = None
) -> Page[Controller]:
    """List controllers, newest first."""
    rows = rx.store.rows(
        f"SELECT number, {_CONTROLLER.columns} FROM controllers"
        " WHERE number < ? ORDER BY number DESC",
        paging.before(cursor),
    )
    return paging.page(((int(str(row[0])), _CONTROLLER.read(row[1:])) for row in rows), limit)


@room.mutation(
    sockets=(CONTROL,), errors=(ControllerNotFound, ControllerOwnershipConflict), secret=True
)
def acquire(
    tx: Tx,
    *,
    controller_id: ControllerId,
    takeover: bool = False,
    pid: Pid | None = None,
    lease_ms: LeaseMs | None = None,
) -> Handle:
    """Become the owner of a controller: the highest epoch ever plus one, and a token shown once.

    While somebody else owns it this takes `takeover`, unless the owner's lease ran out.
    """
    require(tx, controller_id)
    subject = streams.controller(controller_id)
    owner = _owner(tx, controller_id)
    if owner is not None:
        if not takeover and not leases.is_expired(tx, subject):
            raise ControllerOwnershipConflict(
                f"controller {controller_id} has an active owner (process {owner.pid}, epoch"
                f" {owner.epoch}); acquire with takeover to replace it",
                controller_id=controller_id,
                current_epoch=owner.epoch,
            )
        _end_instance(tx, controller_id)
    token = tx.world.new_token()
    handle = Handle(
        controller_id=controller_id,
        instance_id=tx.world.new_id("ci_"),
        epoch=fences.raise_epoch(tx, subject, token),
        token=token,
        pid=pid or tx.caller.pid,
        created_at=tx.now,
        lease_expires_at=leases.grant(tx, subject, lease_ms),
    )
    tx.store.run(
        "INSERT INTO instances (instance_id, controller_id, epoch, pid, is_active, created_at)"
        " VALUES (?, ?, ?, ?, 1, ?)",
        handle.instance_id,
        controller_id,
        handle.epoch,
        handle.pid,
        tx.now,
    )
    journal.note(
        tx,
        subject,
        "controller.acquired",
        instance_id=handle.instance_id,
        epoch=handle.epoch,
        owner_pid=handle.pid,
        takeover=owner is not None,
    )
    return handle


@room.mutation(sockets=(CONTROL,), errors=(ControllerNotFound, Fenced))
def renew(
    tx: Tx, *, controller_id: ControllerId, epoch: Epoch, token: Token, lease_ms: LeaseMs
) -> Handle:
    """Renew the lease of an ownership; the token is not shown again."""
    require(tx, controller_id)
    subject = streams.controller(controller_id)
    fences.require(tx, subject, Fence(epoch=epoch, token=token), controller_id=controller_id)
    leases.grant(tx, subject, lease_ms)
    owner = _owner(tx, controller_id)
    assert owner is not None  # the fence has just found it
    return Handle(
        controller_id=controller_id,
        instance_id=owner.instance_id,
        epoch=owner.epoch,
        token=None,
        pid=owner.pid,
        created_at=owner.created_at,
        lease_expires_at=owner.lease_expires_at,
    )


@room.query(sockets=(CONTROL,))
def validate(rx: Rx, *, controller_id: ControllerId, epoch: Epoch, token: Token) -> Validity:
    """Tell whether an epoch and token are the active owner's; an unknown controller: no."""
    return Validity(valid=fences.holds(rx, streams.controller(controller_id), epoch, token))


@room.mutation(sockets=(CONTROL,), errors=(ControllerNotFound, InvalidControllerHandle))
def release(
    tx: Tx,
    *,
    controller_id: ControllerId,
    epoch: Epoch | None = None,
    token: Token | None = None,
    force: bool = False,
) -> Release:
    """Give an ownership up; with `force` anybody's. The epoch stays and will only grow."""
    require(tx, controller_id)
    subject = streams.controller(controller_id)
    owner = _owner(tx, controller_id)
    if owner is None:
        return Release(
            controller_id=controller_id,
            released=False,
            reason="NO_ACTIVE_OWNER",
            released_at=None,
            instance_id=None,
            epoch=None,
        )
    proven = epoch is not None and token is not None and fences.holds(tx, subject, epoch, token)
    if not force and not proven:
        raise InvalidControllerHandle(
            f"releasing {controller_id} takes the owner's epoch ({owner.epoch} now) and token,"
            " or force",
            controller_id=controller_id,
            current_epoch=owner.epoch,
        )
    _let_go(tx, controller_id, owner, force=not proven)
    return Release(
        controller_id=controller_id,
        released=True,
        reason=None,
        released_at=tx.now,
        instance_id=owner.instance_id,
        epoch=owner.epoch,
    )


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def status(rx: Rx, *, controller_id: ControllerId) -> ControllerStatus:
    """Return a controller with its owner; an owner whose lease ran out stays until replaced."""
    controller = require(rx, controller_id)
    owner = _owner(rx, controller_id)
    return ControllerStatus(
        controller_id=controller_id,
        label=controller.label,
        workspace_key=controller.workspace_key,
        state="dormant" if owner is None else "active",
        active_owner=owner,
    )


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def instances(
    rx: Rx,
    *,
    controller_id: ControllerId | None = None,
    active_only: bool = True,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Instance]:
    """List ownerships, newest first."""
    if controller_id is not None:
        require(rx, controller_id)
    rows = rx.store.rows(
        f"SELECT number, {_INSTANCE.columns} FROM instances WHERE number < ?"
        " AND (?2 IS NULL OR controller_id = ?2) AND (NOT ?3 OR is_active = 1)"
        " ORDER BY number DESC",
        paging.before(cursor),
        controller_id,
        int(active_only),
    )
    return paging.page(((int(str(row[0])), _INSTANCE.read(row[1:])) for row in rows), limit)


def _owner(rx: Rx, controller_id: str) -> ActiveOwner | None:
    row = rx.store.row(
        f"SELECT {_OWNER.columns} FROM instances"
        " LEFT JOIN leases l ON l.subject = 'controller:' || controller_id"
        " WHERE controller_id = ? AND is_active = 1",
        controller_id,
    )
    return None if row is None else _OWNER.read(row)


def _let_go(tx: Tx, controller_id: str, owner: ActiveOwner, *, force: bool) -> None:
    subject = streams.controller(controller_id)
    _end_instance(tx, controller_id)
    fences.drop_holder(tx, subject)
    leases.drop(tx, subject)
    journal.note(
        tx,
        subject,
        "controller.released",
        instance_id=owner.instance_id,
        epoch=owner.epoch,
        force=force,
    )


def _end_instance(tx: Tx, controller_id: str) -> None:
    tx.store.run(
        "UPDATE instances SET is_active = 0, released_at = ?"
        " WHERE controller_id = ? AND is_active = 1",
        tx.now,
        controller_id,
    )


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every active owner is the holder of its controller's newest epoch."""
    return verify.query(
        rx,
        {
            "owners_hold_the_newest_epoch": (
                "SELECT 'controller ' || i.controller_id || ' is owned under epoch ' || i.epoch"
                " || ', its fence has ' || COALESCE(f.epoch, 0) FROM instances i"
                " LEFT JOIN fences f ON f.subject = 'controller:' || i.controller_id"
                " WHERE i.is_active = 1 AND (f.epoch IS NULL OR f.epoch <> i.epoch"
                " OR f.token_hash IS NULL)"
            )
        },
    )
