"""The calls of the message room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_ACKNOWLEDGED: Final[Decoder[nouns.Acknowledged]] = Decoder(nouns.Acknowledged)
_MESSAGE: Final[Decoder[nouns.Message]] = Decoder(nouns.Message)
_MESSAGES: Final[Decoder[nouns.Messages]] = Decoder(nouns.Messages)
_PAGE_MESSAGE: Final[Decoder[nouns.Page[nouns.Message]]] = Decoder(nouns.Page[nouns.Message])
_UNREAD: Final[Decoder[nouns.Unread]] = Decoder(nouns.Unread)


class MessageCalls:
    """The message room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def publish(
        self,
        *,
        topic: str,
        kind: str,
        correlation_id: str | None | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Message:
        """Publish a message on a topic, which its first message makes.

        The kinds task_assign, worker_assigned, state_change and task_failed are the daemon's own.
        """
        return self._client.ask("message.publish", {
            "topic": topic,
            "kind": kind,
            "correlation_id": correlation_id,
            "payload": payload,
            "idempotency_key": idempotency_key,
        }, _MESSAGE)

    def list(
        self,
        *,
        topic: str,
        after_seq: int | UnsetType = UNSET,
        correlation_id: str | None | UnsetType = UNSET,
        kind: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Message]:
        """List a topic's messages, oldest first, after a sequence number; an unknown topic is empty."""
        return self._client.ask("message.list", {
            "topic": topic,
            "after_seq": after_seq,
            "correlation_id": correlation_id,
            "kind": kind,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_MESSAGE)

    def ack(
        self,
        *,
        topic: str,
        seq: int,
        reader: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Acknowledged:
        """Note that a reader has read up to a sequence number; it never goes back.

        At most the last one is stored; the answer says which is. On a runtime socket the reader is the
        worker, unless another of its own is named: one that begins with its id and a slash.
        """
        return self._client.ask("message.ack", {
            "topic": topic,
            "reader": reader,
            "seq": seq,
            "idempotency_key": idempotency_key,
        }, _ACKNOWLEDGED)

    def unread(
        self,
        *,
        topic: str,
        reader: str | None | UnsetType = UNSET,
    ) -> nouns.Unread:
        """Count what a reader has not read; what retention has taken cannot be read any more."""
        return self._client.ask("message.unread", {"topic": topic, "reader": reader}, _UNREAD)

    def wait(
        self,
        *,
        topic: str,
        after_seq: int,
        correlation_id: str | None | UnsetType = UNSET,
        kind: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Messages:
        """Return the next messages of a topic, as soon as there are any; empty at the timeout."""
        return self._client.ask("message.wait", {
            "topic": topic,
            "after_seq": after_seq,
            "correlation_id": correlation_id,
            "kind": kind,
            "timeout_ms": timeout_ms,
        }, _MESSAGES)


class AsyncMessageCalls:
    """The message room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def publish(
        self,
        *,
        topic: str,
        kind: str,
        correlation_id: str | None | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Message:
        """Publish a message on a topic, which its first message makes.

        The kinds task_assign, worker_assigned, state_change and task_failed are the daemon's own.
        """
        return await self._client.ask("message.publish", {
            "topic": topic,
            "kind": kind,
            "correlation_id": correlation_id,
            "payload": payload,
            "idempotency_key": idempotency_key,
        }, _MESSAGE)

    async def list(
        self,
        *,
        topic: str,
        after_seq: int | UnsetType = UNSET,
        correlation_id: str | None | UnsetType = UNSET,
        kind: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Message]:
        """List a topic's messages, oldest first, after a sequence number; an unknown topic is empty."""
        return await self._client.ask("message.list", {
            "topic": topic,
            "after_seq": after_seq,
            "correlation_id": correlation_id,
            "kind": kind,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_MESSAGE)

    async def ack(
        self,
        *,
        topic: str,
        seq: int,
        reader: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Acknowledged:
        """Note that a reader has read up to a sequence number; it never goes back.

        At most the last one is stored; the answer says which is. On a runtime socket the reader is the
        worker, unless another of its own is named: one that begins with its id and a slash.
        """
        return await self._client.ask("message.ack", {
            "topic": topic,
            "reader": reader,
            "seq": seq,
            "idempotency_key": idempotency_key,
        }, _ACKNOWLEDGED)

    async def unread(
        self,
        *,
        topic: str,
        reader: str | None | UnsetType = UNSET,
    ) -> nouns.Unread:
        """Count what a reader has not read; what retention has taken cannot be read any more."""
        return await self._client.ask("message.unread", {"topic": topic, "reader": reader}, _UNREAD)

    async def wait(
        self,
        *,
        topic: str,
        after_seq: int,
        correlation_id: str | None | UnsetType = UNSET,
        kind: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Messages:
        """Return the next messages of a topic, as soon as there are any; empty at the timeout."""
        return await self._client.ask("message.wait", {
            "topic": topic,
            "after_seq": after_seq,
            "correlation_id": correlation_id,
            "kind": kind,
            "timeout_ms": timeout_ms,
        }, _MESSAGES)
