"""The calls of the task room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_PAGE_TASK: Final[Decoder[nouns.Page[nouns.Task]]] = Decoder(nouns.Page[nouns.Task])
_TASK: Final[Decoder[nouns.Task]] = Decoder(nouns.Task)


class TaskCalls:
    """The task room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        task_id: str,
        branch: str,
        worktree: str,
        description: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Make a task, ASSIGNED; publishes task_assign on the topic orchestrator."""
        return self._client.ask("task.create", {
            "task_id": task_id,
            "branch": branch,
            "worktree": worktree,
            "description": description,
            "idempotency_key": idempotency_key,
        }, _TASK)

    def get(self, *, task_id: str) -> nouns.Task:
        """Return one task; on a runtime socket only one that is assigned to the worker."""
        return self._client.ask("task.get", {"task_id": task_id}, _TASK)

    def list(
        self,
        *,
        state: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"] | None | UnsetType = UNSET,
        stale: Literal["dead", "ok", "stale", "warn"] | None | UnsetType = UNSET,
        worker_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Task]:
        """List tasks, latest change of state first; on a runtime socket those of the worker.

        A task whose state changes while pages are read goes to the front. With `stale` a call looks
        through a part of them: a page may be empty, with a `next`.
        """
        return self._client.ask("task.list", {
            "state": state,
            "stale": stale,
            "worker_id": worker_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_TASK)

    def transition(
        self,
        *,
        task_id: str,
        expected: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"],
        to: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"],
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Take a task from the state it is expected in to another, or leave it as it is.

        Publishes state_change on the topic worker.
        """
        return self._client.ask("task.transition", {
            "task_id": task_id,
            "expected": expected,
            "to": to,
            "idempotency_key": idempotency_key,
        }, _TASK)

    def fail(
        self,
        *,
        task_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Fail a task in any state but COMPLETED; publishes task_failed on the topic worker.

        Failing it again publishes again and renews state_changed_at.
        """
        return self._client.ask("task.fail", {
            "task_id": task_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _TASK)

    def heartbeat(
        self,
        *,
        task_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Say that somebody works on the task."""
        return self._client.ask("task.heartbeat", {
            "task_id": task_id,
            "idempotency_key": idempotency_key,
        }, _TASK)

    def assign(
        self,
        *,
        task_id: str,
        worker_id: str | None,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Give a task to a worker, or with null to none; in any state, which stays as it is.

        Publishes worker_assigned on the topic orchestrator.
        """
        return self._client.ask("task.assign", {
            "task_id": task_id,
            "worker_id": worker_id,
            "idempotency_key": idempotency_key,
        }, _TASK)


class AsyncTaskCalls:
    """The task room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        task_id: str,
        branch: str,
        worktree: str,
        description: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Make a task, ASSIGNED; publishes task_assign on the topic orchestrator."""
        return await self._client.ask("task.create", {
            "task_id": task_id,
            "branch": branch,
            "worktree": worktree,
            "description": description,
            "idempotency_key": idempotency_key,
        }, _TASK)

    async def get(self, *, task_id: str) -> nouns.Task:
        """Return one task; on a runtime socket only one that is assigned to the worker."""
        return await self._client.ask("task.get", {"task_id": task_id}, _TASK)

    async def list(
        self,
        *,
        state: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"] | None | UnsetType = UNSET,
        stale: Literal["dead", "ok", "stale", "warn"] | None | UnsetType = UNSET,
        worker_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Task]:
        """List tasks, latest change of state first; on a runtime socket those of the worker.

        A task whose state changes while pages are read goes to the front. With `stale` a call looks
        through a part of them: a page may be empty, with a `next`.
        """
        return await self._client.ask("task.list", {
            "state": state,
            "stale": stale,
            "worker_id": worker_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_TASK)

    async def transition(
        self,
        *,
        task_id: str,
        expected: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"],
        to: Literal["APPROVED", "ASSIGNED", "COMPLETED", "CONFLICTED", "FAILED", "IN_REVIEW", "WORKING"],
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Take a task from the state it is expected in to another, or leave it as it is.

        Publishes state_change on the topic worker.
        """
        return await self._client.ask("task.transition", {
            "task_id": task_id,
            "expected": expected,
            "to": to,
            "idempotency_key": idempotency_key,
        }, _TASK)

    async def fail(
        self,
        *,
        task_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Fail a task in any state but COMPLETED; publishes task_failed on the topic worker.

        Failing it again publishes again and renews state_changed_at.
        """
        return await self._client.ask("task.fail", {
            "task_id": task_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _TASK)

    async def heartbeat(
        self,
        *,
        task_id: str,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Say that somebody works on the task."""
        return await self._client.ask("task.heartbeat", {
            "task_id": task_id,
            "idempotency_key": idempotency_key,
        }, _TASK)

    async def assign(
        self,
        *,
        task_id: str,
        worker_id: str | None,
        idempotency_key: str | None = None,
    ) -> nouns.Task:
        """Give a task to a worker, or with null to none; in any state, which stays as it is.

        Publishes worker_assigned on the topic orchestrator.
        """
        return await self._client.ask("task.assign", {
            "task_id": task_id,
            "worker_id": worker_id,
            "idempotency_key": idempotency_key,
        }, _TASK)
