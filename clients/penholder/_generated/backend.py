"""The calls of the backend room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_BACKENDS: Final[Decoder[nouns.Backends]] = Decoder(nouns.Backends)


class BackendCalls:
    """The backend room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def list(self) -> nouns.Backends:
        """List the backend profiles of the configuration; runs of any other profile work as well."""
        return self._client.ask("backend.list", {}, _BACKENDS)


class AsyncBackendCalls:
    """The backend room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def list(self) -> nouns.Backends:
        """List the backend profiles of the configuration; runs of any other profile work as well."""
        return await self._client.ask("backend.list", {}, _BACKENDS)
