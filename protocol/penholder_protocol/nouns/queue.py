"""Records of the queue room: work to be claimed."""

import msgspec
from msgspec import UNSET, UnsetType

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.leases import Lease
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    Attempts,
    DelayMs,
    IdempotencyKey,
    JsonObject,
    JsonValue,
    Priority,
    ProjectId,
    QueueName,
    QueueTaskId,
    QueueTaskState,
    TenantId,
    Text,
    Time,
    TypeName,
)


class QueueTask(Record, frozen=True, kw_only=True):
    """One piece of work; `version` is one counter over all tasks, raised by every change.

    `read_version` and `unread` are there where a reader was named.
    """

    queue_task_id: told.QueueTaskId
    tenant_id: told.TenantId
    project_id: told.ProjectId
    queue: told.QueueName
    lane: str
    title: str | None
    priority: int
    payload: JsonObject
    payload_hash: str
    state: QueueTaskState
    version: int
    attempts: int
    max_attempts: int
    backoff_ms: int
    not_before_at: Time | None
    latest_attempt: JsonValue
    session_path: str | None
    result: JsonValue
    error: str | None
    claimed_by: str | None
    lease_expires_at: Time | None
    idempotency_key: str | None
    created_at: Time
    updated_at: Time
    canceled_at: Time | None
    cancel_reason: str | None
    read_version: int | UnsetType | None = UNSET
    unread: bool | UnsetType = UNSET


class NewQueueTask(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task to submit with queue.submit_many."""

    queue_task_id: QueueTaskId | None = None
    tenant_id: TenantId
    project_id: ProjectId
    queue: QueueName
    lane: TypeName = "default"
    title: Text | None = None
    priority: Priority = 0
    payload: JsonObject = msgspec.field(default_factory=lambda: EMPTY_OBJECT)
    max_attempts: Attempts = 1
    backoff_ms: DelayMs = 1000
    delay_ms: DelayMs = 0
    idempotency_key: IdempotencyKey | None = None


class ClaimedTask(Record, frozen=True, kw_only=True):
    """A task and the lease under which its claimer works on it."""

    task: QueueTask
    lease: Lease


class PausedQueue(Record, frozen=True, kw_only=True):
    """Whether a queue gives out tasks."""

    queue: told.QueueName
    paused: bool


class QueueRead(Record, frozen=True, kw_only=True):
    """Up to which version a reader has read a task."""

    queue_task_id: told.QueueTaskId
    reader_id: told.ReaderId
    task_version: int
    read_at: Time


class QueueStats(Record, frozen=True, kw_only=True):
    """Counts of one queue or of all; only states and lanes that occur."""

    queue: str | None
    total: int
    by_state: dict[str, int]
    by_lane: dict[str, int]
    max_version: int
    paused: bool | None
    generated_at: Time


class QueueOverview(Record, frozen=True, kw_only=True):
    """The counts and the first 20 tasks."""

    queue: str | None
    stats: QueueStats
    items: list[QueueTask]
    generated_at: Time
