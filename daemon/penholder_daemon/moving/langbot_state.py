"""From LangBot: what its runners kept for their bindings, under keys that are computed anew.

Its table says neither whether a binding allows state nor in which scopes, so a binding that is not
here yet is made with state in all of them; one that is here keeps its policy.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from penholder_daemon.core.store import SqlValue, to_json
from penholder_daemon.moving.source import Program, Source
from penholder_daemon.moving.target import Columns, Target
from penholder_daemon.moving.values import json_value, utc
from penholder_daemon.rooms.state.records import scopes
from penholder_protocol.limits import MAX_STATE_ID_CHARACTERS
from penholder_protocol.nouns import Binding, ContextParty, StateContext
from penholder_protocol.nouns.words import BindingIdentity, StateId, StateKey, StateScope

_Dimension = Annotated[str, Meta(max_length=MAX_STATE_ID_CHARACTERS)]
_TABLE = "agent_runner_state"


class _Entry(msgspec.Struct):
    id: int
    runner_id: StateId
    binding_identity: BindingIdentity
    scope: StateScope
    scope_key: str
    state_key: StateKey
    value_json: str
    bot_id: _Dimension | None
    workspace_id: _Dimension | None
    conversation_id: _Dimension | None
    thread_id: _Dimension | None
    actor_type: _Dimension | None
    actor_id: _Dimension | None
    subject_type: _Dimension | None
    subject_id: _Dimension | None
    created_at: str
    updated_at: str


PROGRAM = Program("LangBot", {_TABLE: _Entry})


def move(source: Source, target: Target) -> None:
    """Carry everything over; raises Refused or Conflict."""
    bindings: dict[tuple[str, str], Binding] = {}
    seen: dict[tuple[SqlValue, SqlValue], int] = {}
    for each, row in source.rows(_TABLE, _Entry, "id", _state_entry):
        # Keys are computed anew, and an empty id is none: two rows there may be one value here.
        twin = seen.setdefault((row["scope_key"], row["key"]), each.id)
        if twin != each.id:
            source.refuse(_TABLE, each.id, f"it is the same value as row {twin} here")
            continue
        target.put("state_entries", ("scope_key", "key"), row)
        binding = _binding(each)
        identity = (each.runner_id, each.binding_identity)
        newest = bindings.setdefault(identity, binding)
        bindings[identity] = max(newest, binding, key=lambda one: one.updated_at)
    for binding in bindings.values():
        _move_binding(target, binding)


def _state_entry(each: _Entry) -> Columns:
    binding = _binding(each)
    return {
        "scope_key": scopes.key_of(binding, each.scope, _context(each)),
        "key": scopes.stored_key(each.state_key).encode(),
        "runner_id": each.runner_id,
        "binding_identity": each.binding_identity,
        "value": json_value(each.value_json, "value_json"),
        "updated_at": binding.updated_at,
    }


def _binding(entry: _Entry) -> Binding:
    return Binding(
        runner_id=entry.runner_id,
        binding_identity=entry.binding_identity,
        enable_state=True,
        state_scopes=list(scopes.SCOPES),
        updated_at=utc(entry.updated_at),
    )


def _context(entry: _Entry) -> StateContext:
    """Return the dimensions; there an empty one was as good as none."""
    return StateContext(
        bot_id=entry.bot_id or None,
        workspace_id=entry.workspace_id or None,
        conversation_id=entry.conversation_id or None,
        thread_id=entry.thread_id or None,
        actor=ContextParty(type=entry.actor_type or None, id=entry.actor_id or None),
        subject=ContextParty(type=entry.subject_type or None, id=entry.subject_id or None),
    )


def _move_binding(target: Target, binding: Binding) -> None:
    added = target.store.run(
        "INSERT INTO bindings"
        " (runner_id, binding_identity, enable_state, state_scopes, updated_at)"
        " VALUES (?, ?, 1, ?, ?) ON CONFLICT DO NOTHING",
        binding.runner_id,
        binding.binding_identity,
        to_json(binding.state_scopes),
        binding.updated_at,
    )
    (target.added if added else target.present)["bindings"] += 1
