"""The stream of a worker: what it did, in its order."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from penholder_daemon.core import journal, paging, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.params import compact_struct
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.workers import records
from penholder_daemon.rooms.workers.records import guard_worker
from penholder_protocol.errors import (
    BlobNotFound,
    CursorGone,
    EventNotFound,
    Fenced,
    FenceRequired,
    InvalidParams,
    WorkerNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS, MAX_APPEND_MANY
from penholder_protocol.nouns import Entry, Event, NewEvent, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    NULL,
    BlobIds,
    Cursor,
    EventId,
    JsonObject,
    JsonValue,
    ListLimit,
    Sequence,
    TurnId,
    TypeName,
    Types,
    WaitMs,
    WorkerId,
)

room = Room("event")

_BOTH = (CONTROL, RUNTIME)
_GUARDED = (WorkerNotFound, FenceRequired, Fenced)
_READING = (WorkerNotFound, EventNotFound, CursorGone, InvalidParams)
NewEvents = Annotated[list[NewEvent], Meta(min_length=1, max_length=MAX_APPEND_MANY)]


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=(*_GUARDED, BlobNotFound))
def append(
    tx: Tx,
    *,
    worker_id: WorkerId,
    type: TypeName,  # noqa: A002 - wire name
    data: JsonObject = EMPTY_OBJECT,
    turn_id: TurnId | None = None,
    raw: JsonValue = NULL,
    blobs: BlobIds = (),
) -> Event:
    """Add an event to the worker's stream; `blobs` are what blob.put has made, and belong to it."""
    records.require_controller_id(tx, worker_id)
    stream = streams.worker(worker_id)
    entry = journal.append(tx, stream, type, data, turn_id=turn_id, raw=raw, blobs=blobs)
    return _event(worker_id, entry)


@room.mutation(sockets=_BOTH, fence=guard_worker, errors=(*_GUARDED, BlobNotFound))
def append_many(tx: Tx, *, worker_id: WorkerId, events: NewEvents) -> Page[Event]:
    """Add up to 1,000 events in their order, all or none."""
    records.require_controller_id(tx, worker_id)
    stream = streams.worker(worker_id)
    # Values in nested records are not checked with the params (see `params`).
    return Page(items=[_append(tx, stream, worker_id, compact_struct(each)) for each in events])


@room.query(sockets=_BOTH, errors=_READING)
def list_(
    rx: Rx,
    *,
    worker_id: WorkerId,
    after_event_id: EventId | None = None,
    after_seq: Sequence | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Event]:
    """List a worker's events, oldest first, after an event or a sequence number."""
    after = _after(rx, worker_id, after_event_id, after_seq, cursor)
    return paging.page(_read(rx, worker_id, after), limit)


@room.query(sockets=_BOTH, errors=(WorkerNotFound,))
def latest(rx: Rx, *, worker_id: WorkerId) -> Event | None:
    """Return the worker's newest event, or null."""
    records.require_controller_id(rx, worker_id)
    entry = journal.latest(rx, streams.worker(worker_id))
    return None if entry is None else _event(worker_id, entry)


@room.wait(sockets=_BOTH, errors=_READING)
def wait(
    rx: Rx,
    *,
    worker_id: WorkerId,
    after_event_id: EventId | None = None,
    after_seq: Sequence | None = None,
    types: Types | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Page[Event]]:
    """List events as event.list does, as soon as there are any; empty at the timeout.

    With `types` it looks through a long stream piece by piece until its time is over; an empty
    answer then has a `next`, so that the following call goes on from there.
    """
    after = _after(rx, worker_id, after_event_id, after_seq, cursor)
    stream = streams.worker(worker_id)
    if types is None:
        page = paging.page(_read(rx, worker_id, after), limit)
        return Waiting(page, ready=bool(page.items), streams=(stream,))
    entries, up_to, more = journal.read_types(rx, stream, after, types)
    items, cut_at = paging.cut(((e.seq, _event(worker_id, e)) for e in entries), limit)
    came_to = up_to if cut_at is None else cut_at
    # An empty answer tells how far it looked, so that a call after it looks through nothing twice.
    goes_on = more or cut_at is not None or (not items and came_to > after)
    return Waiting(
        Page(items=items, next=str(came_to) if goes_on else None),
        ready=bool(items),
        streams=(stream,),
        go_on={"cursor": str(came_to)},
        is_partial=more,
    )


def _append(tx: Tx, stream: str, worker_id: str, event: NewEvent) -> Event:
    entry = journal.append(
        tx,
        stream,
        event.type,
        event.data,
        turn_id=event.turn_id,
        raw=event.raw,
        blobs=event.blobs,
    )
    return _event(worker_id, entry)


def _after(
    rx: Rx, worker_id: str, event_id: str | None, seq: int | None, cursor: str | None
) -> int:
    """Turn what was given into a sequence number; the `next` of a page goes before its start."""
    if event_id is not None and seq is not None:
        raise InvalidParams("pass after_event_id or after_seq, not both")
    records.require_controller_id(rx, worker_id)
    if cursor is not None:
        return paging.after(cursor)
    if event_id is None:
        return seq or 0
    entry = journal.find(rx, streams.worker(worker_id), event_id)
    if entry is None:
        journal.refuse_pruned_id(rx, streams.worker(worker_id), event_id)
        raise EventNotFound(
            f"worker {worker_id} has no event {event_id!r}",
            worker_id=worker_id,
            event_id=event_id,
        )
    return entry.seq


def _read(rx: Rx, worker_id: str, after_seq: int) -> Iterator[tuple[int, Event]]:
    entries = journal.read_stream(rx, streams.worker(worker_id), after_seq)
    return ((entry.seq, _event(worker_id, entry)) for entry in entries)


def _event(worker_id: str, entry: Entry) -> Event:
    return Event(
        event_id=entry.entry_id,
        worker_id=worker_id,
        event_seq=entry.seq,
        pos=entry.pos,
        ts=entry.ts,
        type=entry.type,
        turn_id=entry.turn_id,
        data=entry.data,
        raw=entry.raw,
        blobs=entry.blobs,
    )
