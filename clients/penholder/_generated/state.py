"""The calls of the state room. Made by `python -m penholder_daemon.generate`; do not edit."""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_BINDING: Final[Decoder[nouns.Binding]] = Decoder(nouns.Binding)
_STATE_CLEARED: Final[Decoder[nouns.StateCleared]] = Decoder(nouns.StateCleared)
_STATE_DELETED: Final[Decoder[nouns.StateDeleted]] = Decoder(nouns.StateDeleted)
_STATE_ENTRY: Final[Decoder[nouns.StateEntry]] = Decoder(nouns.StateEntry)
_STATE_KEYS: Final[Decoder[nouns.StateKeys]] = Decoder(nouns.StateKeys)
_STATE_SNAPSHOT: Final[Decoder[nouns.StateSnapshot]] = Decoder(nouns.StateSnapshot)


class StateCalls:
    """The state room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def bind(
        self,
        *,
        runner_id: str,
        binding_id: str | None | UnsetType = UNSET,
        scope_type: str | None | UnsetType = UNSET,
        scope_id: str | None | UnsetType = UNSET,
        enable_state: bool | UnsetType = UNSET,
        state_scopes: Sequence[str] | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Binding:
        """Say whether a binding of a runner keeps state, and in which scopes; again replaces that.

        The binding is known by `binding_id`, else by `scope_type:scope_id`, else as unknown_binding.
        """
        return self._client.ask("state.bind", {
            "runner_id": runner_id,
            "binding_id": binding_id,
            "scope_type": scope_type,
            "scope_id": scope_id,
            "enable_state": enable_state,
            "state_scopes": state_scopes,
            "idempotency_key": idempotency_key,
        }, _BINDING)

    def binding(
        self,
        *,
        binding_identity: str,
        runner_id: str | UnsetType = UNSET,
    ) -> nouns.Binding:
        """Return the policy of one binding."""
        return self._client.ask("state.binding", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
        }, _BINDING)

    def set(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        value: object,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateEntry:
        """Store a value, null too, in place of the one before it."""
        return self._client.ask("state.set", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
            "value": value,
            "idempotency_key": idempotency_key,
        }, _STATE_ENTRY)

    def get(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
    ) -> nouns.StateEntry:
        """Return a value; `found` tells a stored null from none."""
        return self._client.ask("state.get", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
        }, _STATE_ENTRY)

    def delete(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateDeleted:
        """Delete a value."""
        return self._client.ask("state.delete", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
            "idempotency_key": idempotency_key,
        }, _STATE_DELETED)

    def list(
        self,
        *,
        binding_identity: str,
        scope: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        prefix: str | UnsetType = UNSET,
        after_key: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.StateKeys:
        """List the keys of a scope that begin with a prefix, sorted by code point.

        A limit over 100 is cut to 100; go on after the last key while `has_more`.
        """
        return self._client.ask("state.list", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "prefix": prefix,
            "after_key": after_key,
            "limit": limit,
        }, _STATE_KEYS)

    def snapshot(
        self,
        *,
        binding_identity: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
    ) -> nouns.StateSnapshot:
        """Return every value of every scope that the binding allows and the context identifies.

        The others stay empty, all of them when state is disabled. Unless it is stored,
        `external.conversation_id` of the conversation is the context's.
        """
        return self._client.ask("state.snapshot", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "context": context,
        }, _STATE_SNAPSHOT)

    def clear(
        self,
        *,
        runner_id: str | None | UnsetType = UNSET,
        binding_identity: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateCleared:
        """Delete all values, or those of a runner, of a binding, of both; bindings stay.

        More than MAX_BULK_ROWS at once are MUTATION_TOO_LARGE: clear one binding after another.
        """
        return self._client.ask("state.clear", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "idempotency_key": idempotency_key,
        }, _STATE_CLEARED)


class AsyncStateCalls:
    """The state room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def bind(
        self,
        *,
        runner_id: str,
        binding_id: str | None | UnsetType = UNSET,
        scope_type: str | None | UnsetType = UNSET,
        scope_id: str | None | UnsetType = UNSET,
        enable_state: bool | UnsetType = UNSET,
        state_scopes: Sequence[str] | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Binding:
        """Say whether a binding of a runner keeps state, and in which scopes; again replaces that.

        The binding is known by `binding_id`, else by `scope_type:scope_id`, else as unknown_binding.
        """
        return await self._client.ask("state.bind", {
            "runner_id": runner_id,
            "binding_id": binding_id,
            "scope_type": scope_type,
            "scope_id": scope_id,
            "enable_state": enable_state,
            "state_scopes": state_scopes,
            "idempotency_key": idempotency_key,
        }, _BINDING)

    async def binding(
        self,
        *,
        binding_identity: str,
        runner_id: str | UnsetType = UNSET,
    ) -> nouns.Binding:
        """Return the policy of one binding."""
        return await self._client.ask("state.binding", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
        }, _BINDING)

    async def set(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        value: object,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateEntry:
        """Store a value, null too, in place of the one before it."""
        return await self._client.ask("state.set", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
            "value": value,
            "idempotency_key": idempotency_key,
        }, _STATE_ENTRY)

    async def get(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
    ) -> nouns.StateEntry:
        """Return a value; `found` tells a stored null from none."""
        return await self._client.ask("state.get", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
        }, _STATE_ENTRY)

    async def delete(
        self,
        *,
        binding_identity: str,
        scope: str,
        key: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateDeleted:
        """Delete a value."""
        return await self._client.ask("state.delete", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "key": key,
            "idempotency_key": idempotency_key,
        }, _STATE_DELETED)

    async def list(
        self,
        *,
        binding_identity: str,
        scope: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
        prefix: str | UnsetType = UNSET,
        after_key: str | None | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.StateKeys:
        """List the keys of a scope that begin with a prefix, sorted by code point.

        A limit over 100 is cut to 100; go on after the last key while `has_more`.
        """
        return await self._client.ask("state.list", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "scope": scope,
            "context": context,
            "prefix": prefix,
            "after_key": after_key,
            "limit": limit,
        }, _STATE_KEYS)

    async def snapshot(
        self,
        *,
        binding_identity: str,
        runner_id: str | UnsetType = UNSET,
        context: nouns.StateContext | UnsetType = UNSET,
    ) -> nouns.StateSnapshot:
        """Return every value of every scope that the binding allows and the context identifies.

        The others stay empty, all of them when state is disabled. Unless it is stored,
        `external.conversation_id` of the conversation is the context's.
        """
        return await self._client.ask("state.snapshot", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "context": context,
        }, _STATE_SNAPSHOT)

    async def clear(
        self,
        *,
        runner_id: str | None | UnsetType = UNSET,
        binding_identity: str | None | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.StateCleared:
        """Delete all values, or those of a runner, of a binding, of both; bindings stay.

        More than MAX_BULK_ROWS at once are MUTATION_TOO_LARGE: clear one binding after another.
        """
        return await self._client.ask("state.clear", {
            "runner_id": runner_id,
            "binding_identity": binding_identity,
            "idempotency_key": idempotency_key,
        }, _STATE_CLEARED)
