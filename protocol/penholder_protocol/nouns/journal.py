"""Records of the journal: one append-only table of numbered streams."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    JsonObject,
    JsonValue,
    Position,
    Sequence,
    Time,
)


class Entry(Record, frozen=True, kw_only=True):
    """One entry: `pos` orders all streams, `seq` counts without a hole in its own stream.

    `request_id` is the JSON-RPC id of the call that caused it, as text.
    """

    entry_id: told.EventId
    pos: Position
    stream: str
    seq: Sequence
    ts: Time
    type: str
    turn_id: str | None
    data: JsonObject
    raw: JsonValue
    request_id: str | None
    blobs: tuple[told.BlobId, ...] = ()


class Entries(Record, frozen=True, kw_only=True):
    """A read of streams: go on after `pos`."""

    items: list[Entry]
    pos: Position


class Subscription(Record, frozen=True, kw_only=True):
    """A live subscription: journal.entries notifications follow, from after `pos`."""

    subscription: told.SubscriptionId
    pos: Position


class Unsubscribed(Record, frozen=True, kw_only=True):
    """Whether there was such a subscription to end."""

    unsubscribed: bool


class CurrentPosition(Record, frozen=True, kw_only=True):
    """The position of the newest entry."""

    pos: Position


class EntriesNotice(Record, frozen=True, kw_only=True):
    """Params of the notification journal.entries."""

    subscription: told.SubscriptionId
    entries: list[Entry]
    pos: Position


class LaggedNotice(Record, frozen=True, kw_only=True):
    """Params of journal.lagged: the subscription has ended, subscribe again after the pos."""

    subscription: told.SubscriptionId
    resume_after: Position


class PrunedNotice(Record, frozen=True, kw_only=True):
    """Params of journal.pruned: retention has overtaken this subscription on one stream."""

    subscription: told.SubscriptionId
    stream: str
    oldest_pos: Position


class FencedNotice(Record, frozen=True, kw_only=True):
    """Params of runtime.fenced: another process took the worker's seat."""

    worker_id: str
    current_epoch: int
