"""The calls of the run room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_CLAIMED_RUN: Final[Decoder[nouns.ClaimedRun]] = Decoder(nouns.ClaimedRun)
_CLAIMED_RUN_NONE: Final[Decoder[nouns.ClaimedRun | None]] = Decoder(nouns.ClaimedRun | None)
_PAGE_RUN: Final[Decoder[nouns.Page[nouns.Run]]] = Decoder(nouns.Page[nouns.Run])
_PAGE_RUN_EVENT: Final[Decoder[nouns.Page[nouns.RunEvent]]] = Decoder(nouns.Page[nouns.RunEvent])
_RUN: Final[Decoder[nouns.Run]] = Decoder(nouns.Run)
_RUN_EVENT: Final[Decoder[nouns.RunEvent]] = Decoder(nouns.RunEvent)


class RunCalls:
    """The run room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        tenant_id: str,
        project_id: str,
        backend_profile: str,
        run_id: str | None | UnsetType = UNSET,
        session_ref: nouns.SessionRef | None | UnsetType = UNSET,
        resource_bundle_ref: JsonObject | None | UnsetType = UNSET,
        metadata: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """Make a run to be claimed; any backend profile is accepted.

        A session that no run named before is made with it. One that exists is not changed: its tenant,
        project and backend profile are fixed.
        """
        return self._client.ask("run.create", {
            "run_id": run_id,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "backend_profile": backend_profile,
            "session_ref": session_ref,
            "resource_bundle_ref": resource_bundle_ref,
            "metadata": metadata,
            "idempotency_key": idempotency_key,
        }, _RUN)

    def get(self, *, run_id: str) -> nouns.Run:
        """Return one run."""
        return self._client.ask("run.get", {"run_id": run_id}, _RUN)

    def list(
        self,
        *,
        tenant_id: str | None | UnsetType = UNSET,
        project_id: str | None | UnsetType = UNSET,
        state: Literal["blocked", "canceled", "claimed", "completed", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Run]:
        """List runs, newest first.

        With `project_id` a call looks through a part of them: a page may be empty, with a `next`.
        """
        return self._client.ask("run.list", {
            "tenant_id": tenant_id,
            "project_id": project_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_RUN)

    def claim(
        self,
        *,
        run_id: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun:
        """Claim a run: a new lease, also for the runner that has it already.

        Another runner must wait until the lease has run out; the holder may go on until then. With a
        `token` of the caller's own the answer shows none and is kept under its idempotency key.
        """
        return self._client.ask("run.claim", {
            "run_id": run_id,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN)

    def claim_next(
        self,
        *,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        tenant_id: str | None | UnsetType = UNSET,
        project_id: str | None | UnsetType = UNSET,
        backend_profile: str | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun | None:
        """Claim the oldest run that is pending or whose lease ran out; null if there is none.

        With a `token` of the caller's own the answer shows none and is kept under its idempotency key;
        null is not.
        """
        return self._client.ask("run.claim_next", {
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "backend_profile": backend_profile,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN_NONE)

    def heartbeat(
        self,
        *,
        run_id: str,
        lease_ms: int,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun:
        """Renew the lease of a run, also one that ran out; a run that has ended stays as it is."""
        return self._client.ask("run.heartbeat", {
            "run_id": run_id,
            "lease_ms": lease_ms,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN)

    def append_event(
        self,
        *,
        run_id: str,
        type: str,
        payload: JsonObject | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.RunEvent:
        """Add an event to the run's stream: of a known type, or of one's own that begins with `x.`.

        Values of keys that name secrets are stored as "[redacted]", at any depth.
        """
        return self._client.ask("run.append_event", {
            "run_id": run_id,
            "type": type,
            "payload": payload,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _RUN_EVENT)

    def events(
        self,
        *,
        run_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.RunEvent]:
        """List a run's events, oldest first; the `next` of a page goes before `after_seq`."""
        return self._client.ask("run.events", {
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_RUN_EVENT)

    def finish(
        self,
        *,
        run_id: str,
        outcome: Literal["blocked", "canceled", "completed", "failed"],
        failure_kind: str | None | UnsetType = UNSET,
        failure_message: str | None | UnsetType = UNSET,
        thread_id: str | None | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """End a run; its open commands stay open. One that has ended stays as it is.

        A thread that is given becomes its session's, with the turn that gave it.
        """
        return self._client.ask("run.finish", {
            "run_id": run_id,
            "outcome": outcome,
            "failure_kind": failure_kind,
            "failure_message": failure_message,
            "thread_id": thread_id,
            "turn_id": turn_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _RUN)

    def cancel(
        self,
        *,
        run_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """Cancel a run and its open commands, whoever holds it. One that has ended stays as it is."""
        return self._client.ask("run.cancel", {
            "run_id": run_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _RUN)


class AsyncRunCalls:
    """The run room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        tenant_id: str,
        project_id: str,
        backend_profile: str,
        run_id: str | None | UnsetType = UNSET,
        session_ref: nouns.SessionRef | None | UnsetType = UNSET,
        resource_bundle_ref: JsonObject | None | UnsetType = UNSET,
        metadata: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """Make a run to be claimed; any backend profile is accepted.

        A session that no run named before is made with it. One that exists is not changed: its tenant,
        project and backend profile are fixed.
        """
        return await self._client.ask("run.create", {
            "run_id": run_id,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "backend_profile": backend_profile,
            "session_ref": session_ref,
            "resource_bundle_ref": resource_bundle_ref,
            "metadata": metadata,
            "idempotency_key": idempotency_key,
        }, _RUN)

    async def get(self, *, run_id: str) -> nouns.Run:
        """Return one run."""
        return await self._client.ask("run.get", {"run_id": run_id}, _RUN)

    async def list(
        self,
        *,
        tenant_id: str | None | UnsetType = UNSET,
        project_id: str | None | UnsetType = UNSET,
        state: Literal["blocked", "canceled", "claimed", "completed", "failed", "pending"] | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Run]:
        """List runs, newest first.

        With `project_id` a call looks through a part of them: a page may be empty, with a `next`.
        """
        return await self._client.ask("run.list", {
            "tenant_id": tenant_id,
            "project_id": project_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_RUN)

    async def claim(
        self,
        *,
        run_id: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun:
        """Claim a run: a new lease, also for the runner that has it already.

        Another runner must wait until the lease has run out; the holder may go on until then. With a
        `token` of the caller's own the answer shows none and is kept under its idempotency key.
        """
        return await self._client.ask("run.claim", {
            "run_id": run_id,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN)

    async def claim_next(
        self,
        *,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        tenant_id: str | None | UnsetType = UNSET,
        project_id: str | None | UnsetType = UNSET,
        backend_profile: str | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun | None:
        """Claim the oldest run that is pending or whose lease ran out; null if there is none.

        With a `token` of the caller's own the answer shows none and is kept under its idempotency key;
        null is not.
        """
        return await self._client.ask("run.claim_next", {
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "backend_profile": backend_profile,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN_NONE)

    async def heartbeat(
        self,
        *,
        run_id: str,
        lease_ms: int,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedRun:
        """Renew the lease of a run, also one that ran out; a run that has ended stays as it is."""
        return await self._client.ask("run.heartbeat", {
            "run_id": run_id,
            "lease_ms": lease_ms,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_RUN)

    async def append_event(
        self,
        *,
        run_id: str,
        type: str,
        payload: JsonObject | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.RunEvent:
        """Add an event to the run's stream: of a known type, or of one's own that begins with `x.`.

        Values of keys that name secrets are stored as "[redacted]", at any depth.
        """
        return await self._client.ask("run.append_event", {
            "run_id": run_id,
            "type": type,
            "payload": payload,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _RUN_EVENT)

    async def events(
        self,
        *,
        run_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.RunEvent]:
        """List a run's events, oldest first; the `next` of a page goes before `after_seq`."""
        return await self._client.ask("run.events", {
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_RUN_EVENT)

    async def finish(
        self,
        *,
        run_id: str,
        outcome: Literal["blocked", "canceled", "completed", "failed"],
        failure_kind: str | None | UnsetType = UNSET,
        failure_message: str | None | UnsetType = UNSET,
        thread_id: str | None | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """End a run; its open commands stay open. One that has ended stays as it is.

        A thread that is given becomes its session's, with the turn that gave it.
        """
        return await self._client.ask("run.finish", {
            "run_id": run_id,
            "outcome": outcome,
            "failure_kind": failure_kind,
            "failure_message": failure_message,
            "thread_id": thread_id,
            "turn_id": turn_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _RUN)

    async def cancel(
        self,
        *,
        run_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Run:
        """Cancel a run and its open commands, whoever holds it. One that has ended stays as it is."""
        return await self._client.ask("run.cancel", {
            "run_id": run_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _RUN)
