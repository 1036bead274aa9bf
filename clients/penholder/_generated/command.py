"""The calls of the command room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller, JsonObject
from penholder_protocol import nouns


_COMMAND: Final[Decoder[nouns.Command]] = Decoder(nouns.Command)
_COMMAND_NONE: Final[Decoder[nouns.Command | None]] = Decoder(nouns.Command | None)
_PAGE_COMMAND: Final[Decoder[nouns.Page[nouns.Command]]] = Decoder(nouns.Page[nouns.Command])


class CommandCalls:
    """The command room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def create(
        self,
        *,
        run_id: str,
        type: Literal["interrupt", "steer", "turn"],
        payload: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Ask something of a run: a turn, a steer of the present turn, or an interrupt.

        The idempotency key counts for ever among the commands of the run: the command that was made
        under it is answered as it stands now.
        """
        return self._client.ask("command.create", {
            "run_id": run_id,
            "type": type,
            "payload": payload,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    def get(self, *, command_id: str) -> nouns.Command:
        """Return one command."""
        return self._client.ask("command.get", {"command_id": command_id}, _COMMAND)

    def list(
        self,
        *,
        run_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Command]:
        """List a run's commands, oldest first; the `next` of a page goes before `after_seq`."""
        return self._client.ask("command.list", {
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_COMMAND)

    def next(
        self,
        *,
        run_id: str,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Command | None:
        """Return the run's oldest pending command as soon as there is one; null once it has ended."""
        return self._client.ask("command.next", {"run_id": run_id, "timeout_ms": timeout_ms}, _COMMAND_NONE)

    def ack(
        self,
        *,
        command_id: str,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Say that the runner has a command; one that is not pending stays as it is."""
        return self._client.ask("command.ack", {
            "command_id": command_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    def finish(
        self,
        *,
        command_id: str,
        outcome: Literal["blocked", "canceled", "completed", "failed"],
        failure_kind: str | None | UnsetType = UNSET,
        failure_message: str | None | UnsetType = UNSET,
        thread_id: str | None | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """End a command; one that has ended stays as it is.

        A thread that the end of a turn gives becomes its session's, with the turn that gave it.
        """
        return self._client.ask("command.finish", {
            "command_id": command_id,
            "outcome": outcome,
            "failure_kind": failure_kind,
            "failure_message": failure_message,
            "thread_id": thread_id,
            "turn_id": turn_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    def cancel(
        self,
        *,
        command_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Cancel a command, whoever holds its run; one that has ended stays as it is."""
        return self._client.ask("command.cancel", {
            "command_id": command_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _COMMAND)


class AsyncCommandCalls:
    """The command room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def create(
        self,
        *,
        run_id: str,
        type: Literal["interrupt", "steer", "turn"],
        payload: JsonObject | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Ask something of a run: a turn, a steer of the present turn, or an interrupt.

        The idempotency key counts for ever among the commands of the run: the command that was made
        under it is answered as it stands now.
        """
        return await self._client.ask("command.create", {
            "run_id": run_id,
            "type": type,
            "payload": payload,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    async def get(self, *, command_id: str) -> nouns.Command:
        """Return one command."""
        return await self._client.ask("command.get", {"command_id": command_id}, _COMMAND)

    async def list(
        self,
        *,
        run_id: str,
        after_seq: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Command]:
        """List a run's commands, oldest first; the `next` of a page goes before `after_seq`."""
        return await self._client.ask("command.list", {
            "run_id": run_id,
            "after_seq": after_seq,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_COMMAND)

    async def next(
        self,
        *,
        run_id: str,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Command | None:
        """Return the run's oldest pending command as soon as there is one; null once it has ended."""
        return await self._client.ask("command.next", {"run_id": run_id, "timeout_ms": timeout_ms}, _COMMAND_NONE)

    async def ack(
        self,
        *,
        command_id: str,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Say that the runner has a command; one that is not pending stays as it is."""
        return await self._client.ask("command.ack", {
            "command_id": command_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    async def finish(
        self,
        *,
        command_id: str,
        outcome: Literal["blocked", "canceled", "completed", "failed"],
        failure_kind: str | None | UnsetType = UNSET,
        failure_message: str | None | UnsetType = UNSET,
        thread_id: str | None | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        lease: nouns.LeaseProof | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """End a command; one that has ended stays as it is.

        A thread that the end of a turn gives becomes its session's, with the turn that gave it.
        """
        return await self._client.ask("command.finish", {
            "command_id": command_id,
            "outcome": outcome,
            "failure_kind": failure_kind,
            "failure_message": failure_message,
            "thread_id": thread_id,
            "turn_id": turn_id,
            "lease": lease,
            "idempotency_key": idempotency_key,
        }, _COMMAND)

    async def cancel(
        self,
        *,
        command_id: str,
        reason: str | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Command:
        """Cancel a command, whoever holds its run; one that has ended stays as it is."""
        return await self._client.ask("command.cancel", {
            "command_id": command_id,
            "reason": reason,
            "idempotency_key": idempotency_key,
        }, _COMMAND)
