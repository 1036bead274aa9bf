"""Records of the workers and runtime rooms: workers, and the process in a worker's seat."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    Epoch,
    OptionalObject,
    Pid,
    RecoveryState,
    Time,
    WorkerState,
)


class Worker(Record, frozen=True, kw_only=True):
    """One worker of a controller. `socket_path` is where the daemon serves it.

    That is null for a worker of another host, which serves it there. While its host's lease is over
    its `recovery_state` is `unreachable`, and nothing else of it changes.
    """

    worker_id: told.WorkerId
    controller_id: told.ControllerId
    host_id: told.HostId = ""
    """Empty of a daemon from before there were hosts."""
    label: str
    launcher: str
    profile: str
    packs: list[str]
    cwd: str
    env: dict[str, str]
    session_id: told.SessionId
    socket_path: str | None
    runtime_pid: Pid | None
    runtime_socket: str | None
    state: WorkerState
    recovery_state: RecoveryState
    active_turn_id: told.TurnId | None
    heartbeat_at: Time | None
    created_at: Time
    updated_at: Time
    stopped_at: Time | None
    last_error: str | None


class LastEvent(Record, frozen=True, kw_only=True):
    """What the newest entry of a worker's stream is, without its data."""

    type: str
    ts: Time


class WorkerOverview(Record, frozen=True, kw_only=True):
    """A worker and what it did last, as far as its stream still holds that."""

    worker: Worker
    pending_approvals: int
    last_output_at: Time | None
    last_text: str | None
    """The last line of the newest `output` entry that is not blank, cut to its first
    MAX_LAST_TEXT_CHARACTERS; empty where all are blank, null where the entry has no text."""
    last_event: LastEvent | None
    last_data: OptionalObject
    """The data of that event; null where it has more than MAX_LAST_DATA_BYTES."""
    summary: OptionalObject
    """The data of the newest entry of type `summary`."""


class Removed(Record, frozen=True, kw_only=True):
    """A worker was deleted; its stream and epochs stay."""

    removed: bool


class Attachment(Record, frozen=True, kw_only=True):
    """The answer of runtime.attach: the seat of `worker` is the caller's under `runtime_epoch`."""

    worker: Worker
    runtime_epoch: Epoch


class RuntimeStatus(Record, frozen=True, kw_only=True):
    """Which process holds the seat of a worker."""

    worker_id: told.WorkerId
    attached: bool
    pid: Pid | None
    runtime_epoch: Epoch
    attached_at: Time | None
