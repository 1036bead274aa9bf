"""The calls of the runtime room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_ATTACHMENT: Final[Decoder[nouns.Attachment]] = Decoder(nouns.Attachment)
_RUNTIME_STATUS: Final[Decoder[nouns.RuntimeStatus]] = Decoder(nouns.RuntimeStatus)
_WORKER: Final[Decoder[nouns.Worker]] = Decoder(nouns.Worker)


class RuntimeCalls:
    """The runtime room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def attach(
        self,
        *,
        takeover: bool | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Attachment:
        """Take the worker's seat for the calling process, or for an ancestor of it named by `pid`.

        The ancestor must be of the caller's session and not process 1. Descendants share the seat. It
        lasts until runtime.detach or the end of the process, not of the connection. The seated process
        again, or a descendant of it: the seat as it is, in the same epoch.
        """
        return self._client.ask("runtime.attach", {
            "takeover": takeover,
            "pid": pid,
            "idempotency_key": idempotency_key,
        }, _ATTACHMENT)

    def detach(
        self,
        *,
        state: Literal["error", "idle", "stopped"] | UnsetType = UNSET,
        last_error: str | None | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Give the seat up and leave the worker in a state, whatever the table of states says.

        Approvals stay pending; a worker that was stopped stays stopped. Only the seated process gives
        the seat up, or a descendant that names it with `pid`, by the rule of runtime.attach; another
        descendant's detach changes nothing and answers the worker as it stands.
        """
        return self._client.ask("runtime.detach", {
            "state": state,
            "last_error": last_error,
            "pid": pid,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def status(self, *, worker_id: str | UnsetType = UNSET) -> nouns.RuntimeStatus:
        """Tell which process holds the seat of a worker."""
        return self._client.ask("runtime.status", {"worker_id": worker_id}, _RUNTIME_STATUS)


class AsyncRuntimeCalls:
    """The runtime room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def attach(
        self,
        *,
        takeover: bool | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Attachment:
        """Take the worker's seat for the calling process, or for an ancestor of it named by `pid`.

        The ancestor must be of the caller's session and not process 1. Descendants share the seat. It
        lasts until runtime.detach or the end of the process, not of the connection. The seated process
        again, or a descendant of it: the seat as it is, in the same epoch.
        """
        return await self._client.ask("runtime.attach", {
            "takeover": takeover,
            "pid": pid,
            "idempotency_key": idempotency_key,
        }, _ATTACHMENT)

    async def detach(
        self,
        *,
        state: Literal["error", "idle", "stopped"] | UnsetType = UNSET,
        last_error: str | None | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Give the seat up and leave the worker in a state, whatever the table of states says.

        Approvals stay pending; a worker that was stopped stays stopped. Only the seated process gives
        the seat up, or a descendant that names it with `pid`, by the rule of runtime.attach; another
        descendant's detach changes nothing and answers the worker as it stands.
        """
        return await self._client.ask("runtime.detach", {
            "state": state,
            "last_error": last_error,
            "pid": pid,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def status(self, *, worker_id: str | UnsetType = UNSET) -> nouns.RuntimeStatus:
        """Tell which process holds the seat of a worker."""
        return await self._client.ask("runtime.status", {"worker_id": worker_id}, _RUNTIME_STATUS)
