"""The calls of the host room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_PAGE_HOST: Final[Decoder[nouns.Page[nouns.Host]]] = Decoder(nouns.Page[nouns.Host])


class HostCalls:
    """The host room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Host]:
        """List the hosts that share the daemon's store, newest first; one by itself is alone there.

        A host is a state directory and its daemon, which holds a lease while it can be heard. An
        expired one has unreachable workers, whose state stays as it is.
        """
        return self._client.ask("host.list", {"limit": limit, "cursor": cursor}, _PAGE_HOST)


class AsyncHostCalls:
    """The host room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Host]:
        """List the hosts that share the daemon's store, newest first; one by itself is alone there.

        A host is a state directory and its daemon, which holds a lease while it can be heard. An
        expired one has unreachable workers, whose state stays as it is.
        """
        return await self._client.ask("host.list", {"limit": limit, "cursor": cursor}, _PAGE_HOST)
