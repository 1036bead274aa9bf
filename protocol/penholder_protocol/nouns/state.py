"""Records of the state room: values that a runner keeps for a binding, by scope."""

from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    BindingIdentity,
    JsonValue,
    StateId,
    StateKey,
    StateScope,
    Time,
)


class ContextParty(
    Record, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Who acts, or what is acted upon."""

    type: StateId | None = None
    id: StateId | None = None


class StateContext(
    Record, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """In what a runner works: from this and the scope follows which values are meant."""

    bot_id: StateId | None = None
    workspace_id: StateId | None = None
    conversation_id: StateId | None = None
    thread_id: StateId | None = None
    actor: ContextParty | None = None
    subject: ContextParty | None = None


class Binding(Record, frozen=True, kw_only=True):
    """The policy of one binding of a runner: whether it keeps state, and in which scopes."""

    runner_id: StateId
    binding_identity: BindingIdentity
    enable_state: bool
    state_scopes: list[StateScope]
    updated_at: Time


class StateEntry(Record, frozen=True, kw_only=True):
    """One value under its stored key; `scope_key` is opaque, the same for the same dimensions."""

    scope: StateScope
    scope_key: str
    key: StateKey
    value: JsonValue
    found: bool
    updated_at: Time | None


class StateKeys(Record, frozen=True, kw_only=True):
    """Keys of a scope, sorted by code point; go on after the last one while `has_more`."""

    keys: list[StateKey]
    has_more: bool


class StateSnapshot(Record, frozen=True, kw_only=True):
    """Every value in every scope that the binding allows and the context identifies."""

    conversation: dict[str, JsonValue]
    actor: dict[str, JsonValue]
    subject: dict[str, JsonValue]
    runner: dict[str, JsonValue]


class StateDeleted(Record, frozen=True, kw_only=True):
    """Whether there was such a value to delete."""

    deleted: bool


class StateCleared(Record, frozen=True, kw_only=True):
    """How many values were deleted."""

    deleted: int
