"""Records of the events room: what a worker's stream holds."""

import msgspec

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    NULL,
    BlobIds,
    JsonObject,
    JsonValue,
    Position,
    Sequence,
    Time,
    TurnId,
    TypeName,
)


class Event(Record, frozen=True, kw_only=True):
    """One entry of a worker's stream; `event_seq` counts 1, 2, 3 … without a hole."""

    event_id: told.EventId
    worker_id: told.WorkerId
    event_seq: Sequence
    pos: Position
    ts: Time
    type: str
    turn_id: str | None
    data: JsonObject
    raw: JsonValue
    blobs: tuple[told.BlobId, ...] = ()
    """What belongs to it and is too large for a value."""


class NewEvent(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event to append with event.append_many."""

    type: TypeName
    data: JsonObject = msgspec.field(default_factory=lambda: EMPTY_OBJECT)
    turn_id: TurnId | None = None
    raw: JsonValue = msgspec.field(default_factory=lambda: NULL)
    blobs: BlobIds = ()
