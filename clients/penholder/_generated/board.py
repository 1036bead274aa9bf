"""The calls of the board room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_BOARD: Final[Decoder[nouns.Board]] = Decoder(nouns.Board)
_BOARD_EVENT: Final[Decoder[nouns.BoardEvent]] = Decoder(nouns.BoardEvent)
_BOARD_SUMMARY: Final[Decoder[nouns.BoardSummary]] = Decoder(nouns.BoardSummary)
_PAGE_BOARD: Final[Decoder[nouns.Page[nouns.Board]]] = Decoder(nouns.Page[nouns.Board])
_PAGE_BOARD_EVENT: Final[Decoder[nouns.Page[nouns.BoardEvent]]] = Decoder(nouns.Page[nouns.BoardEvent])


class BoardCalls:
    """The board room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        board_id: str,
        goal: str,
        idempotency_key: str | None = None,
    ) -> nouns.Board:
        """Make a board, pending; if there is one of this id, it is answered as it stands."""
        return self._client.ask("board.create", {
            "board_id": board_id,
            "goal": goal,
            "idempotency_key": idempotency_key,
        }, _BOARD)

    def get(self, *, board_id: str) -> nouns.Board:
        """Return one board."""
        return self._client.ask("board.get", {"board_id": board_id}, _BOARD)

    def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Board]:
        """List boards, newest first."""
        return self._client.ask("board.list", {"limit": limit, "cursor": cursor}, _PAGE_BOARD)

    def set_state(
        self,
        *,
        board_id: str,
        state: Literal["active", "done", "failed", "pending", "review"],
        expected: Literal["active", "done", "failed", "pending", "review"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Board:
        """Put a board into any state; `expected` makes it a compare-and-set."""
        return self._client.ask("board.set_state", {
            "board_id": board_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _BOARD)

    def append_event(
        self,
        *,
        board_id: str,
        kind: Literal["completed", "escalated", "failed", "retried", "spawned"],
        brief_id: str | None | UnsetType = UNSET,
        detail: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.BoardEvent:
        """Add an event to the board's stream, about a brief or the whole board."""
        return self._client.ask("board.append_event", {
            "board_id": board_id,
            "kind": kind,
            "brief_id": brief_id,
            "detail": detail,
            "idempotency_key": idempotency_key,
        }, _BOARD_EVENT)

    def events(
        self,
        *,
        board_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.BoardEvent]:
        """List a board's events, oldest first, after a sequence number."""
        return self._client.ask("board.events", {
            "board_id": board_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_BOARD_EVENT)

    def summary(self, *, board_id: str) -> nouns.BoardSummary:
        """Return a board with how many workstreams and briefs are in which state, events of which kind.

        Events count also when retention has taken them.
        """
        return self._client.ask("board.summary", {"board_id": board_id}, _BOARD_SUMMARY)


class AsyncBoardCalls:
    """The board room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        board_id: str,
        goal: str,
        idempotency_key: str | None = None,
    ) -> nouns.Board:
        """Make a board, pending; if there is one of this id, it is answered as it stands."""
        return await self._client.ask("board.create", {
            "board_id": board_id,
            "goal": goal,
            "idempotency_key": idempotency_key,
        }, _BOARD)

    async def get(self, *, board_id: str) -> nouns.Board:
        """Return one board."""
        return await self._client.ask("board.get", {"board_id": board_id}, _BOARD)

    async def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Board]:
        """List boards, newest first."""
        return await self._client.ask("board.list", {"limit": limit, "cursor": cursor}, _PAGE_BOARD)

    async def set_state(
        self,
        *,
        board_id: str,
        state: Literal["active", "done", "failed", "pending", "review"],
        expected: Literal["active", "done", "failed", "pending", "review"] | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Board:
        """Put a board into any state; `expected` makes it a compare-and-set."""
        return await self._client.ask("board.set_state", {
            "board_id": board_id,
            "state": state,
            "expected": expected,
            "idempotency_key": idempotency_key,
        }, _BOARD)

    async def append_event(
        self,
        *,
        board_id: str,
        kind: Literal["completed", "escalated", "failed", "retried", "spawned"],
        brief_id: str | None | UnsetType = UNSET,
        detail: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.BoardEvent:
        """Add an event to the board's stream, about a brief or the whole board."""
        return await self._client.ask("board.append_event", {
            "board_id": board_id,
            "kind": kind,
            "brief_id": brief_id,
            "detail": detail,
            "idempotency_key": idempotency_key,
        }, _BOARD_EVENT)

    async def events(
        self,
        *,
        board_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.BoardEvent]:
        """List a board's events, oldest first, after a sequence number."""
        return await self._client.ask("board.events", {
            "board_id": board_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_BOARD_EVENT)

    async def summary(self, *, board_id: str) -> nouns.BoardSummary:
        """Return a board with how many workstreams and briefs are in which state, events of which kind.

        Events count also when retention has taken them.
        """
        return await self._client.ask("board.summary", {"board_id": board_id}, _BOARD_SUMMARY)
