"""The calls of the approval room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_APPROVAL: Final[Decoder[nouns.Approval]] = Decoder(nouns.Approval)
_PAGE_APPROVAL: Final[Decoder[nouns.Page[nouns.Approval]]] = Decoder(nouns.Page[nouns.Approval])


class ApprovalCalls:
    """The approval room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def request(
        self,
        *,
        message: str,
        worker_id: str | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        kind: str | UnsetType = UNSET,
        options: Sequence[nouns.Option | Mapping[str, object]] | None | UnsetType = UNSET,
        deadline_ms: int | None | UnsetType = UNSET,
        on_deadline: str | None | UnsetType = UNSET,
        keep: bool | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Ask; a running worker goes to waiting_approval until it is answered.

        Without options: allow and deny. Past its deadline it is decided with `on_deadline`, or without
        that it expires. The end of the seat's process cancels it, unless it is to be kept (`keep`) for
        the next process of the worker; who gives the seat up by runtime.detach leaves it pending.
        """
        return self._client.ask("approval.request", {
            "worker_id": worker_id,
            "turn_id": turn_id,
            "kind": kind,
            "message": message,
            "options": options,
            "deadline_ms": deadline_ms,
            "on_deadline": on_deadline,
            "keep": keep,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    def get(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
    ) -> nouns.Approval:
        """Return one approval."""
        return self._client.ask("approval.get", {"worker_id": worker_id, "request_id": request_id}, _APPROVAL)

    def list(
        self,
        *,
        worker_id: str | None | UnsetType = UNSET,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["all", "canceled", "decided", "expired", "pending"] | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Approval]:
        """List approvals, oldest first; by default those that are pending."""
        return self._client.ask("approval.list", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_APPROVAL)

    def decide(
        self,
        *,
        request_id: str,
        option: str,
        worker_id: str | None | UnsetType = UNSET,
        note: str | None | UnsetType = UNSET,
        runtime_epoch: int | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Answer an approval, once, by the id of an option or by its alias (any case).

        It can be answered only once, so a person may answer beside a living owner, without its fence.
        A `runtime_epoch` that is not the worker's is STALE_STATE: another process sits there by now.
        It is not looked at where the question is kept, which is for whoever sits there.
        """
        return self._client.ask("approval.decide", {
            "worker_id": worker_id,
            "request_id": request_id,
            "option": option,
            "note": note,
            "runtime_epoch": runtime_epoch,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    def cancel(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
        note: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Take a question back, without a fence also beside its worker's owner."""
        return self._client.ask("approval.cancel", {
            "worker_id": worker_id,
            "request_id": request_id,
            "note": note,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    def wait(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Approval:
        """Return an approval as soon as it has ended; still pending at the timeout."""
        return self._client.ask("approval.wait", {
            "worker_id": worker_id,
            "request_id": request_id,
            "timeout_ms": timeout_ms,
        }, _APPROVAL)


class AsyncApprovalCalls:
    """The approval room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def request(
        self,
        *,
        message: str,
        worker_id: str | UnsetType = UNSET,
        turn_id: str | None | UnsetType = UNSET,
        kind: str | UnsetType = UNSET,
        options: Sequence[nouns.Option | Mapping[str, object]] | None | UnsetType = UNSET,
        deadline_ms: int | None | UnsetType = UNSET,
        on_deadline: str | None | UnsetType = UNSET,
        keep: bool | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Ask; a running worker goes to waiting_approval until it is answered.

        Without options: allow and deny. Past its deadline it is decided with `on_deadline`, or without
        that it expires. The end of the seat's process cancels it, unless it is to be kept (`keep`) for
        the next process of the worker; who gives the seat up by runtime.detach leaves it pending.
        """
        return await self._client.ask("approval.request", {
            "worker_id": worker_id,
            "turn_id": turn_id,
            "kind": kind,
            "message": message,
            "options": options,
            "deadline_ms": deadline_ms,
            "on_deadline": on_deadline,
            "keep": keep,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    async def get(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
    ) -> nouns.Approval:
        """Return one approval."""
        return await self._client.ask("approval.get", {"worker_id": worker_id, "request_id": request_id}, _APPROVAL)

    async def list(
        self,
        *,
        worker_id: str | None | UnsetType = UNSET,
        controller_id: str | None | UnsetType = UNSET,
        state: Literal["all", "canceled", "decided", "expired", "pending"] | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Approval]:
        """List approvals, oldest first; by default those that are pending."""
        return await self._client.ask("approval.list", {
            "worker_id": worker_id,
            "controller_id": controller_id,
            "state": state,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_APPROVAL)

    async def decide(
        self,
        *,
        request_id: str,
        option: str,
        worker_id: str | None | UnsetType = UNSET,
        note: str | None | UnsetType = UNSET,
        runtime_epoch: int | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Answer an approval, once, by the id of an option or by its alias (any case).

        It can be answered only once, so a person may answer beside a living owner, without its fence.
        A `runtime_epoch` that is not the worker's is STALE_STATE: another process sits there by now.
        It is not looked at where the question is kept, which is for whoever sits there.
        """
        return await self._client.ask("approval.decide", {
            "worker_id": worker_id,
            "request_id": request_id,
            "option": option,
            "note": note,
            "runtime_epoch": runtime_epoch,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    async def cancel(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
        note: str | None | UnsetType = UNSET,
        fence: nouns.Fence | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Approval:
        """Take a question back, without a fence also beside its worker's owner."""
        return await self._client.ask("approval.cancel", {
            "worker_id": worker_id,
            "request_id": request_id,
            "note": note,
            "fence": fence,
            "idempotency_key": idempotency_key,
        }, _APPROVAL)

    async def wait(
        self,
        *,
        request_id: str,
        worker_id: str | None | UnsetType = UNSET,
        timeout_ms: int | UnsetType = UNSET,
    ) -> nouns.Approval:
        """Return an approval as soon as it has ended; still pending at the timeout."""
        return await self._client.ask("approval.wait", {
            "worker_id": worker_id,
            "request_id": request_id,
            "timeout_ms": timeout_ms,
        }, _APPROVAL)
