"""What is read of the daemon's records: the fields that are shown, and no others."""

from typing import NamedTuple

import msgspec
from msgspec import Raw

from penholder_protocol.nouns import Option

NULL = Raw(b"null")


class Key(NamedTuple):
    """Names a worker or a question: ids are unique on their host only."""

    host: str
    id: str


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as the daemon tells of it."""

    worker_id: str
    controller_id: str
    label: str
    state: str
    recovery_state: str
    active_turn_id: str | None = None
    created_at: str
    updated_at: str
    last_error: str | None = None
    runtime_pid: int | None = None
    host_id: str | None = None


class LastEvent(msgspec.Struct, frozen=True):
    """The newest event of a worker."""

    type: str
    ts: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A worker and what it did last."""

    worker: WorkerRecord
    last_output_at: str | None = None
    last_text: str | None = None
    last_event: LastEvent | None = None
    last_data: Raw = NULL
    summary: Raw = NULL


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a worker asks and that waits for an answer."""

    request_id: str
    worker_id: str
    state: str
    kind: str
    message: str
    options: list[Option]
    created_at: str
    deadline_at: str | None = None
    keep: bool = False
    runtime_epoch: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a worker's stream; `event_seq` counts without a hole."""

    event_seq: int
    ts: str
    type: str
    data: Raw = NULL


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a queue."""

    queue_task_id: str
    queue: str
    title: str | None = None
    state: str
    priority: int
    attempts: int
    max_attempts: int
    claimed_by: str | None = None
    created_at: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    run_id: str
    state: str
    project_id: str
    backend_profile: str
    claimed_by: str | None = None
    failure_message: str | None = None
    created_at: str


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was sent to a worker."""

    seq: int
    kind: str
    data: Raw = NULL
    acked: bool = False
    created_at: str


class Controller(msgspec.Struct, frozen=True):
    """Whose workers they are."""

    controller_id: str
    label: str
