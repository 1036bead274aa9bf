"""The calls of the input room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_ACKNOWLEDGED_INPUT: Final[Decoder[nouns.AcknowledgedInput]] = Decoder(nouns.AcknowledgedInput)
_INPUT_NONE: Final[Decoder[nouns.Input | None]] = Decoder(nouns.Input | None)
_PAGE_INPUT: Final[Decoder[nouns.Page[nouns.Input]]] = Decoder(nouns.Page[nouns.Input])


class InputCalls:
    """The input room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def next(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Input | None:
        """Return the oldest input that the worker has not acknowledged, as soon as there is one.

        Null at the timeout. Asked again without input.ack it answers the same one.
        """
        return self._client.ask("input.next", {"worker_id": worker_id, "timeout_ms": timeout_ms}, _INPUT_NONE)

    def ack(
        self,
        *,
        seq: int,
        worker_id: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.AcknowledgedInput:
        """Acknowledge all inputs up to a number; it never goes back.

        A lower number than before changes nothing: the answer says which one stands. A number that was
        not sent yet is INPUT_NOT_FOUND.
        """
        return self._client.ask("input.ack", {
            "worker_id": worker_id,
            "seq": seq,
            "idempotency_key": idempotency_key,
        }, _ACKNOWLEDGED_INPUT)

    def list(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Input]:
        """List a worker's inputs, oldest first, after a number; acknowledged ones too.

        Of the acknowledged the newest MAX_KEPT_INPUTS (1,000) are kept.
        """
        return self._client.ask("input.list", {
            "worker_id": worker_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_INPUT)


class AsyncInputCalls:
    """The input room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def next(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Input | None:
        """Return the oldest input that the worker has not acknowledged, as soon as there is one.

        Null at the timeout. Asked again without input.ack it answers the same one.
        """
        return await self._client.ask("input.next", {"worker_id": worker_id, "timeout_ms": timeout_ms}, _INPUT_NONE)

    async def ack(
        self,
        *,
        seq: int,
        worker_id: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.AcknowledgedInput:
        """Acknowledge all inputs up to a number; it never goes back.

        A lower number than before changes nothing: the answer says which one stands. A number that was
        not sent yet is INPUT_NOT_FOUND.
        """
        return await self._client.ask("input.ack", {
            "worker_id": worker_id,
            "seq": seq,
            "idempotency_key": idempotency_key,
        }, _ACKNOWLEDGED_INPUT)

    async def list(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Input]:
        """List a worker's inputs, oldest first, after a number; acknowledged ones too.

        Of the acknowledged the newest MAX_KEPT_INPUTS (1,000) are kept.
        """
        return await self._client.ask("input.list", {
            "worker_id": worker_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_INPUT)
