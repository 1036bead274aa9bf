"""The calls of the brief room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_BRIEF: Final[Decoder[nouns.Brief]] = Decoder(nouns.Brief)
_BRIEF_TREE: Final[Decoder[nouns.BriefTree]] = Decoder(nouns.BriefTree)
_PAGE_BRIEF: Final[Decoder[nouns.Page[nouns.Brief]]] = Decoder(nouns.Page[nouns.Brief])


class BriefCalls:
    """The brief room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        board_id: str,
        tier: int,
        role: str,
        brief_id: str | None | UnsetType = UNSET,
        parent_brief_id: str | None | UnsetType = UNSET,
        workstream_id: str | None | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        retry_count: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Make a brief, pending; if the board has one of this id, it is answered as it stands.

        Its parent and its workstream are of the same board.
        """
        return self._client.ask("brief.create", {
            "board_id": board_id,
            "brief_id": brief_id,
            "parent_brief_id": parent_brief_id,
            "workstream_id": workstream_id,
            "tier": tier,
            "role": role,
            "payload": payload,
            "retry_count": retry_count,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    def get(self, *, brief_id: str) -> nouns.Brief:
        """Return one brief."""
        return self._client.ask("brief.get", {"brief_id": brief_id}, _BRIEF)

    def list(
        self,
        *,
        board_id: str,
        state: Literal["active", "done", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Brief]:
        """List the briefs of a board, newest first."""
        return self._client.ask("brief.list", {
            "board_id": board_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_BRIEF)

    def set_state(
        self,
        *,
        brief_id: str,
        state: Literal["active", "done", "failed", "pending"],
        expected: Literal["active", "done", "failed", "pending"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Put a brief into any state; `expected` makes it a compare-and-set."""
        return self._client.ask("brief.set_state", {
            "brief_id": brief_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    def set_result(
        self,
        *,
        brief_id: str,
        result: JsonObject,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Store what a brief came to; it is done."""
        return self._client.ask("brief.set_result", {
            "brief_id": brief_id,
            "result": result,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    def retry(
        self,
        *,
        brief_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Count one more try of a brief; its state stays as it is."""
        return self._client.ask("brief.retry", {
            "brief_id": brief_id,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    def tree(
        self,
        *,
        board_id: str,
        root_brief_id: str | None | UnsetType = UNSET,
        depth: int | None | UnsetType = UNSET,
    ) -> nouns.BriefTree:
        """Return a board's briefs as a tree, siblings oldest first, or the part under one brief.

        `depth` is how many levels below the uppermost are answered: 0 is those alone.
        """
        return self._client.ask("brief.tree", {
            "board_id": board_id,
            "root_brief_id": root_brief_id,
            "depth": depth,
        }, _BRIEF_TREE)


class AsyncBriefCalls:
    """The brief room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        board_id: str,
        tier: int,
        role: str,
        brief_id: str | None | UnsetType = UNSET,
        parent_brief_id: str | None | UnsetType = UNSET,
        workstream_id: str | None | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        retry_count: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Make a brief, pending; if the board has one of this id, it is answered as it stands.

        Its parent and its workstream are of the same board.
        """
        return await self._client.ask("brief.create", {
            "board_id": board_id,
            "brief_id": brief_id,
            "parent_brief_id": parent_brief_id,
            "workstream_id": workstream_id,
            "tier": tier,
            "role": role,
            "payload": payload,
            "retry_count": retry_count,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    async def get(self, *, brief_id: str) -> nouns.Brief:
        """Return one brief."""
        return await self._client.ask("brief.get", {"brief_id": brief_id}, _BRIEF)

    async def list(
        self,
        *,
        board_id: str,
        state: Literal["active", "done", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Brief]:
        """List the briefs of a board, newest first."""
        return await self._client.ask("brief.list", {
            "board_id": board_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_BRIEF)

    async def set_state(
        self,
        *,
        brief_id: str,
        state: Literal["active", "done", "failed", "pending"],
        expected: Literal["active", "done", "failed", "pending"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Put a brief into any state; `expected` makes it a compare-and-set."""
        return await self._client.ask("brief.set_state", {
            "brief_id": brief_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    async def set_result(
        self,
        *,
        brief_id: str,
        result: JsonObject,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Store what a brief came to; it is done."""
        return await self._client.ask("brief.set_result", {
            "brief_id": brief_id,
            "result": result,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    async def retry(
        self,
        *,
        brief_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.Brief:
        """Count one more try of a brief; its state stays as it is."""
        return await self._client.ask("brief.retry", {
            "brief_id": brief_id,
            "idempotency_key": idempotency_key,
        }, _BRIEF)

    async def tree(
        self,
        *,
        board_id: str,
        root_brief_id: str | None | UnsetType = UNSET,
        depth: int | None | UnsetType = UNSET,
    ) -> nouns.BriefTree:
        """Return a board's briefs as a tree, siblings oldest first, or the part under one brief.

        `depth` is how many levels below the uppermost are answered: 0 is those alone.
        """
        return await self._client.ask("brief.tree", {
            "board_id": board_id,
            "root_brief_id": root_brief_id,
            "depth": depth,
        }, _BRIEF_TREE)
