"""The calls of the workstream room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_PAGE_WORKSTREAM: Final[Decoder[nouns.Page[nouns.Workstream]]] = Decoder(nouns.Page[nouns.Workstream])
_WORKSTREAM: Final[Decoder[nouns.Workstream]] = Decoder(nouns.Workstream)


class WorkstreamCalls:
    """The workstream room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        board_id: str,
        name: str,
        tier: int,
        workstream_id: str | None | UnsetType = UNSET,
        owner_agent_id: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Workstream:
        """Make a workstream, pending; if the board has one of this id, it is answered as it stands."""
        return self._client.ask("workstream.create", {
            "board_id": board_id,
            "workstream_id": workstream_id,
            "name": name,
            "tier": tier,
            "owner_agent_id": owner_agent_id,
            "idempotency_key": idempotency_key,
        }, _WORKSTREAM)

    def get(self, *, workstream_id: str) -> nouns.Workstream:
        """Return one workstream."""
        return self._client.ask("workstream.get", {"workstream_id": workstream_id}, _WORKSTREAM)

    def set_state(
        self,
        *,
        workstream_id: str,
        state: Literal["active", "blocked", "done", "failed", "pending"],
        expected: Literal["active", "blocked", "done", "failed", "pending"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Workstream:
        """Put a workstream into any state; `expected` makes it a compare-and-set."""
        return self._client.ask("workstream.set_state", {
            "workstream_id": workstream_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _WORKSTREAM)

    def list(
        self,
        *,
        board_id: str,
        state: Literal["active", "blocked", "done", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Workstream]:
        """List the workstreams of a board, newest first."""
        return self._client.ask("workstream.list", {
            "board_id": board_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKSTREAM)


class AsyncWorkstreamCalls:
    """The workstream room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        board_id: str,
        name: str,
        tier: int,
        workstream_id: str | None | UnsetType = UNSET,
        owner_agent_id: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Workstream:
        """Make a workstream, pending; if the board has one of this id, it is answered as it stands."""
        return await self._client.ask("workstream.create", {
            "board_id": board_id,
            "workstream_id": workstream_id,
            "name": name,
            "tier": tier,
            "owner_agent_id": owner_agent_id,
            "idempotency_key": idempotency_key,
        }, _WORKSTREAM)

    async def get(self, *, workstream_id: str) -> nouns.Workstream:
        """Return one workstream."""
        return await self._client.ask("workstream.get", {"workstream_id": workstream_id}, _WORKSTREAM)

    async def set_state(
        self,
        *,
        workstream_id: str,
        state: Literal["active", "blocked", "done", "failed", "pending"],
        expected: Literal["active", "blocked", "done", "failed", "pending"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Workstream:
        """Put a workstream into any state; `expected` makes it a compare-and-set."""
        return await self._client.ask("workstream.set_state", {
            "workstream_id": workstream_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _WORKSTREAM)

    async def list(
        self,
        *,
        board_id: str,
        state: Literal["active", "blocked", "done", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Workstream]:
        """List the workstreams of a board, newest first."""
        return await self._client.ask("workstream.list", {
            "board_id": board_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKSTREAM)
