"""State against a plain model: a dictionary of dictionaries, behind the policies of bindings."""

import json
from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis.stateful import invariant, rule

from tests.helpers.bindings import SCOPES, dimensions
from tests.helpers.harness import Json
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

RUNNERS = st.sampled_from(["r", "r:b"])
IDENTITIES = st.sampled_from(["b", "b:b"])
ANY_SCOPE = st.sampled_from([*SCOPES, "planet"])
KEYS = st.sampled_from(["", "a", "ab", "a%", "\0", "conversation_id", "external.conversation_id"])
VALUES: st.SearchStrategy[Json] = st.sampled_from([None, 0, "x", [1], {"a": {}}])
CONTEXTS = st.sampled_from(
    [
        {},
        {"conversation_id": "c"},
        {"conversation_id": "c", "thread_id": "t"},
        {"conversation_id": "c", "actor": {"id": "u"}, "subject": {"id": "u"}},
        {"bot_id": "c", "actor": {"id": "u", "type": "user"}, "subject": {"type": "user"}},
        {"workspace_id": "c", "actor": {"id": "u", "type": "bot"}},
    ]
)
EXTERNAL = "external.conversation_id"


@dataclass
class ModelBinding:
    """A policy."""

    is_enabled: bool
    scopes: list[str]


class State(Machine):
    """The room and the model, side by side."""

    calls = (
        "state.bind", "state.binding", "state.set", "state.get", "state.delete", "state.list",
        "state.snapshot", "state.clear",
    )  # fmt: skip

    def __init__(self, bench: MortalBench) -> None:
        """Begin with policies that allow all, and no values."""
        super().__init__(bench)
        self.bindings: dict[tuple[str, str], ModelBinding] = {}
        self.values: dict[tuple[object, ...], dict[str, Json]] = {}
        for runner_id, identity in (("r", "b"), ("r", "b:b"), ("r:b", "b")):
            self.bind(runner_id, identity, True, SCOPES)

    def where(
        self, runner_id: str, identity: str, scope: str, context: Json
    ) -> tuple[str | None, tuple[object, ...]]:
        """Say what keeps a caller from a scope, or which values are meant."""
        binding = self.bindings.get((runner_id, identity))
        if binding is None:
            return "BINDING_NOT_FOUND", ()
        if not binding.is_enabled:
            return "STATE_DISABLED", ()
        if scope not in SCOPES:
            return "STATE_SCOPE_INVALID", ()
        if scope not in binding.scopes:
            return "STATE_SCOPE_DENIED", ()
        told = dimensions(runner_id, identity, scope, context)
        return ("STATE_IDENTITY_MISSING", ()) if told is None else (None, told)

    @rule(
        runner_id=RUNNERS,
        identity=IDENTITIES,
        is_enabled=st.sampled_from([True, True, True, False]),
        scopes=st.just(SCOPES) | st.lists(st.sampled_from(SCOPES), unique=True),
    )
    def bind(self, runner_id: str, identity: str, is_enabled: bool, scopes: list[str]) -> None:
        """Set a policy."""
        self.bindings[runner_id, identity] = ModelBinding(is_enabled, scopes)
        self.bench.call(
            "state.bind",
            runner_id=runner_id,
            binding_id=identity,
            enable_state=is_enabled,
            state_scopes=scopes,
        )

    @rule(
        runner_id=RUNNERS,
        identity=IDENTITIES,
        scope=ANY_SCOPE,
        context=CONTEXTS,
        key=KEYS,
        value=VALUES,
    )
    def set(
        self, runner_id: str, identity: str, scope: str, context: Json, key: str, value: Json
    ) -> None:
        """Store a value."""
        refusal, place = self.where(runner_id, identity, scope, context)
        at = {"runner_id": runner_id, "binding_identity": identity, "scope": scope}
        self.call(refusal, "state.set", **at, context=context, key=key, value=value)
        if refusal is None:
            self.values.setdefault(place, {})[_stored(key)] = value

    @rule(runner_id=RUNNERS, identity=IDENTITIES, scope=ANY_SCOPE, context=CONTEXTS, key=KEYS)
    def delete(self, runner_id: str, identity: str, scope: str, context: Json, key: str) -> None:
        """Delete a value."""
        refusal, place = self.where(runner_id, identity, scope, context)
        at = {"runner_id": runner_id, "binding_identity": identity, "scope": scope}
        answer = self.call(refusal, "state.delete", **at, context=context, key=key)
        if refusal is None:
            held = self.values.get(place, {})
            assert answer == {"deleted": _stored(key) in held}
            held.pop(_stored(key), None)

    @rule(runner_id=st.none() | RUNNERS, identity=st.none() | IDENTITIES)
    def clear(self, runner_id: str | None, identity: str | None) -> None:
        """Delete many."""
        cleared = [
            place
            for place in self.values
            if runner_id in (None, place[1]) and identity in (None, place[2])
        ]
        deleted = sum(len(self.values.pop(place)) for place in cleared)
        answer = self.bench.call("state.clear", runner_id=runner_id, binding_identity=identity)
        assert answer == {"deleted": deleted}

    @rule(
        runner_id=RUNNERS,
        identity=IDENTITIES,
        scope=ANY_SCOPE,
        context=CONTEXTS,
        key=KEYS,
        limit=st.integers(1, 4),
    )
    def look(
        self, runner_id: str, identity: str, scope: str, context: Json, key: str, limit: int
    ) -> None:
        """Get one value and list those of a prefix."""
        refusal, place = self.where(runner_id, identity, scope, context)
        at = {"runner_id": runner_id, "binding_identity": identity, "scope": scope}
        found = self.call(refusal, "state.get", **at, context=context, key=key)
        listed = self.call(refusal, "state.list", **at, context=context, prefix=key, limit=limit)
        if refusal is None:
            held = self.values.get(place, {})
            stored = _stored(key)
            assert found["key"] == stored
            assert (found["found"], found["value"]) == (stored in held, held.get(stored))
            names = sorted(name for name in held if name.startswith(stored))
            assert listed == {"keys": names[:limit], "has_more": len(names) > limit}

    @rule(context=CONTEXTS)
    def snapshots(self, context: Json) -> None:
        """Compare the snapshot of every binding."""
        for (runner_id, identity), binding in self.bindings.items():
            expected: dict[str, Json] = {scope: {} for scope in SCOPES}
            for scope in binding.scopes if binding.is_enabled else []:
                told = dimensions(runner_id, identity, scope, context)
                if told is not None:
                    expected[scope] = dict(self.values.get(told, {}))
                if told is not None and scope == "conversation":
                    expected[scope].setdefault(EXTERNAL, context["conversation_id"])
            answer = self.bench.call(
                "state.snapshot", runner_id=runner_id, binding_identity=identity, context=context
            )
            assert json.dumps(answer, sort_keys=True) == json.dumps(expected, sort_keys=True)

    @invariant()
    def policies_agree(self) -> None:
        """Compare every policy that there could be."""
        for runner_id in ("r", "r:b"):
            for identity in ("b", "b:b"):
                binding = self.bindings.get((runner_id, identity))
                refusal = None if binding else "BINDING_NOT_FOUND"
                params = {"runner_id": runner_id, "binding_identity": identity}
                found = self.call(refusal, "state.binding", **params)
                if binding is not None:
                    assert found["enable_state"] == binding.is_enabled
                    assert sorted(found["state_scopes"]) == sorted(binding.scopes)

    @invariant()
    def nothing_else_is_kept(self) -> None:
        """Count the rows."""
        assert self.bench.count("state_entries") == sum(map(len, self.values.values()))


def _stored(key: str) -> str:
    return EXTERNAL if key == "conversation_id" else key


def test_state_agrees_with_a_model() -> None:
    drive(lambda: State(FileBench()), histories=65, steps=40)
