"""Constrained words: the scalar types from which every record and parameter is made."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw

from penholder_protocol import limits, patterns


def _id(description: str, max_length: int = limits.MAX_ID_CHARACTERS) -> Meta:
    return Meta(min_length=1, max_length=max_length, pattern=patterns.ID, description=description)


ControllerId = Annotated[str, _id("Names a controller; made by the daemon as ctl_… if absent.")]
HostId = Annotated[str, _id("A state directory and its daemon; made by the daemon as host_….")]
InstanceId = Annotated[str, _id("One ownership of a controller; made by the daemon as ci_….")]
WorkerId = Annotated[
    str,
    _id("Names a worker, for ever; made as w_… if absent.", limits.MAX_WORKER_ID_CHARACTERS),
]
EventId = Annotated[str, _id("One entry of the journal, ev_….")]
ApprovalId = Annotated[str, _id("One question to a person or controller, ap_….")]
HandoffId = Annotated[str, _id("One snapshot to go on from, hs_….")]
TurnId = Annotated[str, _id("One turn of a worker, named by its caller.")]
SessionId = Annotated[str, _id("A conversation of a worker; made as sess_… if absent.")]
RunId = Annotated[str, _id("One execution; made by the daemon as run_… if absent.")]
CommandId = Annotated[str, _id("One thing asked of a run, cmd_….")]
RunnerId = Annotated[str, _id("Who carries runs or queue tasks out; a worker is its own runner.")]
JobId = Annotated[str, _id("One job that a runner started elsewhere; made as job_… if absent.")]
AttemptId = Annotated[str, _id("One try of a job, named by its caller.")]
TenantId = Annotated[str, _id("Whose work it is; sessions never cross tenants.")]
ProjectId = Annotated[str, _id("A part of a tenant's work; sessions never cross projects.")]
ConversationId = Annotated[str, _id("A conversation, as those who talk name it.")]
ThreadId = Annotated[str, _id("A conversation, as the backend names it.")]
ReaderId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_ID_CHARACTERS,
        pattern=patterns.READER,
        description="Who has read something, named by its caller; a worker's readers are itself and"
        " what begins with its id and /.",
    ),
]
TaskId = Annotated[str, _id("One piece of work under review, named by its caller.")]
CorrelationId = Annotated[str, _id("What messages belong to, named by their senders.")]
BoardId = Annotated[str, _id("One goal and everything that is done for it.")]
WorkstreamId = Annotated[str, _id("One strand of a board's work; made as ws_… if absent.")]
BriefId = Annotated[str, _id("One order of a board's tree; made as br_… if absent.")]
AgentId = Annotated[str, _id("Whoever owns a workstream, named by its caller.")]
TopicName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_ID_CHARACTERS,
        pattern=patterns.TOPIC,
        description="Names a topic; any characters, but not * alone.",
    ),
]
QueueTaskId = Annotated[str, _id("One piece of work; made by the daemon as qt_… if absent.")]
QueueName = Annotated[str, _id("A queue; it is there as soon as it is named.")]
OptionId = Annotated[str, _id("One answer among an approval's options.")]
BlobId = Annotated[
    str,
    Meta(
        pattern=patterns.BLOB,
        max_length=71,
        description="Names bytes by their own SHA-256: sha256- and 64 hexadecimal digits.",
    ),
]
BlobIds = Annotated[
    tuple[BlobId, ...],
    Meta(max_length=limits.MAX_BLOBS, description="Blobs that belong to an entry."),
]
UploadId = Annotated[str, _id("One blob that is being put; made by the daemon as up_… if absent.")]
BlobPartText = Annotated[
    str,
    Meta(
        max_length=-(-limits.MAX_BLOB_PART_BYTES // 3) * 4,
        description="Bytes as base64 with its padding, and nothing else in it.",
    ),
]
BlobOffset = Annotated[
    int, Meta(ge=0, le=limits.MAX_BLOB_BYTES, description="How many bytes lie before.")
]
BlobPartLimit = Annotated[
    int, Meta(ge=1, le=limits.MAX_BLOB_PART_BYTES, description="How many bytes at most.")
]
SubscriptionId = Annotated[str, _id("A live subscription of this connection.")]

Text = Annotated[str, Meta(max_length=limits.MAX_TEXT_CHARACTERS)]
Label = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT_CHARACTERS)]
Goal = Annotated[str, Meta(min_length=1, max_length=limits.MAX_GOAL_CHARACTERS)]
StateId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_STATE_ID_CHARACTERS,
        description="An id that comes from elsewhere; any characters.",
    ),
]
BindingIdentity = Annotated[
    str,
    Meta(
        min_length=1,
        # One that was composed has two ids and a colon.
        max_length=2 * limits.MAX_STATE_ID_CHARACTERS + 1,
        description="What a binding of a runner is known by; any characters.",
    ),
]
StateKey = Annotated[
    str,
    Meta(
        max_length=limits.MAX_STATE_KEY_CHARACTERS,
        description="Names a value in its scope; any characters, none too.",
        extra={"takes_nul": True},
    ),
]
TypeName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_TYPE_CHARACTERS,
        description="A word that programs compare, such as tool.call.",
    ),
]
PayloadHash = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_TYPE_CHARACTERS,
        description="Tells payloads apart; the daemon's own are SHA-256 of canonical JSON.",
    ),
]
FailureKind = Annotated[
    str, Meta(max_length=limits.MAX_TYPE_CHARACTERS, description="What went wrong, in a word.")
]
Time = Annotated[
    str, Meta(description="RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z.")
]
GivenTime = Annotated[
    str,
    Meta(
        pattern=patterns.GIVEN_TIME,
        max_length=limits.MAX_TIME_CHARACTERS,
        description="RFC 3339 in UTC, ending in Z; kept with milliseconds.",
    ),
]
Token = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_TOKEN_CHARACTERS,
        description="The secret of one ownership; shown once, stored hashed.",
    ),
]
OwnToken = Annotated[
    str,
    Meta(
        min_length=limits.MIN_OWN_TOKEN_CHARACTERS,
        max_length=limits.MAX_OWN_TOKEN_CHARACTERS,
        pattern=patterns.URL_SAFE,
        description="A secret that the caller made at random and keeps; with it the answer's token"
        " is null, so the answer can be kept under its idempotency key.",
    ),
]
IdempotencyKey = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_IDEMPOTENCY_KEY_CHARACTERS,
        description="The same call sent again under the same key is done once.",
    ),
]
Epoch = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER, description="Only ever grows.")]
Position = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER, description="Global journal order.")]
Sequence = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER, description="1, 2, 3 … in a stream.")]
Pid = Annotated[int, Meta(ge=1, le=(1 << 31) - 1, description="A process id.")]
LeaseMs = Annotated[int, Meta(ge=1, le=limits.MAX_LEASE_MS)]
WaitMs = Annotated[int, Meta(ge=0, le=limits.MAX_WAIT_MS)]
DeadlineMs = Annotated[int, Meta(ge=1, le=limits.MAX_DEADLINE_MS)]
DrainMs = Annotated[int, Meta(ge=0, le=limits.MAX_DRAIN_MS)]
Priority = Annotated[
    int,
    Meta(ge=-limits.MAX_PRIORITY, le=limits.MAX_PRIORITY, description="High ones are first."),
]
Attempts = Annotated[int, Meta(ge=1, le=limits.MAX_ATTEMPTS)]
DelayMs = Annotated[int, Meta(ge=0, le=limits.MAX_DEADLINE_MS)]
Milliseconds = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
ListLimit = Annotated[int, Meta(ge=1, le=limits.MAX_LIST_LIMIT)]
RunEventLimit = Annotated[int, Meta(ge=1, le=limits.MAX_RUN_EVENTS_LIMIT)]
CommandLimit = Annotated[int, Meta(ge=1, le=limits.MAX_COMMANDS_LIMIT)]
SessionLimit = Annotated[int, Meta(ge=1, le=limits.MAX_SESSIONS_LIMIT)]
Tier = Annotated[int, Meta(ge=0, le=limits.MAX_TIER)]
RetryCount = Annotated[int, Meta(ge=0, le=limits.MAX_RETRY_COUNT)]
TreeDepth = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
KeptBackups = Annotated[int, Meta(ge=1, le=limits.MAX_KEPT_BACKUPS)]
StateLimit = Annotated[int, Meta(ge=1, le=limits.MAX_INTEGER)]
Cursor = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_CURSOR_CHARACTERS,
        description="`next` of an earlier page; opaque.",
    ),
]
StreamName = Annotated[str, Meta(min_length=1, max_length=2 * limits.MAX_ID_CHARACTERS)]
StreamNames = Annotated[list[StreamName], Meta(min_length=1, max_length=limits.MAX_STREAMS)]
Types = Annotated[list[TypeName], Meta(max_length=limits.MAX_STREAMS)]
Names = Annotated[list[Text], Meta(max_length=limits.MAX_NAMES)]
Environment = Annotated[dict[Text, Text], Meta(max_length=limits.MAX_NAMES)]

JsonObject = Annotated[Raw, Meta(extra_json_schema={"type": "object"})]
"""A JSON object that the daemon stores and gives back and never looks into."""
_OBJECT_OR_NULL = {"anyOf": [{"type": "object"}, {"type": "null"}]}
OptionalObject = Annotated[Raw, Meta(extra_json_schema=_OBJECT_OR_NULL)]
"""The same, or null."""
JsonValue = Annotated[Raw, Meta(description="Any JSON value.")]
"""The same for any value; absent is null."""
LateJsonValue = Annotated[Raw, Meta(description="Any JSON value.", extra={"checked_late": True})]
"""The same, but its size and depth are the handler's to check, after what comes before them."""

