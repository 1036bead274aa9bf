"""The calls of the queue room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_CLAIMED_TASK: Final[Decoder[nouns.ClaimedTask]] = Decoder(nouns.ClaimedTask)
_PAGE_CLAIMED_TASK: Final[Decoder[nouns.Page[nouns.ClaimedTask]]] = Decoder(nouns.Page[nouns.ClaimedTask])
_PAGE_QUEUE_TASK: Final[Decoder[nouns.Page[nouns.QueueTask]]] = Decoder(nouns.Page[nouns.QueueTask])
_PAUSED_QUEUE: Final[Decoder[nouns.PausedQueue]] = Decoder(nouns.PausedQueue)
_QUEUE_OVERVIEW: Final[Decoder[nouns.QueueOverview]] = Decoder(nouns.QueueOverview)
_QUEUE_READ: Final[Decoder[nouns.QueueRead]] = Decoder(nouns.QueueRead)
_QUEUE_STATS: Final[Decoder[nouns.QueueStats]] = Decoder(nouns.QueueStats)
_QUEUE_TASK: Final[Decoder[nouns.QueueTask]] = Decoder(nouns.QueueTask)


class QueueCalls:
    """The queue room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def submit(
        self,
        *,
        tenant_id: str,
        project_id: str,
        queue: str,
        queue_task_id: str | None | UnsetType = UNSET,
        lane: str | UnsetType = UNSET,
        title: str | None | UnsetType = UNSET,
        priority: int | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        max_attempts: int | UnsetType = UNSET,
        backoff_ms: int | UnsetType = UNSET,
        delay_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Add a task to a queue, to be claimed now or after a delay.

        An idempotency key counts in its tenant and project, for ever: the same payload again answers
        the task as it stands.
        """
        return self._client.ask("queue.submit", {
            "queue_task_id": queue_task_id,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "queue": queue,
            "lane": lane,
            "title": title,
            "priority": priority,
            "payload": payload,
            "max_attempts": max_attempts,
            "backoff_ms": backoff_ms,
            "delay_ms": delay_ms,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    def submit_many(
        self,
        *,
        tasks: Sequence[nouns.NewQueueTask | Mapping[str, object]],
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.QueueTask]:
        """Add up to 1,000 tasks, all or none."""
        return self._client.ask("queue.submit_many", {
            "tasks": tasks,
            "idempotency_key": idempotency_key,
        }, _PAGE_QUEUE_TASK)

    def claim(
        self,
        *,
        queue: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        lanes: Sequence[str] | None | UnsetType = UNSET,
        max_tasks: int | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.ClaimedTask]:
        """Take the first tasks of a queue under a lease; an empty list if there is nothing to do.

        With a `token` of the caller's own, which serves all of them, the answer shows none and is kept
        under its idempotency key; an empty one is not.
        """
        return self._client.ask("queue.claim", {
            "queue": queue,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "lanes": lanes,
            "max_tasks": max_tasks,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _PAGE_CLAIMED_TASK)

    def wait(
        self,
        *,
        queue: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        lanes: Sequence[str] | None | UnsetType = UNSET,
        max_tasks: int | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.ClaimedTask]:
        """Claim as queue.claim does, as soon as there is something; empty at the timeout."""
        return self._client.ask("queue.wait", {
            "queue": queue,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "lanes": lanes,
            "max_tasks": max_tasks,
            "token": token,
            "timeout_ms": timeout_ms,
            "idempotency_key": idempotency_key,
        }, _PAGE_CLAIMED_TASK)

    def heartbeat(
        self,
        *,
        queue_task_id: str,
        lease_ms: int,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedTask:
        """Renew the lease of a claimed task; its token is not shown again."""
        return self._client.ask("queue.heartbeat", {
            "queue_task_id": queue_task_id,
            "lease_ms": lease_ms,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_TASK)

    def complete(
        self,
        *,
        queue_task_id: str,
        result: JsonObject | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """End a task as completed."""
        return self._client.ask("queue.complete", {
            "queue_task_id": queue_task_id,
            "result": result,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    def fail(
        self,
        *,
        queue_task_id: str,
        error: str,
        retry: bool | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Say that an attempt failed: it is tried again after a pause while attempts are left."""
        return self._client.ask("queue.fail", {
            "queue_task_id": queue_task_id,
            "error": error,
            "retry": retry,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    def update_attempt(
        self,
        *,
        queue_task_id: str,
        state: Literal["blocked", "canceled", "completed", "failed", "pending", "running"],
        latest_attempt: JsonObject,
        session_path: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Note how an attempt stands elsewhere, and the state that follows from it.

        It counts no attempt; an absent session_path keeps what was there. On the control socket it
        needs no claim, and a lease only while there is one.
        """
        return self._client.ask("queue.update_attempt", {
            "queue_task_id": queue_task_id,
            "state": state,
            "latest_attempt": latest_attempt,
            "session_path": session_path,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    def cancel(
        self,
        *,
        queue_task_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Cancel a task; one that has ended is answered as it stands."""
        return self._client.ask("queue.cancel", {
            "queue_task_id": queue_task_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    def pause(
        self,
        *,
        queue: str,
        idempotency_key: str | None = None,
    ) -> nouns.PausedQueue:
        """Give out nothing more from a queue; what is claimed goes on."""
        return self._client.ask("queue.pause", {
            "queue": queue,
            "idempotency_key": idempotency_key,
        }, _PAUSED_QUEUE)

    def resume(
        self,
        *,
        queue: str,
        idempotency_key: str | None = None,
    ) -> nouns.PausedQueue:
        """Give tasks out again."""
        return self._client.ask("queue.resume", {
            "queue": queue,
            "idempotency_key": idempotency_key,
        }, _PAUSED_QUEUE)

    def mark_read(
        self,
        *,
        queue_task_id: str,
        reader_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.QueueRead:
        """Note that a reader has seen a task as it is now."""
        return self._client.ask("queue.mark_read", {
            "queue_task_id": queue_task_id,
            "reader_id": reader_id,
            "idempotency_key": idempotency_key,
        }, _QUEUE_READ)

    def get(self, *, queue_task_id: str) -> nouns.QueueTask:
        """Return one task; on a runtime socket not what another has claimed."""
        return self._client.ask("queue.get", {"queue_task_id": queue_task_id}, _QUEUE_TASK)

    def list(
        self,
        *,
        queue: str | None | UnsetType = UNSET,
        state: Literal["blocked", "canceled", "completed", "failed", "pending", "running"] | None | UnsetType = UNSET,
        after_version: int | None | UnsetType = UNSET,
        reader_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.QueueTask]:
        """List tasks by priority (high first), then oldest; with a reader, what it has read of each.

        With `after_version` a call looks through a part of them: a page may be empty, with a `next`.
        """
        return self._client.ask("queue.list", {
            "queue": queue,
            "state": state,
            "after_version": after_version,
            "reader_id": reader_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_QUEUE_TASK)

    def stats(self, *, queue: str | None | UnsetType = UNSET) -> nouns.QueueStats:
        """Count the tasks of a queue, or of all, by state and by lane."""
        return self._client.ask("queue.stats", {"queue": queue}, _QUEUE_STATS)

    def overview(self, *, queue: str | None | UnsetType = UNSET) -> nouns.QueueOverview:
        """Return the counts and the first 20 tasks."""
        return self._client.ask("queue.overview", {"queue": queue}, _QUEUE_OVERVIEW)


class AsyncQueueCalls:
    """The queue room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def submit(
        self,
        *,
        tenant_id: str,
        project_id: str,
        queue: str,
        queue_task_id: str | None | UnsetType = UNSET,
        lane: str | UnsetType = UNSET,
        title: str | None | UnsetType = UNSET,
        priority: int | UnsetType = UNSET,
        payload: JsonObject | UnsetType = UNSET,
        max_attempts: int | UnsetType = UNSET,
        backoff_ms: int | UnsetType = UNSET,
        delay_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Add a task to a queue, to be claimed now or after a delay.

        An idempotency key counts in its tenant and project, for ever: the same payload again answers
        the task as it stands.
        """
        return await self._client.ask("queue.submit", {
            "queue_task_id": queue_task_id,
            "tenant_id": tenant_id,
            "project_id": project_id,
            "queue": queue,
            "lane": lane,
            "title": title,
            "priority": priority,
            "payload": payload,
            "max_attempts": max_attempts,
            "backoff_ms": backoff_ms,
            "delay_ms": delay_ms,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    async def submit_many(
        self,
        *,
        tasks: Sequence[nouns.NewQueueTask | Mapping[str, object]],
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.QueueTask]:
        """Add up to 1,000 tasks, all or none."""
        return await self._client.ask("queue.submit_many", {
            "tasks": tasks,
            "idempotency_key": idempotency_key,
        }, _PAGE_QUEUE_TASK)

    async def claim(
        self,
        *,
        queue: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        lanes: Sequence[str] | None | UnsetType = UNSET,
        max_tasks: int | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.ClaimedTask]:
        """Take the first tasks of a queue under a lease; an empty list if there is nothing to do.

        With a `token` of the caller's own, which serves all of them, the answer shows none and is kept
        under its idempotency key; an empty one is not.
        """
        return await self._client.ask("queue.claim", {
            "queue": queue,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "lanes": lanes,
            "max_tasks": max_tasks,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _PAGE_CLAIMED_TASK)

    async def wait(
        self,
        *,
        queue: str,
        lease_ms: int,
        runner_id: str | UnsetType = UNSET,
        lanes: Sequence[str] | None | UnsetType = UNSET,
        max_tasks: int | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Page[nouns.ClaimedTask]:
        """Claim as queue.claim does, as soon as there is something; empty at the timeout."""
        return await self._client.ask("queue.wait", {
            "queue": queue,
            "runner_id": runner_id,
            "lease_ms": lease_ms,
            "lanes": lanes,
            "max_tasks": max_tasks,
            "token": token,
            "timeout_ms": timeout_ms,
            "idempotency_key": idempotency_key,
        }, _PAGE_CLAIMED_TASK)

    async def heartbeat(
        self,
        *,
        queue_task_id: str,
        lease_ms: int,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.ClaimedTask:
        """Renew the lease of a claimed task; its token is not shown again."""
        return await self._client.ask("queue.heartbeat", {
            "queue_task_id": queue_task_id,
            "lease_ms": lease_ms,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _CLAIMED_TASK)

    async def complete(
        self,
        *,
        queue_task_id: str,
        result: JsonObject | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """End a task as completed."""
        return await self._client.ask("queue.complete", {
            "queue_task_id": queue_task_id,
            "result": result,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    async def fail(
        self,
        *,
        queue_task_id: str,
        error: str,
        retry: bool | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Say that an attempt failed: it is tried again after a pause while attempts are left."""
        return await self._client.ask("queue.fail", {
            "queue_task_id": queue_task_id,
            "error": error,
            "retry": retry,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    async def update_attempt(
        self,
        *,
        queue_task_id: str,
        state: Literal["blocked", "canceled", "completed", "failed", "pending", "running"],
        latest_attempt: JsonObject,
        session_path: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Note how an attempt stands elsewhere, and the state that follows from it.

        It counts no attempt; an absent session_path keeps what was there. On the control socket it
        needs no claim, and a lease only while there is one.
        """
        return await self._client.ask("queue.update_attempt", {
            "queue_task_id": queue_task_id,
            "state": state,
            "latest_attempt": latest_attempt,
            "session_path": session_path,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    async def cancel(
        self,
        *,
        queue_task_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.QueueTask:
        """Cancel a task; one that has ended is answered as it stands."""
        return await self._client.ask("queue.cancel", {
            "queue_task_id": queue_task_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _QUEUE_TASK)

    async def pause(
        self,
        *,
        queue: str,
        idempotency_key: str | None = None,
    ) -> nouns.PausedQueue:
        """Give out nothing more from a queue; what is claimed goes on."""
        return await self._client.ask("queue.pause", {
            "queue": queue,
            "idempotency_key": idempotency_key,
        }, _PAUSED_QUEUE)

    async def resume(
        self,
        *,
        queue: str,
        idempotency_key: str | None = None,
    ) -> nouns.PausedQueue:
        """Give tasks out again."""
        return await self._client.ask("queue.resume", {
            "queue": queue,
            "idempotency_key": idempotency_key,
        }, _PAUSED_QUEUE)

    async def mark_read(
        self,
        *,
        queue_task_id: str,
        reader_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.QueueRead:
        """Note that a reader has seen a task as it is now."""
        return await self._client.ask("queue.mark_read", {
            "queue_task_id": queue_task_id,
            "reader_id": reader_id,
            "idempotency_key": idempotency_key,
        }, _QUEUE_READ)

    async def get(self, *, queue_task_id: str) -> nouns.QueueTask:
        """Return one task; on a runtime socket not what another has claimed."""
        return await self._client.ask("queue.get", {"queue_task_id": queue_task_id}, _QUEUE_TASK)

    async def list(
        self,
        *,
        queue: str | None | UnsetType = UNSET,
        state: Literal["blocked", "canceled", "completed", "failed", "pending", "running"] | None | UnsetType = UNSET,
        after_version: int | None | UnsetType = UNSET,
        reader_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.QueueTask]:
        """List tasks by priority (high first), then oldest; with a reader, what it has read of each.

        With `after_version` a call looks through a part of them: a page may be empty, with a `next`.
        """
        return await self._client.ask("queue.list", {
            "queue": queue,
            "state": state,
            "after_version": after_version,
            "reader_id": reader_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_QUEUE_TASK)

    async def stats(self, *, queue: str | None | UnsetType = UNSET) -> nouns.QueueStats:
        """Count the tasks of a queue, or of all, by state and by lane."""
        return await self._client.ask("queue.stats", {"queue": queue}, _QUEUE_STATS)

    async def overview(self, *, queue: str | None | UnsetType = UNSET) -> nouns.QueueOverview:
        """Return the counts and the first 20 tasks."""
        return await self._client.ask("queue.overview", {"queue": queue}, _QUEUE_OVERVIEW)
