"""Bindings: which of its scopes a runner may keep state in, looked at before every value."""

from penholder_daemon.core.store import Shape, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.state.records import scopes
from penholder_protocol.errors import (
    BindingNotFound,
    StateDisabled,
    StateIdentityMissing,
    StateScopeDenied,
    StateScopeInvalid,
)
from penholder_protocol.nouns import Binding, StateContext
from penholder_protocol.nouns.words import StateScope

REFUSALS = (
    BindingNotFound,
    StateDisabled,
    StateScopeInvalid,
    StateScopeDenied,
    StateIdentityMissing,
)
"""What `open_scope` can raise, in the order in which it looks."""

_BINDING = Shape(Binding)


def write(tx: Tx, binding: Binding) -> None:
    """Keep a binding; it replaces the policy of the one before it."""
    tx.store.run(
        f"INSERT INTO bindings ({_BINDING.columns}) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (runner_id, binding_identity) DO UPDATE SET"
        " enable_state = excluded.enable_state, state_scopes = excluded.state_scopes,"
        " updated_at = excluded.updated_at",
        binding.runner_id,
        binding.binding_identity,
        int(binding.enable_state),
        to_json(binding.state_scopes),
        binding.updated_at,
    )


def require(rx: Rx, runner_id: str, binding_identity: str) -> Binding:
    """Return a binding or raise BindingNotFound."""
    row = rx.store.row(
        f"SELECT {_BINDING.columns} FROM bindings WHERE runner_id = ? AND binding_identity = ?",
        runner_id,
        binding_identity,
    )
    if row is None:
        raise BindingNotFound(
            f"runner {runner_id!r} has no binding {binding_identity!r}; state.bind makes one",
            runner_id=runner_id,
            binding_identity=binding_identity,
        )
    return _BINDING.read(row)


def open_scope(
    rx: Rx, runner_id: str, binding_identity: str, scope: str, context: StateContext
) -> tuple[StateScope, str]:
    """Return a scope and its key, if the binding's policy allows it and the context names it."""
    binding = require(rx, runner_id, binding_identity)
    if not binding.enable_state:
        raise StateDisabled(
            f"binding {binding_identity!r} of runner {runner_id!r} allows no state",
            runner_id=runner_id,
            binding_identity=binding_identity,
        )
    wanted = scopes.known(scope)
    if wanted not in binding.state_scopes:
        raise StateScopeDenied(
            f"binding {binding_identity!r} of runner {runner_id!r} does not allow scope {wanted!r}",
            scope=wanted,
            allowed=list(binding.state_scopes),
        )
    return wanted, scopes.key_of(binding, wanted, context)
