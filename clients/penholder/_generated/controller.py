"""The calls of the controller room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._awaited.owned import AsyncOwning
from penholder._blocking.owned import Owning
from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_CONTROLLER: Final[Decoder[nouns.Controller]] = Decoder(nouns.Controller)
_CONTROLLER_STATUS: Final[Decoder[nouns.ControllerStatus]] = Decoder(nouns.ControllerStatus)
_HANDLE: Final[Decoder[nouns.Handle]] = Decoder(nouns.Handle)
_PAGE_CONTROLLER: Final[Decoder[nouns.Page[nouns.Controller]]] = Decoder(nouns.Page[nouns.Controller])
_PAGE_INSTANCE: Final[Decoder[nouns.Page[nouns.Instance]]] = Decoder(nouns.Page[nouns.Instance])
_RELEASE: Final[Decoder[nouns.Release]] = Decoder(nouns.Release)
_VALIDITY: Final[Decoder[nouns.Validity]] = Decoder(nouns.Validity)


class ControllerCalls(Owning):
    """The controller room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def register(
        self,
        *,
        label: str,
        workspace_key: str,
        controller_id: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Controller:
        """Make a controller for a workspace; the same id again updates its label and workspace."""
        return self._client.ask("controller.register", {
            "controller_id": controller_id,
            "label": label,
            "workspace_key": workspace_key,
            "idempotency_key": idempotency_key,
        }, _CONTROLLER)

    def get(self, *, controller_id: str) -> nouns.Controller:
        """Return one controller."""
        return self._client.ask("controller.get", {"controller_id": controller_id}, _CONTROLLER)

    def find(self, *, workspace_key: str) -> nouns.Controller:
        """Return the controller of a workspace."""
        return self._client.ask("controller.find", {"workspace_key": workspace_key}, _CONTROLLER)

    def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Controller]:
        """List controllers, newest first."""
        return self._client.ask("controller.list", {"limit": limit, "cursor": cursor}, _PAGE_CONTROLLER)

    def acquire(
        self,
        *,
        controller_id: str,
        takeover: bool | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        lease_ms: int | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Handle:
        """Become the owner of a controller: the highest epoch ever plus one, and a token shown once.

        While somebody else owns it this takes `takeover`, unless the owner's lease ran out. With a
        `token` of the caller's own the answer shows none and is kept under its idempotency key.
        """
        return self._client.ask("controller.acquire", {
            "controller_id": controller_id,
            "takeover": takeover,
            "pid": pid,
            "lease_ms": lease_ms,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _HANDLE)

    def renew(
        self,
        *,
        controller_id: str,
        epoch: int,
        token: str,
        lease_ms: int,
        idempotency_key: str | None = None,
    ) -> nouns.Handle:
        """Renew the lease of an ownership; the token is not shown again."""
        return self._client.ask("controller.renew", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
            "lease_ms": lease_ms,
            "idempotency_key": idempotency_key,
        }, _HANDLE)

    def validate(
        self,
        *,
        controller_id: str,
        epoch: int,
        token: str,
    ) -> nouns.Validity:
        """Tell whether an epoch and token are the active owner's; an unknown controller: no."""
        return self._client.ask("controller.validate", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
        }, _VALIDITY)

    def release(
        self,
        *,
        controller_id: str,
        epoch: int | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        force: bool | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Release:
        """Give an ownership up; with `force` anybody's. The epoch stays and will only grow."""
        return self._client.ask("controller.release", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
            "force": force,
            "idempotency_key": idempotency_key,
        }, _RELEASE)

    def status(self, *, controller_id: str) -> nouns.ControllerStatus:
        """Return a controller with its owner; an owner whose lease ran out stays until replaced."""
        return self._client.ask("controller.status", {"controller_id": controller_id}, _CONTROLLER_STATUS)

    def instances(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        active_only: bool | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Instance]:
        """List ownerships, newest first."""
        return self._client.ask("controller.instances", {
            "controller_id": controller_id,
            "active_only": active_only,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_INSTANCE)


class AsyncControllerCalls(AsyncOwning):
    """The controller room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def register(
        self,
        *,
        label: str,
        workspace_key: str,
        controller_id: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Controller:
        """Make a controller for a workspace; the same id again updates its label and workspace."""
        return await self._client.ask("controller.register", {
            "controller_id": controller_id,
            "label": label,
            "workspace_key": workspace_key,
            "idempotency_key": idempotency_key,
        }, _CONTROLLER)

    async def get(self, *, controller_id: str) -> nouns.Controller:
        """Return one controller."""
        return await self._client.ask("controller.get", {"controller_id": controller_id}, _CONTROLLER)

    async def find(self, *, workspace_key: str) -> nouns.Controller:
        """Return the controller of a workspace."""
        return await self._client.ask("controller.find", {"workspace_key": workspace_key}, _CONTROLLER)

    async def list(
        self,
        *,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Controller]:
        """List controllers, newest first."""
        return await self._client.ask("controller.list", {"limit": limit, "cursor": cursor}, _PAGE_CONTROLLER)

    async def acquire(
        self,
        *,
        controller_id: str,
        takeover: bool | UnsetType = UNSET,
        pid: int | None | UnsetType = UNSET,
        lease_ms: int | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Handle:
        """Become the owner of a controller: the highest epoch ever plus one, and a token shown once.

        While somebody else owns it this takes `takeover`, unless the owner's lease ran out. With a
        `token` of the caller's own the answer shows none and is kept under its idempotency key.
        """
        return await self._client.ask("controller.acquire", {
            "controller_id": controller_id,
            "takeover": takeover,
            "pid": pid,
            "lease_ms": lease_ms,
            "token": token,
            "idempotency_key": idempotency_key,
        }, _HANDLE)

    async def renew(
        self,
        *,
        controller_id: str,
        epoch: int,
        token: str,
        lease_ms: int,
        idempotency_key: str | None = None,
    ) -> nouns.Handle:
        """Renew the lease of an ownership; the token is not shown again."""
        return await self._client.ask("controller.renew", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
            "lease_ms": lease_ms,
            "idempotency_key": idempotency_key,
        }, _HANDLE)

    async def validate(
        self,
        *,
        controller_id: str,
        epoch: int,
        token: str,
    ) -> nouns.Validity:
        """Tell whether an epoch and token are the active owner's; an unknown controller: no."""
        return await self._client.ask("controller.validate", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
        }, _VALIDITY)

    async def release(
        self,
        *,
        controller_id: str,
        epoch: int | None | UnsetType = UNSET,
        token: str | None | UnsetType = UNSET,
        force: bool | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Release:
        """Give an ownership up; with `force` anybody's. The epoch stays and will only grow."""
        return await self._client.ask("controller.release", {
            "controller_id": controller_id,
            "epoch": epoch,
            "token": token,
            "force": force,
            "idempotency_key": idempotency_key,
        }, _RELEASE)

    async def status(self, *, controller_id: str) -> nouns.ControllerStatus:
        """Return a controller with its owner; an owner whose lease ran out stays until replaced."""
        return await self._client.ask("controller.status", {"controller_id": controller_id}, _CONTROLLER_STATUS)

    async def instances(
        self,
        *,
        controller_id: str | None | UnsetType = UNSET,
        active_only: bool | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
        cursor: str | None | UnsetType = UNSET,
    ) -> nouns.Page[nouns.Instance]:
        """List ownerships, newest first."""
        return await self._client.ask("controller.instances", {
            "controller_id": controller_id,
            "active_only": active_only,
            "limit": limit,
            "cursor": cursor,
        }, _PAGE_INSTANCE)
