"""The calls of the job room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_JOB: Final[Decoder[nouns.Job]] = Decoder(nouns.Job)
_PAGE_JOB: Final[Decoder[nouns.Page[nouns.Job]]] = Decoder(nouns.Page[nouns.Job])


class JobCalls:
    """The job room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def save(
        self,
        *,
        run_id: str,
        command_id: str,
        payload_hash: str,
        attempt_id: str,
        runner_id: str,
        namespace: str,
        job_name: str,
        manager_url: str,
        image: str,
        source_commit: str,
        job_id: str | None | UnsetType = UNSET,
        service_account_name: str | None | UnsetType = UNSET,
        result: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Job:
        """Note a job of a command; the same job_id again writes it anew.

        The idempotency key counts for ever among the jobs of the run: with the same payload_hash the
        job that was saved under it is answered as it stands now.
        """
        return self._client.ask("job.save", {
            "job_id": job_id,
            "run_id": run_id,
            "command_id": command_id,
            "payload_hash": payload_hash,
            "attempt_id": attempt_id,
            "runner_id": runner_id,
            "namespace": namespace,
            "job_name": job_name,
            "manager_url": manager_url,
            "image": image,
            "source_commit": source_commit,
            "service_account_name": service_account_name,
            "result": result,
            "idempotency_key": idempotency_key,
        }, _JOB)

    def list(
        self,
        *,
        run_id: str,
        command_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Job]:
        """List the jobs of a run, oldest first."""
        return self._client.ask("job.list", {
            "run_id": run_id,
            "command_id": command_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_JOB)


class AsyncJobCalls:
    """The job room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def save(
        self,
        *,
        run_id: str,
        command_id: str,
        payload_hash: str,
        attempt_id: str,
        runner_id: str,
        namespace: str,
        job_name: str,
        manager_url: str,
        image: str,
        source_commit: str,
        job_id: str | None | UnsetType = UNSET,
        service_account_name: str | None | UnsetType = UNSET,
        result: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Job:
        """Note a job of a command; the same job_id again writes it anew.

        The idempotency key counts for ever among the jobs of the run: with the same payload_hash the
        job that was saved under it is answered as it stands now.
        """
        return await self._client.ask("job.save", {
            "job_id": job_id,
            "run_id": run_id,
            "command_id": command_id,
            "payload_hash": payload_hash,
            "attempt_id": attempt_id,
            "runner_id": runner_id,
            "namespace": namespace,
            "job_name": job_name,
            "manager_url": manager_url,
            "image": image,
            "source_commit": source_commit,
            "service_account_name": service_account_name,
            "result": result,
            "idempotency_key": idempotency_key,
        }, _JOB)

    async def list(
        self,
        *,
        run_id: str,
        command_id: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Job]:
        """List the jobs of a run, oldest first."""
        return await self._client.ask("job.list", {
            "run_id": run_id,
            "command_id": command_id,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_JOB)
