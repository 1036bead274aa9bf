"""The calls of the journal room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_CURRENT_POSITION: Final[Decoder[nouns.CurrentPosition]] = Decoder(nouns.CurrentPosition)
_ENTRIES: Final[Decoder[nouns.Entries]] = Decoder(nouns.Entries)
_SUBSCRIPTION: Final[Decoder[nouns.Subscription]] = Decoder(nouns.Subscription)
_UNSUBSCRIBED: Final[Decoder[nouns.Unsubscribed]] = Decoder(nouns.Unsubscribed)


class JournalCalls:
    """The journal room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def subscribe(
        self,
        *,
        streams: Sequence[str],
        after: int | Literal["now", "start"] | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
    ) -> nouns.Subscription:
        """Have entries sent as they are committed: those after a position, then live, without a gap.

        Notifications: journal.entries {subscription, entries, pos}; journal.lagged {subscription,
        resume_after} ends a subscription whose reader does not keep up, and a worker's when another
        runner claims a run in it: subscribe again after that position; journal.pruned {subscription,
        stream, oldest_pos} when retention overtakes it.
        """
        return self._client.ask("journal.subscribe", {
            "streams": streams,
            "after": after,
            "types": types,
        }, _SUBSCRIPTION)

    def unsubscribe(self, *, subscription: str) -> nouns.Unsubscribed:
        """End a subscription of this connection."""
        return self._client.ask("journal.unsubscribe", {"subscription": subscription}, _UNSUBSCRIBED)

    def read(
        self,
        *,
        streams: Sequence[str],
        after: int | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.Entries:
        """Return entries of several streams in global order; go on after `pos` of the answer.

        With `types`, or over very many streams, one call looks through a piece of the journal: a page
        may be empty though `pos` is not the journal's end yet.
        """
        return self._client.ask("journal.read", {
            "streams": streams,
            "after": after,
            "types": types,
            "limit": limit,
        }, _ENTRIES)

    def wait(
        self,
        *,
        streams: Sequence[str],
        after: int,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Entries:
        """Return entries as journal.read does, as soon as there are any; empty at the timeout.

        It looks on from where it came to by itself; go on after `pos`, also of an empty answer.
        """
        return self._client.ask("journal.wait", {
            "streams": streams,
            "after": after,
            "types": types,
            "limit": limit,
            "timeout_ms": timeout_ms,
        }, _ENTRIES)

    def position(self) -> nouns.CurrentPosition:
        """Return the position of the newest entry."""
        return self._client.ask("journal.position", {}, _CURRENT_POSITION)


class AsyncJournalCalls:
    """The journal room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def subscribe(
        self,
        *,
        streams: Sequence[str],
        after: int | Literal["now", "start"] | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
    ) -> nouns.Subscription:
        """Have entries sent as they are committed: those after a position, then live, without a gap.

        Notifications: journal.entries {subscription, entries, pos}; journal.lagged {subscription,
        resume_after} ends a subscription whose reader does not keep up, and a worker's when another
        runner claims a run in it: subscribe again after that position; journal.pruned {subscription,
        stream, oldest_pos} when retention overtakes it.
        """
        return await self._client.ask("journal.subscribe", {
            "streams": streams,
            "after": after,
            "types": types,
        }, _SUBSCRIPTION)

    async def unsubscribe(self, *, subscription: str) -> nouns.Unsubscribed:
        """End a subscription of this connection."""
        return await self._client.ask("journal.unsubscribe", {"subscription": subscription}, _UNSUBSCRIBED)

    async def read(
        self,
        *,
        streams: Sequence[str],
        after: int | UnsetType = UNSET,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.Entries:
        """Return entries of several streams in global order; go on after `pos` of the answer.

        With `types`, or over very many streams, one call looks through a piece of the journal: a page
        may be empty though `pos` is not the journal's end yet.
        """
        return await self._client.ask("journal.read", {
            "streams": streams,
            "after": after,
            "types": types,
            "limit": limit,
        }, _ENTRIES)

    async def wait(
        self,
        *,
        streams: Sequence[str],
        after: int,
        types: Sequence[str] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Entries:
        """Return entries as journal.read does, as soon as there are any; empty at the timeout.

        It looks on from where it came to by itself; go on after `pos`, also of an empty answer.
        """
        return await self._client.ask("journal.wait", {
            "streams": streams,
            "after": after,
            "types": types,
            "limit": limit,
            "timeout_ms": timeout_ms,
        }, _ENTRIES)

    async def position(self) -> nouns.CurrentPosition:
        """Return the position of the newest entry."""
        return await self._client.ask("journal.position", {}, _CURRENT_POSITION)
