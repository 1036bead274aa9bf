"""Records of the controllers room: who owns a workspace."""

from typing import Literal

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import Epoch, Pid, Time, Token


class Fence(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Proof of ownership: the epoch and token that controller.acquire answered."""

    epoch: Epoch
    token: Token


class Controller(Record, frozen=True, kw_only=True):
    """Who steers the workers of one workspace."""

    controller_id: told.ControllerId
    label: str
    workspace_key: str
    created_at: Time
    updated_at: Time


class Handle(Record, frozen=True, kw_only=True):
    """An ownership as its owner sees it; `token` is there once, in the answer of acquire.

    It is null where the owner brought a token of its own.
    """

    controller_id: told.ControllerId
    instance_id: told.InstanceId
    epoch: Epoch
    token: str | None
    pid: Pid | None
    host_id: told.HostId = ""
    """Empty of a daemon from before there were hosts."""
    created_at: Time
    lease_expires_at: Time | None


class Release(Record, frozen=True, kw_only=True):
    """What controller.release did; `reason` says why nothing was released."""

    controller_id: told.ControllerId
    released: bool
    reason: Literal["NO_ACTIVE_OWNER"] | None
    released_at: Time | None
    instance_id: told.InstanceId | None
    epoch: Epoch | None


class ActiveOwner(Record, frozen=True, kw_only=True):
    """The owner of a controller, without its secret."""

    instance_id: told.InstanceId
    epoch: Epoch
    pid: Pid | None
    host_id: told.HostId | None = None
    """Where that process is; null only of one from before there were hosts, at the first start."""
    created_at: Time
    lease_expires_at: Time | None


class ControllerStatus(Record, frozen=True, kw_only=True):
    """A controller and its owner; `dormant` while nobody owns it."""

    controller_id: told.ControllerId
    label: str
    workspace_key: str
    state: Literal["active", "dormant"]
    active_owner: ActiveOwner | None


class Instance(Record, frozen=True, kw_only=True):
    """One ownership, past or present."""

    instance_id: told.InstanceId
    controller_id: told.ControllerId
    epoch: Epoch
    pid: Pid | None
    host_id: told.HostId | None = None
    """As in ActiveOwner."""
    is_active: bool
    created_at: Time
    released_at: Time | None


class Validity(Record, frozen=True, kw_only=True):
    """Whether an epoch and token are the active owner's."""

    valid: bool
