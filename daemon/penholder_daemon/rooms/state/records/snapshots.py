"""Snapshots: everything that a binding holds in one context, in one answer."""

import msgspec
from msgspec import Raw

from penholder_daemon.core.transaction import Rx
from penholder_daemon.rooms.state.records import scopes, values
from penholder_protocol.errors import SnapshotTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_RESULT_BYTES
from penholder_protocol.nouns import Binding, StateContext, StateSnapshot
from penholder_protocol.nouns.words import StateScope

Scopes = dict[StateScope, dict[str, Raw]]


def take(rx: Rx, binding: Binding, context: StateContext) -> StateSnapshot:
    """Read all scopes that are allowed and identified; raises SnapshotTooLarge over a frame."""
    found: Scopes = {scope: {} for scope in scopes.SCOPES}
    if binding.enable_state:
        _fill(rx, binding, context, found)
    snapshot = StateSnapshot(**found)
    # Once more as it will be sent: what was counted so far leaves out quotes, escapes and commas.
    if len(msgspec.json.encode(snapshot)) > MAX_RESULT_BYTES:
        raise _too_large()
    return snapshot


def _fill(rx: Rx, binding: Binding, context: StateContext, found: Scopes) -> None:
    room = MAX_RESULT_BYTES
    for scope in binding.state_scopes:
        scope_key = scopes.find_key(binding, scope, context)
        if scope_key is None:
            continue
        for key, value in values.all_of(rx, scope_key):
            # Stop here already: there may be any number of them.
            room -= len(key) + len(bytes(value))
            if room < 0:
                raise _too_large()
            found[scope][key] = value
        if scope == "conversation":
            own = Raw(msgspec.json.encode(context.conversation_id))
            found[scope].setdefault(scopes.CONVERSATION_KEY, own)


def _too_large() -> SnapshotTooLarge:
    return SnapshotTooLarge(
        f"the snapshot would not fit MAX_FRAME_BYTES ({MAX_FRAME_BYTES});"
        " list the keys and get them one by one",
        limit="MAX_FRAME_BYTES",
        maximum=MAX_FRAME_BYTES,
    )
