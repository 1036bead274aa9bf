"""Values that a runner keeps for a binding, by scope, under the binding's policy."""

from typing import Annotated

from msgspec import Meta

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.values import compact
from penholder_daemon.rooms.state.records import bindings, scopes, snapshots, values
from penholder_daemon.rooms.state.records.bindings import REFUSALS
from penholder_protocol.errors import BindingNotFound, SnapshotTooLarge, StateScopeInvalid
from penholder_protocol.limits import MAX_NAMES, MAX_STATE_KEYS
from penholder_protocol.nouns import (
    Binding,
    StateCleared,
    StateContext,
    StateDeleted,
    StateEntry,
    StateKeys,
    StateSnapshot,
)
from penholder_protocol.nouns.words import (
    NULL,
    BindingIdentity,
    LateJsonValue,
    StateId,
    StateKey,
    StateLimit,
    StateScope,
    Text,
)

room = Room("state")

_BOTH = (CONTROL, RUNTIME)
_NO_CONTEXT = StateContext()
_ALL_SCOPES: list[str] = list(scopes.SCOPES)
_UNKNOWN_BINDING = "unknown_binding"
ScopeNames = Annotated[list[Text], Meta(max_length=MAX_NAMES)]


@room.mutation(sockets=(CONTROL,), errors=(StateScopeInvalid,))
def bind(
    tx: Tx,
    *,
    runner_id: StateId,
    binding_id: StateId | None = None,
    scope_type: StateId | None = None,
    scope_id: StateId | None = None,
    enable_state: bool = True,
    state_scopes: ScopeNames = _ALL_SCOPES,
) -> Binding:
    """Say whether a binding of a runner keeps state, and in which scopes; again replaces that.

    The binding is known by `binding_id`, else by `scope_type:scope_id`, else as unknown_binding.
    """
    allowed: dict[StateScope, None] = dict.fromkeys(scopes.known(each) for each in state_scopes)
    composed = f"{scope_type}:{scope_id}" if scope_type and scope_id else _UNKNOWN_BINDING
    binding = Binding(
        runner_id=runner_id,
        binding_identity=binding_id or composed,
        enable_state=enable_state,
        state_scopes=list(allowed),
        updated_at=tx.now,
    )
    bindings.write(tx, binding)
    return binding


@room.query(sockets=_BOTH, errors=(BindingNotFound,))
def binding(rx: Rx, *, runner_id: StateId, binding_identity: BindingIdentity) -> Binding:
    """Return the policy of one binding."""
    return bindings.require(rx, runner_id, binding_identity)


@room.mutation(sockets=_BOTH, errors=REFUSALS)
def set_(
    tx: Tx,
    *,
    runner_id: StateId,
    binding_identity: BindingIdentity,
    scope: Text,
    context: StateContext = _NO_CONTEXT,
    key: StateKey,
    value: LateJsonValue,
) -> StateEntry:
    """Store a value, null too, in place of the one before it."""
    wanted, scope_key = bindings.open_scope(tx, runner_id, binding_identity, scope, context)
    entry = StateEntry(
        scope=wanted,
        scope_key=scope_key,
        key=scopes.stored_key(key),
        # Only now: what the binding's policy refuses is told before what is wrong with a value.
        value=compact(value, "value", must_be_object=False),
        found=True,
        updated_at=tx.now,
    )
    values.write(tx, runner_id, binding_identity, entry)
    return entry


@room.query(sockets=_BOTH, errors=REFUSALS)
def get(
    rx: Rx,
    *,
    runner_id: StateId,
    binding_identity: BindingIdentity,
    scope: Text,
    context: StateContext = _NO_CONTEXT,
    key: StateKey,
) -> StateEntry:
    """Return a value; `found` tells a stored null from none."""
    wanted, scope_key = bindings.open_scope(rx, runner_id, binding_identity, scope, context)
    stored = scopes.stored_key(key)
    found = values.find(rx, scope_key, stored)
    value, updated_at = (NULL, None) if found is None else found
    return StateEntry(
        scope=wanted,
        scope_key=scope_key,
        key=stored,
        value=value,
        found=found is not None,
        updated_at=updated_at,
    )


@room.mutation(sockets=_BOTH, errors=REFUSALS)
def delete(
    tx: Tx,
    *,
    runner_id: StateId,
    binding_identity: BindingIdentity,
    scope: Text,
    context: StateContext = _NO_CONTEXT,
    key: StateKey,
) -> StateDeleted:
    """Delete a value."""
    _, scope_key = bindings.open_scope(tx, runner_id, binding_identity, scope, context)
    return StateDeleted(deleted=values.delete(tx, scope_key, scopes.stored_key(key)))


@room.query(sockets=_BOTH, errors=REFUSALS)
def list_(
    rx: Rx,
    *,
    runner_id: StateId,
    binding_identity: BindingIdentity,
    scope: Text,
    context: StateContext = _NO_CONTEXT,
    prefix: StateKey = "",
    after_key: StateKey | None = None,
    limit: StateLimit = MAX_STATE_KEYS,
) -> StateKeys:
    """List the keys of a scope that begin with a prefix, sorted by code point.

    A limit over 100 is cut to 100; go on after the last key while `has_more`.
    """
    _, scope_key = bindings.open_scope(rx, runner_id, binding_identity, scope, context)
    most = min(limit, MAX_STATE_KEYS)
    after = None if after_key is None else scopes.stored_key(after_key)
    keys = values.keys(rx, scope_key, scopes.stored_key(prefix), after, most + 1)
    return StateKeys(keys=keys[:most], has_more=len(keys) > most)


@room.query(sockets=_BOTH, errors=(BindingNotFound, SnapshotTooLarge))
def snapshot(
    rx: Rx,
    *,
    runner_id: StateId,
    binding_identity: BindingIdentity,
    context: StateContext = _NO_CONTEXT,
) -> StateSnapshot:
    """Return every value of every scope that the binding allows and the context identifies.

    The others stay empty, all of them when state is disabled. Unless it is stored,
    `external.conversation_id` of the conversation is the context's.
    """
    return snapshots.take(rx, bindings.require(rx, runner_id, binding_identity), context)


@room.mutation(sockets=(CONTROL,), takes_nul=True, is_bulk=True)
def clear(
    tx: Tx,
    *,
    runner_id: StateId | None = None,
    binding_identity: BindingIdentity | None = None,
) -> StateCleared:
    """Delete all values, or those of a runner, of a binding, of both; bindings stay.

    More than MAX_BULK_ROWS at once are MUTATION_TOO_LARGE: clear one binding after another.
    """
    return StateCleared(deleted=values.clear(tx, runner_id, binding_identity))
