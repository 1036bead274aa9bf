"""The calls of the worker room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_INPUT: Final[Decoder[nouns.Input]] = Decoder(nouns.Input)
_PAGE_WORKER: Final[Decoder[nouns.Page[nouns.Worker]]] = Decoder(nouns.Page[nouns.Worker])
_PAGE_WORKER_OVERVIEW: Final[Decoder[nouns.Page[nouns.WorkerOverview]]] = Decoder(nouns.Page[nouns.WorkerOverview])
_REMOVED: Final[Decoder[nouns.Removed]] = Decoder(nouns.Removed)
_WORKER: Final[Decoder[nouns.Worker]] = Decoder(nouns.Worker)


class WorkerCalls:
    """The worker room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        controller_id: str,
        label: str,
        launcher: str,
        profile: str,
        cwd: str,
        worker_id: str | None | UnsetType = UNSET,
        packs: Sequence[str] | UnsetType = UNSET,
        session_id: str | None | UnsetType = UNSET,
        env: Mapping[str, str] | UnsetType = UNSET,
        start: Literal["idle", "starting"] | UnsetType = UNSET,
        host_id: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Make a worker; its runtime socket accepts when the answer comes.

        With the `host_id` of another host it is a worker of that one, which serves its socket.
        """
        return self._client.ask("worker.create", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "label": label,
            "launcher": launcher,
            "profile": profile,
            "packs": packs,
            "cwd": cwd,
            "session_id": session_id,
            "env": env,
            "start": start,
            "host_id": host_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def get(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Worker:
        """Return one worker."""
        return self._client.ask("worker.get", {"worker_id": worker_id}, _WORKER)

    def list(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["canceling", "error", "idle", "running", "starting", "stopped", "waiting_approval"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Worker]:
        """List workers, newest first."""
        return self._client.ask("worker.list", {
            "controller_id": controller_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKER)

    def overview(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["canceling", "error", "idle", "running", "starting", "stopped", "waiting_approval"] | None | UnsetType = UNSET,
        living: bool | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.WorkerOverview]:
        """List workers as worker.list does, each with what a person wants to see beside it.

        That is how many questions are pending, its newest event, the last line of its newest `output`
        event, and the data of its newest `summary` event, as far as retention has left them. `living`
        are those whose seat is held or that are starting; with false, all others.
        """
        return self._client.ask("worker.overview", {
            "controller_id": controller_id,
            "state": state,
            "living": living,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKER_OVERVIEW)

    def transition(
        self,
        *,
        to: str,
        worker_id: str | UnsetType = UNSET,
        expected: str | None | UnsetType = UNSET,
        force: bool | UnsetType = UNSET,
        last_error: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Move a worker to another state; `expected` makes it a compare-and-set.

        To canceling and stopped (without force) it takes no fence: that a person may do beside a living
        owner. The same state again changes nothing; `force` takes steps that the table does not have.
        On the runtime socket waiting_approval → running is APPROVAL_PENDING while one is pending.
        """
        return self._client.ask("worker.transition", {
            "worker_id": worker_id,
            "to": to,
            "expected": expected,
            "force": force,
            "last_error": last_error,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def stop(
        self,
        *,
        worker_id: str,
        force: bool | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Stop a worker for good, without a fence also beside a living owner; its socket closes.

        With `force` its seated process is ended too: SIGTERM, and SIGKILL 5 s later; but never the
        process that asks nor an ancestor of it, which the entry then names as `spared`.
        """
        return self._client.ask("worker.stop", {
            "worker_id": worker_id,
            "force": force,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def remove(
        self,
        *,
        worker_id: str,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Removed:
        """Delete a stopped worker with its approvals, inputs and handoffs.

        Its stream and epochs stay.
        """
        return self._client.ask("worker.remove", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _REMOVED)

    def send(
        self,
        *,
        worker_id: str,
        kind: str,
        data: JsonObject | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Input:
        """Send a worker something that it takes with input.next; numbered 1, 2, 3 … for each worker.

        It waits for the worker over restarts of either. Who steers a worker must own its controller.
        """
        return self._client.ask("worker.send", {
            "worker_id": worker_id,
            "kind": kind,
            "data": data,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _INPUT)

    def set_turn(
        self,
        *,
        turn_id: str | None,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say which turn the worker is at, or null for none."""
        return self._client.ask("worker.set_turn", {
            "worker_id": worker_id,
            "turn_id": turn_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def set_session(
        self,
        *,
        session_id: str,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say which session the worker is in."""
        return self._client.ask("worker.set_session", {
            "worker_id": worker_id,
            "session_id": session_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def set_endpoint(
        self,
        *,
        runtime_pid: int | None,
        runtime_socket: str | None,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say where the worker itself can be reached, if it serves a socket of its own."""
        return self._client.ask("worker.set_endpoint", {
            "worker_id": worker_id,
            "runtime_pid": runtime_pid,
            "runtime_socket": runtime_socket,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def clear_endpoint(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Forget what set_endpoint said."""
        return self._client.ask("worker.clear_endpoint", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    def heartbeat(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say that the worker is well. A dead one is noticed without."""
        return self._client.ask("worker.heartbeat", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)


class AsyncWorkerCalls:
    """The worker room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        controller_id: str,
        label: str,
        launcher: str,
        profile: str,
        cwd: str,
        worker_id: str | None | UnsetType = UNSET,
        packs: Sequence[str] | UnsetType = UNSET,
        session_id: str | None | UnsetType = UNSET,
        env: Mapping[str, str] | UnsetType = UNSET,
        start: Literal["idle", "starting"] | UnsetType = UNSET,
        host_id: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Make a worker; its runtime socket accepts when the answer comes.

        With the `host_id` of another host it is a worker of that one, which serves its socket.
        """
        return await self._client.ask("worker.create", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "label": label,
            "launcher": launcher,
            "profile": profile,
            "packs": packs,
            "cwd": cwd,
            "session_id": session_id,
            "env": env,
            "start": start,
            "host_id": host_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def get(self, *, worker_id: str | UnsetType = UNSET) -> nouns.Worker:
        """Return one worker."""
        return await self._client.ask("worker.get", {"worker_id": worker_id}, _WORKER)

    async def list(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["canceling", "error", "idle", "running", "starting", "stopped", "waiting_approval"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Worker]:
        """List workers, newest first."""
        return await self._client.ask("worker.list", {
            "controller_id": controller_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKER)

    async def overview(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["canceling", "error", "idle", "running", "starting", "stopped", "waiting_approval"] | None | UnsetType = UNSET,
        living: bool | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.WorkerOverview]:
        """List workers as worker.list does, each with what a person wants to see beside it.

        That is how many questions are pending, its newest event, the last line of its newest `output`
        event, and the data of its newest `summary` event, as far as retention has left them. `living`
        are those whose seat is held or that are starting; with false, all others.
        """
        return await self._client.ask("worker.overview", {
            "controller_id": controller_id,
            "state": state,
            "living": living,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_WORKER_OVERVIEW)

    async def transition(
        self,
        *,
        to: str,
        worker_id: str | UnsetType = UNSET,
        expected: str | None | UnsetType = UNSET,
        force: bool | UnsetType = UNSET,
        last_error: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Move a worker to another state; `expected` makes it a compare-and-set.

        To canceling and stopped (without force) it takes no fence: that a person may do beside a living
        owner. The same state again changes nothing; `force` takes steps that the table does not have.
        On the runtime socket waiting_approval → running is APPROVAL_PENDING while one is pending.
        """
        return await self._client.ask("worker.transition", {
            "worker_id": worker_id,
            "to": to,
            "expected": expected,
            "force": force,
            "last_error": last_error,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def stop(
        self,
        *,
        worker_id: str,
        force: bool | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Stop a worker for good, without a fence also beside a living owner; its socket closes.

        With `force` its seated process is ended too: SIGTERM, and SIGKILL 5 s later; but never the
        process that asks nor an ancestor of it, which the entry then names as `spared`.
        """
        return await self._client.ask("worker.stop", {
            "worker_id": worker_id,
            "force": force,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def remove(
        self,
        *,
        worker_id: str,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Removed:
        """Delete a stopped worker with its approvals, inputs and handoffs.

        Its stream and epochs stay.
        """
        return await self._client.ask("worker.remove", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _REMOVED)

    async def send(
        self,
        *,
        worker_id: str,
        kind: str,
        data: JsonObject | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Input:
        """Send a worker something that it takes with input.next; numbered 1, 2, 3 … for each worker.

        It waits for the worker over restarts of either. Who steers a worker must own its controller.
        """
        return await self._client.ask("worker.send", {
            "worker_id": worker_id,
            "kind": kind,
            "data": data,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _INPUT)

    async def set_turn(
        self,
        *,
        turn_id: str | None,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say which turn the worker is at, or null for none."""
        return await self._client.ask("worker.set_turn", {
            "worker_id": worker_id,
            "turn_id": turn_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def set_session(
        self,
        *,
        session_id: str,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say which session the worker is in."""
        return await self._client.ask("worker.set_session", {
            "worker_id": worker_id,
            "session_id": session_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def set_endpoint(
        self,
        *,
        runtime_pid: int | None,
        runtime_socket: str | None,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say where the worker itself can be reached, if it serves a socket of its own."""
        return await self._client.ask("worker.set_endpoint", {
            "worker_id": worker_id,
            "runtime_pid": runtime_pid,
            "runtime_socket": runtime_socket,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def clear_endpoint(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Forget what set_endpoint said."""
        return await self._client.ask("worker.clear_endpoint", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)

    async def heartbeat(
        self,
        *,
        worker_id: str | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Worker:
        """Say that the worker is well. A dead one is noticed without."""
        return await self._client.ask("worker.heartbeat", {
            "worker_id": worker_id,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _WORKER)
