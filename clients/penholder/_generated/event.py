"""The calls of the event room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_EVENT: Final[Decoder[nouns.Event]] = Decoder(nouns.Event)
_EVENT_NONE: Final[Decoder[nouns.Event | None]] = Decoder(nouns.Event | None)
_PAGE_EVENT: Final[Decoder[nouns.Page[nouns.Event]]] = Decoder(nouns.Page[nouns.Event])


class EventCalls:
    """The event room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def append(
        self,
        *,
        type: str,
        worker_id: str | UnsetType = UNSET,
        data: JsonObject | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        raw: object | UnsetType = UNSET,
        blobs: Sequence[str] | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Event:
        """Add an event to the worker's stream; `blobs` are what blob.put has made, and belong to it."""
        return self._client.ask("event.append", {
            "worker_id": worker_id,
            "type": type,
            "data": data,
            "turn_id": turn_id,
            "raw": raw,
            "blobs": blobs,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _EVENT)

    def append_many(
        self,
        *,
        events: Sequence[nouns.NewEvent | Mapping[str, object]],
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.Event]:
        """Add up to 1,000 events in their order, all or none."""
        return self._client.ask("event.append_many", {
            "worker_id": worker_id,
            "events": events,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _PAGE_EVENT)

    def list(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_event_id: str | None | UnsetType = UNSET,
        after_seq: int | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Event]:
        """List a worker's events, oldest first, after an event or a sequence number."""
        return self._client.ask("event.list", {
            "worker_id": worker_id,
            "after_event_id": after_event_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_EVENT)

    def latest(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Event | None:
        """Return the worker's newest event, or null."""
        return self._client.ask("event.latest", {"worker_id": worker_id}, _EVENT_NONE)

    def wait(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_event_id: str | None | UnsetType = UNSET,
        after_seq: int | None | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Event]:
        """List events as event.list does, as soon as there are any; empty at the timeout.

        With `types` it looks through a long stream piece by piece until its time is over; an empty
        answer then has a `next`, so that the following call goes on from there.
        """
        return self._client.ask("event.wait", {
            "worker_id": worker_id,
            "after_event_id": after_event_id,
            "after_seq": after_seq,
            "types": types,
            "limit": limit,
            "cursor": cursor,
            "timeout_ms": timeout_ms,
        }, _PAGE_EVENT)


class AsyncEventCalls:
    """The event room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def append(
        self,
        *,
        type: str,
        worker_id: str | UnsetType = UNSET,
        data: JsonObject | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        raw: object | UnsetType = UNSET,
        blobs: Sequence[str] | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Event:
        """Add an event to the worker's stream; `blobs` are what blob.put has made, and belong to it."""
        return await self._client.ask("event.append", {
            "worker_id": worker_id,
            "type": type,
            "data": data,
            "turn_id": turn_id,
            "raw": raw,
            "blobs": blobs,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _EVENT)

    async def append_many(
        self,
        *,
        events: Sequence[nouns.NewEvent | Mapping[str, object]],
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.Event]:
        """Add up to 1,000 events in their order, all or none."""
        return await self._client.ask("event.append_many", {
            "worker_id": worker_id,
            "events": events,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _PAGE_EVENT)

    async def list(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_event_id: str | None | UnsetType = UNSET,
        after_seq: int | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Event]:
        """List a worker's events, oldest first, after an event or a sequence number."""
        return await self._client.ask("event.list", {
            "worker_id": worker_id,
            "after_event_id": after_event_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_EVENT)

    async def latest(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Event | None:
        """Return the worker's newest event, or null."""
        return await self._client.ask("event.latest", {"worker_id": worker_id}, _EVENT_NONE)

    async def wait(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_event_id: str | None | UnsetType = UNSET,
        after_seq: int | None | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Event]:
        """List events as event.list does, as soon as there are any; empty at the timeout.

        With `types` it looks through a long stream piece by piece until its time is over; an empty
        answer then has a `next`, so that the following call goes on from there.
        """
        return await self._client.ask("event.wait", {
            "worker_id": worker_id,
            "after_event_id": after_event_id,
            "after_seq": after_seq,
            "types": types,
            "limit": limit,
            "cursor": cursor,
            "timeout_ms": timeout_ms,
        }, _PAGE_EVENT)