EMPTY_OBJECT = Raw(b"{}")
NULL = Raw(b"null")

WorkerState: TypeAlias = Literal[
    "starting", "idle", "running", "waiting_approval", "canceling", "stopped", "error"
]
RecoveryState: TypeAlias = Literal["restartable", "attached", "lost", "unreachable"]
ApprovalState: TypeAlias = Literal["pending", "decided", "canceled", "expired"]
TaskState: TypeAlias = Literal[
    "ASSIGNED", "WORKING", "CONFLICTED", "IN_REVIEW", "APPROVED", "COMPLETED", "FAILED"
]
StaleLevel: TypeAlias = Literal["ok", "warn", "stale", "dead"]
StateScope: TypeAlias = Literal["conversation", "actor", "subject", "runner"]
BoardState: TypeAlias = Literal["pending", "active", "review", "done", "failed"]
WorkstreamState: TypeAlias = Literal["pending", "active", "blocked", "done", "failed"]
BriefState: TypeAlias = Literal["pending", "active", "done", "failed"]
BoardEventKind: TypeAlias = Literal["spawned", "completed", "failed", "escalated", "retried"]
RunState: TypeAlias = Literal["pending", "claimed", "completed", "failed", "blocked", "canceled"]
RunOutcome: TypeAlias = Literal["completed", "failed", "blocked", "canceled"]
CommandType: TypeAlias = Literal["turn", "steer", "interrupt"]
CommandState: TypeAlias = Literal["pending", "acknowledged", "completed", "failed", "canceled"]
SessionState: TypeAlias = Literal["idle", "running", "terminal"]
Attention: TypeAlias = Literal["active", "unread", "read"]
QueueTaskState: TypeAlias = Literal[
    "pending", "running", "completed", "failed", "blocked", "canceled"
]
