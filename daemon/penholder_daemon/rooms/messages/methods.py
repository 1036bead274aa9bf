"""Topics: messages that anybody may publish and every reader reads at its own pace."""

from collections.abc import Iterator

from penholder_daemon.core import access, journal, paging, read_cursors, streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.fence import Arguments
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.messages import records
from penholder_protocol.errors import CursorGone, Denied, InvalidParams
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS
from penholder_protocol.nouns import Acknowledged, Finding, Message, Messages, Page, Unread
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    CorrelationId,
    Cursor,
    JsonObject,
    ListLimit,
    ReaderId,
    Sequence,
    TopicName,
    TypeName,
    WaitMs,
)

room = Room("message")

_BOTH = (CONTROL, RUNTIME)
OWN_KINDS = frozenset({"task_assign", "worker_assigned", "state_change", "task_failed"})
"""Kinds that only the daemon publishes, so that a reader can trust them."""


def _refuse_own_kind(arguments: Arguments) -> None:
    kind = str(arguments["kind"])
    if kind in OWN_KINDS:
        raise Denied(f"messages of kind {kind!r} are published by the daemon only", kind=kind)


@room.mutation(sockets=_BOTH, precheck=_refuse_own_kind)
def publish(
    tx: Tx,
    *,
    topic: TopicName,
    kind: TypeName,
    correlation_id: CorrelationId | None = None,
    payload: JsonObject = EMPTY_OBJECT,
) -> Message:
    """Publish a message on a topic, which its first message makes.

    The kinds task_assign, worker_assigned, state_change and task_failed are the daemon's own.
    """
    return records.publish(tx, topic, kind, correlation_id, payload)


@room.query(sockets=_BOTH, errors=(CursorGone,))
def list_(
    rx: Rx,
    *,
    topic: TopicName,
    after_seq: Sequence = 0,
    correlation_id: CorrelationId | None = None,
    kind: TypeName | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Message]:
    """List a topic's messages, oldest first, after a sequence number; an unknown topic is empty."""
    after = paging.after(cursor, after_seq)
    return paging.page(records.read(rx, topic, after, correlation_id, kind), limit)


@room.mutation(sockets=_BOTH, errors=(InvalidParams,))
def ack(tx: Tx, *, topic: TopicName, reader: ReaderId | None = None, seq: Sequence) -> Acknowledged:
    """Note that a reader has read up to a sequence number; it never goes back.

    At most the last one is stored; the answer says which is. On a runtime socket the reader is the
    worker, unless another of its own is named: one that begins with its id and a slash.
    """
    reader = access.reader_of(tx, reader)
    subject = streams.topic(topic)
    _, last_seq = journal.extent(tx, subject)
    # Not past the last one: what comes after it would count as read before it is there.
    stored = read_cursors.advance(tx, reader, subject, min(seq, last_seq))
    return Acknowledged(topic=topic, reader=reader, seq=stored)


@room.query(sockets=_BOTH, errors=(InvalidParams,))
def unread(rx: Rx, *, topic: TopicName, reader: ReaderId | None = None) -> Unread:
    """Count what a reader has not read; what retention has taken cannot be read any more."""
    subject = streams.topic(topic)
    after_seq = read_cursors.version_read(rx, access.reader_of(rx, reader), subject) or 0
    pruned_seq, last_seq = journal.extent(rx, subject)
    return Unread(count=last_seq - max(after_seq, pruned_seq), after_seq=after_seq)


@room.wait(sockets=_BOTH, errors=(CursorGone,))
def wait(
    rx: Rx,
    *,
    topic: TopicName,
    after_seq: Sequence,
    correlation_id: CorrelationId | None = None,
    kind: TypeName | None = None,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Messages]:
    """Return the next messages of a topic, as soon as there are any; empty at the timeout."""
    found = records.read(rx, topic, after_seq, correlation_id, kind)
    items, _ = paging.cut(found, DEFAULT_LIST_LIMIT)
    return Waiting(Messages(items=items), ready=bool(items), streams=(streams.topic(topic),))


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every message can be found by its kind and correlation."""
    return verify.query(
        rx,
        {
            "messages_are_indexed": (
                "SELECT s.name || ' has its message ' || j.seq || ' under another kind or none'"
                " FROM journal j JOIN streams s ON s.stream_id = j.stream_id"
                " LEFT JOIN messages m ON m.message_pos = j.pos"
                " WHERE s.name >= 'topic:' AND s.name < 'topic;' AND (m.kind IS NULL"
                " OR m.kind <> j.type OR m.message_seq <> j.seq OR m.topic_id <> j.stream_id)"
            )
        },
    )
