"""Records of sessions: what runs go on from, and who has seen how far they are."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.runs import RunEvent
from penholder_protocol.nouns.words import (
    Attention,
    JsonObject,
    RunOutcome,
    Sequence,
    SessionState,
    Time,
)


class Session(Record, frozen=True, kw_only=True):
    """What the runs of one conversation share; `version` is a counter over all sessions."""

    session_id: told.SessionId
    tenant_id: told.TenantId
    project_id: told.ProjectId
    backend_profile: str
    conversation_id: told.ConversationId | None
    thread_id: told.ThreadId | None
    metadata: JsonObject
    version: Sequence
    state: SessionState
    last_run_id: told.RunId | None
    last_command_id: told.CommandId | None
    active_run_id: told.RunId | None
    active_command_id: told.CommandId | None
    last_event_seq: Sequence
    outcome: RunOutcome | None
    failure_kind: str | None
    title: str | None
    last_activity_at: Time
    created_at: Time
    updated_at: Time
    expires_at: Time | None


class SessionSummary(Session, frozen=True, kw_only=True):
    """A session as a reader sees it: does it need attention?"""

    session_path: str
    reader_id: told.ReaderId | None
    read_version: Sequence | None
    attention: Attention
    unread: bool
    active: bool


class SessionEvents(Record, frozen=True, kw_only=True):
    """A part of the stream of one run of a session; `next` is the cursor for the next."""

    session_id: told.SessionId
    run_id: told.RunId
    items: list[RunEvent]
    next: str | None


class SessionRead(Record, frozen=True, kw_only=True):
    """How far a reader has seen a session."""

    session_id: told.SessionId
    reader_id: told.ReaderId
    session_version: Sequence
    read_at: Time
