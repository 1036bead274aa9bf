"""Messages as entries of their topics' streams, found by kind and correlation as well."""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from penholder_daemon.core import journal, streams
from penholder_daemon.core.store import SqlValue, filters, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.nouns import Entry, Message


class _Content(msgspec.Struct, frozen=True):
    """What the entry of a message holds as its data."""

    correlation_id: str | None
    payload: Raw


_decode_content = msgspec.json.Decoder(_Content).decode


def publish_own(tx: Tx, topic: str, kind: str, correlation_id: str, **payload: object) -> None:
    """Publish what the daemon itself has to say, in the transaction that makes it true."""
    publish(tx, topic, kind, correlation_id, Raw(to_json(payload)))


def publish(tx: Tx, topic: str, kind: str, correlation_id: str | None, payload: Raw) -> Message:
    """Add a message to a topic, which its first message makes."""
    content = _Content(correlation_id, payload)
    stream = streams.topic(topic)
    entry = journal.append(tx, stream, kind, Raw(to_json(content)), id_prefix="msg_")
    # The entry alone would do for reading; this row finds it by kind and by correlation.
    tx.store.run(
        "INSERT INTO messages (message_pos, topic_id, message_seq, kind, correlation_id)"
        " VALUES (?, (SELECT stream_id FROM streams WHERE name = ?), ?, ?, ?)",
        entry.pos,
        stream,
        entry.seq,
        kind,
        correlation_id,
    )
    return _message(entry)


def read(
    rx: Rx, topic: str, after_seq: int, correlation_id: str | None, kind: str | None
) -> Iterator[tuple[int, Message]]:
    """Yield a topic's messages with their sequence numbers, found by the narrowest index."""
    stream = streams.topic(topic)
    wanted, values = filters("m.", correlation_id=correlation_id, kind=kind)
    if wanted:
        entries = _indexed(rx, stream, after_seq, wanted, values)
    else:
        entries = journal.read_stream(rx, stream, after_seq)
    return ((entry.seq, _message(entry)) for entry in entries)


def _indexed(
    rx: Rx, stream: str, after_seq: int, wanted: str, values: list[SqlValue]
) -> Iterator[Entry]:
    journal.refuse_pruned_seq(rx, stream, after_seq)
    rows = rx.store.rows(
        f"SELECT {journal.ENTRY.columns} FROM messages m JOIN journal j ON j.pos = m.message_pos"
        " JOIN streams s ON s.stream_id = j.stream_id"
        " WHERE m.topic_id = (SELECT stream_id FROM streams WHERE name = ?)"
        f" AND m.message_seq > ?{wanted} ORDER BY m.message_seq",
        stream,
        after_seq,
        *values,
    )
    return map(journal.ENTRY.read, rows)


def _message(entry: Entry) -> Message:
    content = _decode_content(entry.data)
    return Message(
        message_id=entry.entry_id,
        pos=entry.pos,
        topic=entry.stream.removeprefix("topic:"),
        seq=entry.seq,
        ts=entry.ts,
        kind=entry.type,
        correlation_id=content.correlation_id,
        payload=content.payload,
    )
