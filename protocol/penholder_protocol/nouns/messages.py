"""Records of the messages room: what is published on topics, and how far it was read."""

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    CorrelationId,
    EventId,
    JsonObject,
    Position,
    ReaderId,
    Sequence,
    Time,
    TopicName,
)


class Message(Record, frozen=True, kw_only=True):
    """One entry of a topic's stream; `seq` counts 1, 2, 3 … without a hole."""

    message_id: EventId
    pos: Position
    topic: TopicName
    seq: Sequence
    ts: Time
    kind: str
    correlation_id: CorrelationId | None
    payload: JsonObject


class Messages(Record, frozen=True, kw_only=True):
    """What message.wait found; go on after the `seq` of the last one."""

    items: list[Message]


class Acknowledged(Record, frozen=True, kw_only=True):
    """How far a reader has read a topic."""

    topic: TopicName
    reader: ReaderId
    seq: Sequence


class Unread(Record, frozen=True, kw_only=True):
    """How many messages of a topic a reader has before it, and after which one they begin."""

    count: int
    after_seq: Sequence
