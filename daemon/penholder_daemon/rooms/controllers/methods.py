"""Who owns a workspace: controllers, their one owner, epochs, takeover and release."""

from collections.abc import Iterator

from penholder_daemon.core import fence as fences
from penholder_daemon.core import journal, leases, streams, verify
from penholder_daemon.core.caller import CONTROL
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.controllers import records
from penholder_daemon.rooms.controllers.records import CONTROLLERS
from penholder_protocol.errors import (
    ControllerNotFound,
    ControllerOwnershipConflict,
    Fenced,
    InvalidControllerHandle,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import (
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
    OwnToken,
    Pid,
    Token,
)

room = Room("controller")


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
    return CONTROLLERS.require(tx, controller_id)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def get(rx: Rx, *, controller_id: ControllerId) -> Controller:
    """Return one controller."""
    return CONTROLLERS.require(rx, controller_id)


@room.query(sockets=(CONTROL,), errors=(ControllerNotFound,))
def find(rx: Rx, *, workspace_key: Label) -> Controller:
    """Return the controller of a workspace."""
    found = CONTROLLERS.first(rx, "workspace_key = ?", workspace_key)
    if found is None:
        raise ControllerNotFound(
            f"no controller has the workspace {workspace_key!r}", workspace_key=workspace_key
        )
    return found


@room.query(sockets=(CONTROL,))
def list_(
    rx: Rx, *, limit: ListLimit = DEFAULT_LIST_LIMIT, cursor: Cursor | None = None
) -> Page[Controller]:
    """List controllers, newest first."""
    return CONTROLLERS.newest_first(rx, limit, cursor)


@room.mutation(
    sockets=(CONTROL,),
    errors=(ControllerNotFound, ControllerOwnershipConflict),
    if_lost="acquire with takeover under a new key to get a new one, or pass a `token` of your own",
)
def acquire(
    tx: Tx,
    *,
    controller_id: ControllerId,
    takeover: bool = False,
    pid: Pid | None = None,
    lease_ms: LeaseMs | None = None,
    token: OwnToken | None = None,
) -> Handle:
    """Become the owner of a controller: the highest epoch ever plus one, and a token shown once.

    While somebody else owns it this takes `takeover`, unless the owner's lease ran out. With a
    `token` of the caller's own the answer shows none and is kept under its idempotency key.
    """
    CONTROLLERS.require(tx, controller_id)
    subject = streams.controller(controller_id)
    owner = records.owner(tx, controller_id)
    if owner is not None:
        if not takeover and not leases.is_expired(tx, subject):
            raise ControllerOwnershipConflict(
                f"controller {controller_id} has an active owner (process {owner.pid}, epoch"
                f" {owner.epoch}); acquire with takeover to replace it",
                controller_id=controller_id,
                current_epoch=owner.epoch,
            )
        # Before the next one begins: one at most may be active.
        records.end_instance(tx, controller_id)
    made = None if token is not None else tx.new_secret()
    handle = Handle(
        controller_id=controller_id,
        instance_id=tx.world.new_id("ci_"),
        epoch=fences.raise_epoch(tx, subject, token or made),
        token=made,
        pid=pid or tx.caller.pid,
        host_id=tx.world.host_id,
        created_at=tx.now,
        lease_expires_at=leases.grant(tx, subject, lease_ms),
    )
    records.begin_instance(tx, handle)
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
    CONTROLLERS.require(tx, controller_id)
    subject = streams.controller(controller_id)
    fences.require(tx, subject, Fence(epoch=epoch, token=token), controller_id=controller_id)
    leases.grant(tx, subject, lease_ms)
    owner = records.owner(tx, controller_id)
    assert owner is not None  # the fence has just found it
    return Handle(
        controller_id=controller_id,
        instance_id=owner.instance_id,
        epoch=owner.epoch,
        token=None,
        pid=owner.pid,
        host_id=owner.host_id or tx.world.host_id,
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
    CONTROLLERS.require(tx, controller_id)
    subject = streams.controller(controller_id)
    owner = records.owner(tx, controller_id)
    if owner is None:
        return Release(
            controller_id=controller_id,
            released=False,
            reason="NO_ACTIVE_OWNER",
            released_at=None,
            instance_id=None,
            epoch=None,
        )
    # Who can prove the ownership is told of as its owner, also where it passes `force`.
    proven = epoch is not None and token is not None and fences.holds(tx, subject, epoch, token)
    if not force and not proven:
        raise InvalidControllerHandle(
            f"releasing {controller_id} takes the owner's epoch ({owner.epoch} now) and token,"
            " or force",
            controller_id=controller_id,
            current_epoch=owner.epoch,
        )
    records.let_go(tx, controller_id, owner, force=not proven)
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
    controller = CONTROLLERS.require(rx, controller_id)
    owner = records.owner(rx, controller_id)
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
        CONTROLLERS.require(rx, controller_id)
    is_active = 1 if active_only else None
    return records.INSTANCES.newest_first(
        rx, limit, cursor, controller_id=controller_id, is_active=is_active
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
