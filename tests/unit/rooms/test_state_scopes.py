"""Scopes of the state room: which dimensions tell values apart; snapshots of them all."""

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder_protocol import errors
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_RESULT_BYTES, MAX_VALUE_BYTES
from tests.helpers.bindings import CONTEXT, SCOPES, at, bind, dimensions
from tests.helpers.harness import Bench, Json

IDS = st.sampled_from(["a", "b", "a:b", ":", '"', ",", "\1", "a\1", "user", "unknown", "null"])
PARTIES = st.none() | st.fixed_dictionaries({}, optional={"id": IDS, "type": IDS})
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "bot_id": IDS,
        "workspace_id": IDS,
        "conversation_id": IDS,
        "thread_id": IDS,
        "actor": PARTIES,
        "subject": PARTIES,
    },
)
PLACES = st.tuples(IDS, IDS, st.sampled_from(SCOPES), CONTEXTS)


@settings(max_examples=200, deadline=None)
@given(st.lists(PLACES, min_size=2, max_size=8))
def test_scope_keys_are_equal_exactly_when_the_dimensions_are(
    places: list[tuple[str, str, str, Json]],
) -> None:
    bench = Bench()
    found: list[tuple[object, str]] = []
    for runner_id, identity, scope, context in places:
        bind(bench, runner_id, identity)
        where = at(scope, runner_id=runner_id, binding_identity=identity, context=context)
        told = dimensions(runner_id, identity, scope, context)
        if told is None:
            bench.refused(errors.StateIdentityMissing, "state.get", **where, key="k")
        else:
            key = bench.call("state.get", **where, key="k")["scope_key"]
            found.append((told, key))
    for (one, one_key), (other, other_key) in itertools.combinations(found, 2):
        assert (one == other) == (one_key == other_key)


def test_absent_and_null_are_the_same_and_types_have_their_defaults(bench: Bench) -> None:
    bind(bench)

    def key(scope: str, context: Json) -> str:
        found: str = bench.call("state.get", **at(scope, context=context), key="k")["scope_key"]
        return found

    assert key("runner", {}) == key("runner", {"bot_id": None, "actor": None, "thread_id": "t"})
    assert key("actor", {"actor": {"id": "x"}}) == key(
        "actor", {"actor": {"id": "x", "type": "user"}}
    )
    assert key("subject", {"subject": {"id": "x"}}) == (
        key("subject", {"subject": {"id": "x", "type": "unknown"}})
    )
    assert key("actor", {"actor": {"id": "x"}}) != key("actor", {"actor": {"id": "x", "type": "u"}})
    with_thread = {"conversation_id": "c", "thread_id": "t"}
    assert key("conversation", with_thread) != key("conversation", {"conversation_id": "c"})


def test_scopes_with_the_same_ids_are_apart(bench: Bench) -> None:
    bind(bench)
    same = {"type": "x", "id": "y"}
    context = {"conversation_id": "x", "thread_id": "y", "actor": same, "subject": same}
    found = {
        bench.call("state.get", **at(scope, context=context), key="k")["scope_key"]
        for scope in SCOPES
    }
    assert len(found) == len(SCOPES)


def test_where_the_context_is_left_out_it_is_empty(bench: Bench) -> None:
    bind(bench)
    where = {"runner_id": "r1", "binding_identity": "b1", "scope": "runner"}
    bench.call("state.set", **where, key="k", value=1)
    assert bench.call("state.get", **where, context={}, key="k")["value"] == 1


# --- snapshots --------------------------------------------------------------------------------
def snapshot(bench: Bench, context: Json = CONTEXT) -> Json:
    """Take one of runner r1's binding b1."""
    return bench.call("state.snapshot", runner_id="r1", binding_identity="b1", context=context)


EMPTY: dict[str, dict[str, object]] = {scope: {} for scope in SCOPES}


def test_a_snapshot_holds_every_value_of_every_scope(bench: Bench) -> None:
    bind(bench)
    for number, scope in enumerate(SCOPES):
        bench.call("state.set", **at(scope), key="k", value=number)
        bench.call("state.set", **at(scope), key="null", value=None)
    bench.call("state.set", **at("actor", context={"actor": {"id": "bob"}}), key="k", value="bob's")
    expected = {scope: {"k": number, "null": None} for number, scope in enumerate(SCOPES)}
    assert snapshot(bench) == {
        **expected,
        "conversation": {**expected["conversation"], "external.conversation_id": "c1"},
    }


def test_scopes_without_identity_or_leave_stay_empty(bench: Bench) -> None:
    bind(bench)
    for scope in SCOPES:
        bench.call("state.set", **at(scope), key="k", value=1)
    assert snapshot(bench, {}) == {**EMPTY, "runner": {"k": 1}}
    assert snapshot(bench, {"actor": {"type": "user"}}) == {**EMPTY, "runner": {"k": 1}}
    bind(bench, state_scopes=["actor"])
    assert snapshot(bench) == {**EMPTY, "actor": {"k": 1}}
    bind(bench, state_scopes=[])
    assert snapshot(bench) == EMPTY
    bind(bench, enable_state=False)
    assert snapshot(bench) == EMPTY
    bench.refused(errors.BindingNotFound, "state.snapshot", runner_id="r1", binding_identity="none")


def test_a_stored_conversation_id_comes_before_the_contexts(bench: Bench) -> None:
    bind(bench)
    assert snapshot(bench)["conversation"] == {"external.conversation_id": "c1"}
    for value in ("theirs", None):
        bench.call("state.set", **at("conversation"), key="conversation_id", value=value)
        assert snapshot(bench)["conversation"] == {"external.conversation_id": value}
    assert bench.call("state.list", **at("conversation"))["keys"] == ["external.conversation_id"]


def test_a_snapshot_is_answered_up_to_a_frame_and_refused_over_it(bench: Bench) -> None:
    bind(bench)
    for key in "abc":
        bench.call("state.set", **at(), key=key, value="x" * (MAX_VALUE_BYTES - 2))
    bench.call("state.set", **at("actor"), key="d", value="")
    free = MAX_RESULT_BYTES - len(msgspec.json.encode(snapshot(bench)))
    bench.call("state.set", **at("actor"), key="d", value="y" * free)
    assert len(msgspec.json.encode(snapshot(bench))) == MAX_RESULT_BYTES
    for over in (1, 1000):
        bench.call("state.set", **at("actor"), key="d", value="y" * (free + over))
        refusal = bench.refused(
            errors.SnapshotTooLarge,
            "state.snapshot",
            runner_id="r1",
            binding_identity="b1",
            context=CONTEXT,
        )
        assert refusal.number == 1005
        assert refusal.details == {"limit": "MAX_FRAME_BYTES", "maximum": MAX_FRAME_BYTES}
    bind(bench, state_scopes=["actor"])
    assert len(snapshot(bench)["actor"]["d"]) == free + 1000
