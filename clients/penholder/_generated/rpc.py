"""The calls of the rpc room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_CANCELED: Final[Decoder[nouns.Canceled]] = Decoder(nouns.Canceled)
_DICT_STR_OBJECT: Final[Decoder[dict[str, object]]] = Decoder(dict[str, object])
_HELLO: Final[Decoder[nouns.Hello]] = Decoder(nouns.Hello)
_PONG: Final[Decoder[nouns.Pong]] = Decoder(nouns.Pong)


class RpcCalls:
    """The rpc room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def hello(
        self,
        *,
        client: str | None | UnsetType = UNSET,
        version: str | None | UnsetType = UNSET,
    ) -> nouns.Hello:
        """Introduce yourself and learn what the daemon is, its limits, and who it takes you for.

        Optional: a one-shot call may skip it.
        """
        return self._client.ask("rpc.hello", {"client": client, "version": version}, _HELLO)

    def ping(self) -> nouns.Pong:
        """Ask whether the daemon is there."""
        return self._client.ask("rpc.ping", {}, _PONG)

    def discover(self) -> dict[str, object]:
        """Return the OpenRPC document: every method, record and error."""
        return self._client.ask("rpc.discover", {}, _DICT_STR_OBJECT)

    def cancel(self, *, id: int | str) -> nouns.Canceled:
        """End a wait of this connection: it answers at once, as at its timeout."""
        return self._client.ask("rpc.cancel", {"id": id}, _CANCELED)


class AsyncRpcCalls:
    """The rpc room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def hello(
        self,
        *,
        client: str | None | UnsetType = UNSET,
        version: str | None | UnsetType = UNSET,
    ) -> nouns.Hello:
        """Introduce yourself and learn what the daemon is, its limits, and who it takes you for.

        Optional: a one-shot call may skip it.
        """
        return await self._client.ask("rpc.hello", {"client": client, "version": version}, _HELLO)

    async def ping(self) -> nouns.Pong:
        """Ask whether the daemon is there."""
        return await self._client.ask("rpc.ping", {}, _PONG)

    async def discover(self) -> dict[str, object]:
        """Return the OpenRPC document: every method, record and error."""
        return await self._client.ask("rpc.discover", {}, _DICT_STR_OBJECT)

    async def cancel(self, *, id: int | str) -> nouns.Canceled:
        """End a wait of this connection: it answers at once, as at its timeout."""
        return await self._client.ask("rpc.cancel", {"id": id}, _CANCELED)
