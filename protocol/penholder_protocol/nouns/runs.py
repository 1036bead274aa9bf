"""Records of runs and what belongs to them: commands, events, runners, jobs, backends."""

import msgspec

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.leases import Lease
from penholder_protocol.nouns.words import (
    NULL,
    CommandState,
    CommandType,
    ConversationId,
    GivenTime,
    IdempotencyKey,
    JsonObject,
    OptionalObject,
    Position,
    RunState,
    Sequence,
    SessionId,
    ThreadId,
    Time,
)


class SessionRef(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The session that a run belongs to, and what is known of it."""

    session_id: SessionId
    conversation_id: ConversationId | None = None
    thread_id: ThreadId | None = None
    expires_at: GivenTime | None = None
    metadata: OptionalObject = msgspec.field(default_factory=lambda: NULL)


class Run(Record, frozen=True, kw_only=True):
    """One execution. An expired one stays `claimed`; `claimed_by` stays after the end."""

    run_id: told.RunId
    tenant_id: told.TenantId
    project_id: told.ProjectId
    backend_profile: str
    session_ref: SessionRef | None
    resource_bundle_ref: OptionalObject
    metadata: JsonObject
    state: RunState
    failure_kind: str | None
    failure_message: str | None
    claimed_by: told.RunnerId | None
    lease_expires_at: Time | None
    created_at: Time
    updated_at: Time


class ClaimedRun(Record, frozen=True, kw_only=True):
    """A run and its lease; no lease once the run has ended."""

    run: Run
    lease: Lease | None


class RunEvent(Record, frozen=True, kw_only=True):
    """One entry of a run's stream; `seq` counts 1, 2, 3 … without a hole."""

    event_id: told.EventId
    run_id: told.RunId
    seq: Sequence
    pos: Position
    type: str
    payload: JsonObject
    created_at: Time


class Command(Record, frozen=True, kw_only=True):
    """One thing asked of a run; `seq` counts the run's commands."""

    command_id: told.CommandId
    run_id: told.RunId
    seq: Sequence
    type: CommandType
    state: CommandState
    payload: JsonObject
    payload_hash: str
    idempotency_key: IdempotencyKey | None
    created_at: Time
    updated_at: Time
    acknowledged_at: Time | None


class Runner(Record, frozen=True, kw_only=True):
    """Who carries runs out, if it made itself known."""

    runner_id: told.RunnerId
    metadata: JsonObject
    registered_at: Time
    heartbeat_at: Time


class Job(Record, frozen=True, kw_only=True):
    """A job that a runner started elsewhere for a command."""

    job_id: told.JobId
    run_id: told.RunId
    command_id: told.CommandId
    idempotency_key: IdempotencyKey | None
    payload_hash: str
    attempt_id: told.AttemptId
    runner_id: told.RunnerId
    namespace: str
    job_name: str
    manager_url: str
    image: str
    source_commit: str
    service_account_name: str | None
    result: JsonObject
    created_at: Time
    updated_at: Time


class Backend(Record, frozen=True, kw_only=True):
    """A backend profile of the configuration and what it can do."""

    backend_profile: str
    capabilities: JsonObject


class Backends(Record, frozen=True, kw_only=True):
    """Every backend profile of the configuration."""

    items: list[Backend]
