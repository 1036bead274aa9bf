"""The calls of the runner room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_PAGE_RUNNER: Final[Decoder[nouns.Page[nouns.Runner]]] = Decoder(nouns.Page[nouns.Runner])
_RUNNER: Final[Decoder[nouns.Runner]] = Decoder(nouns.Runner)


class RunnerCalls:
    """The runner room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def register(
        self,
        *,
        runner_id: str | None | UnsetType = UNSET,
        metadata: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Runner:
        """Make a runner known; the same id again replaces its metadata and keeps registered_at."""
        return self._client.ask("runner.register", {
            "runner_id": runner_id,
            "metadata": metadata,
            "idempotency_key": idempotency_key,
        }, _RUNNER)

    def heartbeat(
        self,
        *,
        runner_id: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Runner:
        """Say that a runner is well; its leases are renewed by run.heartbeat."""
        return self._client.ask("runner.heartbeat", {
            "runner_id": runner_id,
            "idempotency_key": idempotency_key,
        }, _RUNNER)

    def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Runner]:
        """List runners, newest first."""
        return self._client.ask("runner.list", {"limit": limit, "cursor": cursor}, _PAGE_RUNNER)


class AsyncRunnerCalls:
    """The runner room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def register(
        self,
        *,
        runner_id: str | None | UnsetType = UNSET,
        metadata: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Runner:
        """Make a runner known; the same id again replaces its metadata and keeps registered_at."""
        return await self._client.ask("runner.register", {
            "runner_id": runner_id,
            "metadata": metadata,
            "idempotency_key": idempotency_key,
        }, _RUNNER)

    async def heartbeat(
        self,
        *,
        runner_id: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Runner:
        """Say that a runner is well; its leases are renewed by run.heartbeat."""
        return await self._client.ask("runner.heartbeat", {
            "runner_id": runner_id,
            "idempotency_key": idempotency_key,
        }, _RUNNER)

    async def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Runner]:
        """List runners, newest first."""
        return await self._client.ask("runner.list", {"limit": limit, "cursor": cursor}, _PAGE_RUNNER)
