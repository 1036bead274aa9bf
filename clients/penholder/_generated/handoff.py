"""The calls of the handoff room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_HANDOFF: Final[Decoder[nouns.Handoff]] = Decoder(nouns.Handoff)
_HANDOFF_NONE: Final[Decoder[nouns.Handoff | None]] = Decoder(nouns.Handoff | None)
_PAGE_HANDOFF: Final[Decoder[nouns.Page[nouns.Handoff]]] = Decoder(nouns.Page[nouns.Handoff])


class HandoffCalls:
    """The handoff room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def register(
        self,
        *,
        handoff_path: str,
        checkpoint_path: str,
        worker_id: str | UnsetType = UNSET,
        source_turn_id: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Handoff:
        """Note where the worker wrote down what its successor needs."""
        return self._client.ask("handoff.register", {
            "worker_id": worker_id,
            "source_turn_id": source_turn_id,
            "handoff_path": handoff_path,
            "checkpoint_path": checkpoint_path,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _HANDOFF)

    def latest(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Handoff | None:
        """Return the worker's newest handoff, or null."""
        return self._client.ask("handoff.latest", {"worker_id": worker_id}, _HANDOFF_NONE)

    def list(
        self,
        *,
        worker_id: str | None | UnsetType = UNSET,
        controller_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Handoff]:
        """List handoffs, newest first."""
        return self._client.ask("handoff.list", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_HANDOFF)


class AsyncHandoffCalls:
    """The handoff room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def register(
        self,
        *,
        handoff_path: str,
        checkpoint_path: str,
        worker_id: str | UnsetType = UNSET,
        source_turn_id: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Handoff:
        """Note where the worker wrote down what its successor needs."""
        return await self._client.ask("handoff.register", {
            "worker_id": worker_id,
            "source_turn_id": source_turn_id,
            "handoff_path": handoff_path,
            "checkpoint_path": checkpoint_path,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _HANDOFF)

    async def latest(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Handoff | None:
        """Return the worker's newest handoff, or null."""
        return await self._client.ask("handoff.latest", {"worker_id": worker_id}, _HANDOFF_NONE)

    async def list(
        self,
        *,
        worker_id: str | None | UnsetType = UNSET,
        controller_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Handoff]:
        """List handoffs, newest first."""
        return await self._client.ask("handoff.list", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_HANDOFF)
