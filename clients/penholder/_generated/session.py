"""The calls of the session room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_PAGE_SESSION_SUMMARY: Final[Decoder[nouns.Page[nouns.SessionSummary]]] = Decoder(nouns.Page[nouns.SessionSummary])
_SESSION: Final[Decoder[nouns.Session]] = Decoder(nouns.Session)
_SESSION_EVENTS: Final[Decoder[nouns.SessionEvents]] = Decoder(nouns.SessionEvents)
_SESSION_READ: Final[Decoder[nouns.SessionRead]] = Decoder(nouns.SessionRead)
_SESSION_SUMMARY: Final[Decoder[nouns.SessionSummary]] = Decoder(nouns.SessionSummary)


class SessionCalls:
    """The session room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def get(self, *, session_id: str) -> nouns.Session:
        """Return one session."""
        return self._client.ask("session.get", {"session_id": session_id}, _SESSION)

    def summary(
        self,
        *,
        session_id: str,
        reader_id: str | None | UnsetType = UNSET,
    ) -> nouns.SessionSummary:
        """Return a session as a reader sees it; without a reader nothing is read."""
        return self._client.ask("session.summary", {"session_id": session_id, "reader_id": reader_id}, _SESSION_SUMMARY)

    def list(
        self,
        *,
        state: Literal["all", "default", "idle", "running", "terminal", "unread"] | UnsetType = UNSET,
        backend_profile: str | None | UnsetType = UNSET,
        reader_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.SessionSummary]:
        """List sessions: active first, then unread, then by latest activity; ties by session_id.

        By default those that are active or unread. What the reader marks as read while it walks through
        the pages stays in its place until the end. A call looks through a part of the sessions: a page
        may be empty, with a `next`.
        """
        return self._client.ask("session.list", {
            "state": state,
            "backend_profile": backend_profile,
            "reader_id": reader_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_SESSION_SUMMARY)

    def trace(
        self,
        *,
        session_id: str,
        run_id: str | None | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.SessionEvents:
        """List events of one run of a session, oldest first: of its active run, else of its last."""
        return self._client.ask("session.trace", {
            "session_id": session_id,
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _SESSION_EVENTS)

    def output(
        self,
        *,
        session_id: str,
        run_id: str | None | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.SessionEvents:
        """List events as session.trace does, but only what a person would read; so counts the limit.

        A call looks through a part of a long run: a page may be empty, with a `next`.
        """
        return self._client.ask("session.output", {
            "session_id": session_id,
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _SESSION_EVENTS)

    def mark_read(
        self,
        *,
        session_id: str,
        reader_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.SessionRead:
        """Note that a reader has seen a session as it stands."""
        return self._client.ask("session.mark_read", {
            "session_id": session_id,
            "reader_id": reader_id,
            "idempotency_key": idempotency_key,
        }, _SESSION_READ)


class AsyncSessionCalls:
    """The session room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def get(self, *, session_id: str) -> nouns.Session:
        """Return one session."""
        return await self._client.ask("session.get", {"session_id": session_id}, _SESSION)

    async def summary(
        self,
        *,
        session_id: str,
        reader_id: str | None | UnsetType = UNSET,
    ) -> nouns.SessionSummary:
        """Return a session as a reader sees it; without a reader nothing is read."""
        return await self._client.ask("session.summary", {"session_id": session_id, "reader_id": reader_id}, _SESSION_SUMMARY)

    async def list(
        self,
        *,
        state: Literal["all", "default", "idle", "running", "terminal", "unread"] | UnsetType = UNSET,
        backend_profile: str | None | UnsetType = UNSET,
        reader_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.SessionSummary]:
        """List sessions: active first, then unread, then by latest activity; ties by session_id.

        By default those that are active or unread. What the reader marks as read while it walks through
        the pages stays in its place until the end. A call looks through a part of the sessions: a page
        may be empty, with a `next`.
        """
        return await self._client.ask("session.list", {
            "state": state,
            "backend_profile": backend_profile,
            "reader_id": reader_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_SESSION_SUMMARY)

    async def trace(
        self,
        *,
        session_id: str,
        run_id: str | None | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.SessionEvents:
        """List events of one run of a session, oldest first: of its active run, else of its last."""
        return await self._client.ask("session.trace", {
            "session_id": session_id,
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _SESSION_EVENTS)

    async def output(
        self,
        *,
        session_id: str,
        run_id: str | None | UnsetType = UNSET,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.SessionEvents:
        """List events as session.trace does, but only what a person would read; so counts the limit.

        A call looks through a part of a long run: a page may be empty, with a `next`.
        """
        return await self._client.ask("session.output", {
            "session_id": session_id,
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _SESSION_EVENTS)

    async def mark_read(
        self,
        *,
        session_id: str,
        reader_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.SessionRead:
        """Note that a reader has seen a session as it stands."""
        return await self._client.ask("session.mark_read", {
            "session_id": session_id,
            "reader_id": reader_id,
            "idempotency_key": idempotency_key,
        }, _SESSION_READ)
