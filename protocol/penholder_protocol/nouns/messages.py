"""Records of the messages room: what is published on topics, and how far it was read."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    JsonObject,
    Position,
    Sequence,
    Time,
)


class Message(Record, frozen=True, kw_only=True):
    """One entry of a topic's stream; `seq` counts 1, 2, 3 … without a hole."""

    message_id: told.EventId
    pos: Position
    topic: told.TopicName
    seq: Sequence
    ts: Time
    kind: str
    correlation_id: told.CorrelationId | None
    payload: JsonObject


class Messages(Record, frozen=True, kw_only=True):
    """What message.wait found; go on after the `seq` of the last one."""

    items: list[Message]


class Acknowledged(Record, frozen=True, kw_only=True):
    """How far a reader has read a topic."""

    topic: told.TopicName
    reader: told.ReaderId
    seq: Sequence


class Unread(Record, frozen=True, kw_only=True):
    """How many messages of a topic a reader has before it, and after which one they begin."""

    count: int
    after_seq: Sequence
