"""Scopes: from a binding and a context to the key under which values are kept.

A value belongs to something that is known by several ids: a runner, a binding, a bot, a workspace
and, by scope, a conversation, an actor or a subject. Those ids come from elsewhere and may hold any
character, and some may be absent. They are made one key, so that a value is found by one column of
an index, whatever the scope.

A scope key is the hash of its dimensions as a JSON array. Joining them with a separator would let
an id that holds the separator reach the values of another; in the array every text is quoted, and
an absent id (null) is not the same as an empty one. The scope is itself a dimension, so that the
same ids in two scopes are apart. A type that is left out is its default before it is hashed: said
or not, it is the same actor.

What it costs: a key cannot be read back. By which runner and binding a value is kept stands in the
row as well, since `state.clear` goes by those; and an import computes the keys anew. What is hashed
here, and in which order, can never change while there are values.
"""

import hashlib

import msgspec

from penholder_protocol.errors import StateIdentityMissing, StateScopeInvalid
from penholder_protocol.nouns import Binding, ContextParty, StateContext
from penholder_protocol.nouns.words import StateScope

SCOPES: tuple[StateScope, ...] = ("conversation", "actor", "subject", "runner")
CONVERSATION_KEY = "external.conversation_id"
"""Under which a snapshot tells the conversation of its context, unless a value is stored there."""
_ALIASES = {"conversation_id": CONVERSATION_KEY}
_DEFAULT_TYPES = {"actor": "user", "subject": "unknown"}


def known(scope: str) -> StateScope:
    """Return a scope by its name or raise StateScopeInvalid."""
    found = next((each for each in SCOPES if each == scope), None)
    if found is None:
        raise StateScopeInvalid(
            f"there is no scope {scope!r}; those are {', '.join(SCOPES)}",
            scope=scope,
            known=list(SCOPES),
        )
    return found


def stored_key(key: str) -> str:
    """Return the key (or prefix) under which a value is stored: some have another name."""
    return _ALIASES.get(key, key)


def key_of(binding: Binding, scope: StateScope, context: StateContext) -> str:
    """Return the scope's key in this context or raise StateIdentityMissing."""
    found = find_key(binding, scope, context)
    if found is None:
        needed = "conversation_id" if scope == "conversation" else f"{scope}.id"
        raise StateIdentityMissing(
            f"scope {scope!r} is known by {needed}, which the context lacks",
            scope=scope,
            missing=needed,
        )
    return found


def find_key(binding: Binding, scope: StateScope, context: StateContext) -> str | None:
    """Return the scope's key in this context, or None if the context does not identify it."""
    own = _own_dimensions(scope, context)
    if own is None:
        return None
    dimensions = [
        scope,
        binding.runner_id,
        binding.binding_identity,
        context.bot_id,
        context.workspace_id,
        *own,
    ]
    return hashlib.sha256(msgspec.json.encode(dimensions)).hexdigest()


def _own_dimensions(scope: StateScope, context: StateContext) -> list[str | None] | None:
    if scope == "runner":
        return []
    if scope == "conversation":
        if context.conversation_id is None:
            return None
        return [context.conversation_id, context.thread_id]
    party: ContextParty | None = context.actor if scope == "actor" else context.subject
    if party is None or party.id is None:
        return None
    return [party.type or _DEFAULT_TYPES[scope], party.id]
