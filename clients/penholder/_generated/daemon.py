"""The calls of the daemon room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._calls import AsyncCaller, Caller
from penholder_protocol import nouns


_DAEMON_STATUS: Final[Decoder[nouns.DaemonStatus]] = Decoder(nouns.DaemonStatus)
_HEALTH: Final[Decoder[nouns.Health]] = Decoder(nouns.Health)
_STOPPING: Final[Decoder[nouns.Stopping]] = Decoder(nouns.Stopping)


class DaemonCalls:
    """The daemon room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def health(self) -> nouns.Health:
        """Tell whether the store can be reached."""
        return self._client.ask("daemon.health", {}, _HEALTH)

    def status(self) -> nouns.DaemonStatus:
        """Return the daemon in figures."""
        return self._client.ask("daemon.status", {}, _DAEMON_STATUS)

    def shutdown(
        self,
        *,
        drain_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Stopping:
        """Have the daemon finish what it has, for at most `drain_ms`, and exit."""
        return self._client.ask("daemon.shutdown", {
            "drain_ms": drain_ms,
            "idempotency_key": idempotency_key,
        }, _STOPPING)


class AsyncDaemonCalls:
    """The daemon room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def health(self) -> nouns.Health:
        """Tell whether the store can be reached."""
        return await self._client.ask("daemon.health", {}, _HEALTH)

    async def status(self) -> nouns.DaemonStatus:
        """Return the daemon in figures."""
        return await self._client.ask("daemon.status", {}, _DAEMON_STATUS)

    async def shutdown(
        self,
        *,
        drain_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Stopping:
        """Have the daemon finish what it has, for at most `drain_ms`, and exit."""
        return await self._client.ask("daemon.shutdown", {
            "drain_ms": drain_ms,
            "idempotency_key": idempotency_key,
        }, _STOPPING)
