"""Constrained words: the scalar types from which every record and parameter is made."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw

from penholder_protocol import limits

# The look-ahead closes the hole that `$` also matches before a last newline in Python.
_ID = r"^[A-Za-z0-9._:\-]+$(?!\n)"


def _id(description: str, max_length: int = limits.MAX_ID_CHARACTERS) -> Meta:
    return Meta(min_length=1, max_length=max_length, pattern=_ID, description=description)


ControllerId = Annotated[str, _id("Names a controller; made by the daemon as ctl_… if absent.")]
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
OptionId = Annotated[str, _id("One answer among an approval's options.")]
SubscriptionId = Annotated[str, _id("A live subscription of this connection.")]

Text = Annotated[str, Meta(max_length=limits.MAX_TEXT_CHARACTERS)]
Label = Annotated[str, Meta(min_length=1, max_length=limits.MAX_TEXT_CHARACTERS)]
TypeName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_TYPE_CHARACTERS,
        description="A word that programs compare, such as tool.call.",
    ),
]
Time = Annotated[
    str, Meta(description="RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z.")
]
Token = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=limits.MAX_TOKEN_CHARACTERS,
        description="The secret of one ownership; shown once, stored hashed.",
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
Milliseconds = Annotated[int, Meta(ge=0, le=limits.MAX_INTEGER)]
ListLimit = Annotated[int, Meta(ge=1, le=limits.MAX_LIST_LIMIT)]
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
JsonValue = Annotated[Raw, Meta(description="Any JSON value.")]
"""The same for any value; absent is null."""

EMPTY_OBJECT = Raw(b"{}")
NULL = Raw(b"null")

WorkerState: TypeAlias = Literal[
    "starting", "idle", "running", "waiting_approval", "canceling", "stopped", "error"
]
RecoveryState: TypeAlias = Literal["restartable", "attached", "lost"]
ApprovalState: TypeAlias = Literal["pending", "decided", "canceled", "expired"]
