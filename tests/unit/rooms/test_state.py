"""The state room: bindings and their policy, values, the order of refusals, runtime sockets."""

import pytest

from penholder_protocol import errors
from penholder_protocol.limits import MAX_VALUE_BYTES
from tests.helpers.bindings import SCOPES, at, bind, keys
from tests.helpers.harness import Bench


# --- bindings ---------------------------------------------------------------------------------
def test_bind_answers_the_binding_and_again_replaces_it(bench: Bench) -> None:
    binding = bind(bench)
    assert binding == {
        "runner_id": "r1",
        "binding_identity": "b1",
        "enable_state": True,
        "state_scopes": SCOPES,
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    bench.call("state.set", **at(), key="k", value=1)
    bench.world.pass_ms(3)
    again = bind(bench, enable_state=False, state_scopes=["runner"])
    assert (again["enable_state"], again["state_scopes"]) == (False, ["runner"])
    assert again["updated_at"] == "2026-01-01T00:00:00.003Z"
    assert bench.call("state.binding", runner_id="r1", binding_identity="b1") == again
    bind(bench)
    assert bench.call("state.get", **at(), key="k")["value"] == 1, "values outlive the policy"


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        ({"binding_id": "b"}, "b"),
        ({"binding_id": "b", "scope_type": "chat", "scope_id": "7"}, "b"),
        ({"scope_type": "chat", "scope_id": "7"}, "chat:7"),
        ({}, "unknown_binding"),
        ({"scope_type": "chat"}, "unknown_binding"),
        ({"scope_id": "7"}, "unknown_binding"),
    ],
)
def test_the_identity_is_given_or_composed(
    bench: Bench, given: dict[str, object], identity: str
) -> None:
    assert bench.call("state.bind", runner_id="r", **given)["binding_identity"] == identity


def test_a_composed_identity_is_the_same_as_a_given_one(bench: Bench) -> None:
    bench.call("state.bind", runner_id="r1", scope_type="chat", scope_id="7")
    bench.call("state.set", **at(binding_identity="chat:7"), key="k", value=1)
    bind(bench, binding_id="chat:7")
    assert keys(bench, binding_identity="chat:7") == ["k"]


def test_the_longest_identity_can_be_named(bench: Bench) -> None:
    bench.call("state.bind", runner_id="r1", scope_type="t" * 255, scope_id="i" * 255)
    assert keys(bench, binding_identity=f"{'t' * 255}:{'i' * 255}") == []


def test_an_unknown_scope_in_a_policy(bench: Bench) -> None:
    refusal = bench.refused(
        errors.StateScopeInvalid, "state.bind", runner_id="r", state_scopes=["runner", "planet"]
    )
    assert refusal.number == 1004
    assert refusal.details == {"scope": "planet", "known": SCOPES}


def test_an_unknown_binding_is_not_found(bench: Bench) -> None:
    bind(bench)
    for runner_id, identity in (("r1", "b2"), ("r2", "b1")):
        refusal = bench.refused(
            errors.BindingNotFound,
            "state.binding",
            runner_id=runner_id,
            binding_identity=identity,
        )
        assert refusal.number == 1001
        assert refusal.details == {"runner_id": runner_id, "binding_identity": identity}


# --- values -----------------------------------------------------------------------------------
@pytest.mark.parametrize("scope", SCOPES)
def test_set_get_delete(bench: Bench, scope: str) -> None:
    bind(bench)
    entry = bench.call("state.set", **at(scope), key="k", value={"a": [1, None]})
    assert entry == {
        "scope": scope,
        "scope_key": entry["scope_key"],
        "key": "k",
        "value": {"a": [1, None]},
        "found": True,
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    assert bench.call("state.get", **at(scope), key="k") == entry
    for other in set(SCOPES) - {scope}:
        assert not bench.call("state.get", **at(other), key="k")["found"]
    assert bench.call("state.delete", **at(scope), key="k") == {"deleted": True}
    assert bench.call("state.delete", **at(scope), key="k") == {"deleted": False}
    gone = bench.call("state.get", **at(scope), key="k")
    assert gone == {**entry, "value": None, "found": False, "updated_at": None}


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}, "text", 1.5, 10**18])
def test_any_json_is_a_value_and_null_too(bench: Bench, value: object) -> None:
    bind(bench)
    bench.call("state.set", **at(), key="k", value="before")
    bench.call("state.set", **at(), key="k", value=value)
    entry = bench.call("state.get", **at(), key="k")
    assert (entry["value"], entry["found"]) == (value, True)


def test_a_value_is_needed(bench: Bench) -> None:
    bind(bench)
    refusal = bench.refused(errors.InvalidParams, "state.set", **at(), key="k")
    assert refusal.details["param"] == "value"


def test_a_value_has_the_size_of_a_value(bench: Bench) -> None:
    bind(bench)
    largest = "x" * (MAX_VALUE_BYTES - 2)
    bench.call("state.set", **at(), key="k", value=largest)
    assert bench.call("state.get", **at(), key="k")["value"] == largest
    for wrong in (largest + "x", "ü" * (MAX_VALUE_BYTES // 2), _nested(65)):
        refusal = bench.refused(errors.ValueTooLarge, "state.set", **at(), key="k", value=wrong)
        assert (refusal.number, refusal.details["param"]) == (1005, "value")
    bench.call("state.set", **at(), key="k", value=_nested(64))


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_a_set_sent_again_under_its_key_is_done_once(bench: Bench) -> None:
    bind(bench)
    params = {**at(), "key": "k", "value": 1, "idempotency_key": "i"}
    first = bench.call("state.set", **params)
    bench.call("state.set", **at(), key="k", value=2)
    assert bench.call("state.set", **params) == first
    assert bench.call("state.get", **at(), key="k")["value"] == 2


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, []),
        ({"runner_id": "r1"}, ["r2/b1", "r2/b2"]),
        ({"binding_identity": "b1"}, ["r1/b2", "r2/b2"]),
        ({"runner_id": "r2", "binding_identity": "b2"}, ["r1/b1", "r1/b2", "r2/b1"]),
        ({"runner_id": "r3"}, ["r1/b1", "r1/b2", "r2/b1", "r2/b2"]),
    ],
)
def test_clear_filters_combine_and_bindings_stay(
    bench: Bench, filters: dict[str, object], left: list[str]
) -> None:
    places = [("r1", "b1"), ("r1", "b2"), ("r2", "b1"), ("r2", "b2")]
    for runner_id, identity in places:
        bind(bench, runner_id, identity)
        for scope in ("runner", "actor"):
            where = at(scope, runner_id=runner_id, binding_identity=identity)
            bench.call("state.set", **where, key="k", value=1)
    assert bench.call("state.clear", **filters) == {"deleted": 2 * (4 - len(left))}
    remaining = [
        f"{runner_id}/{identity}"
        for runner_id, identity in places
        if keys(bench, runner_id=runner_id, binding_identity=identity)
    ]
    assert remaining == left


# --- refusals, in their order -----------------------------------------------------------------
OVER = "x" * MAX_VALUE_BYTES
ORDER: list[tuple[type[errors.PenholderError], dict[str, object]]] = [
    (errors.BindingNotFound, {"binding_identity": "none"}),
    (errors.StateDisabled, {"binding_identity": "off"}),
    (errors.StateScopeInvalid, {"scope": "planet"}),
    (errors.StateScopeDenied, {"scope": "runner"}),
    (errors.StateIdentityMissing, {"scope": "subject", "context": {}}),
    (errors.ValueTooLarge, {"value": OVER}),
]


@pytest.fixture
def strict(bench: Bench) -> Bench:
    """Give a runner with a binding that is off and one that allows some scopes."""
    bind(bench, binding_id="off", enable_state=False)
    bind(bench, state_scopes=["actor", "subject"])
    return bench


@pytest.mark.parametrize(("number", "expected"), list(enumerate(error for error, _ in ORDER)))
def test_the_first_that_is_wrong_is_told(
    strict: Bench, number: int, expected: type[errors.PenholderError]
) -> None:
    """Everything from here on in the order is wrong, as far as it can be at once."""
    params = at("actor", key="k", value=1)
    for _, wrong in reversed(ORDER[number:]):
        params = {**params, **wrong}
    strict.refused(expected, "state.set", **params)


@pytest.mark.parametrize(
    ("error", "wrong", "number"),
    [
        (errors.BindingNotFound, {"runner_id": "r9"}, 1001),
        (errors.StateDisabled, {"binding_identity": "off"}, 1006),
        (errors.StateScopeInvalid, {"scope": "Actor"}, 1004),
        (errors.StateScopeInvalid, {"scope": ""}, 1004),
        (errors.StateScopeDenied, {"scope": "runner"}, 1006),
        (errors.StateIdentityMissing, {"context": {}}, 1004),
        (errors.StateIdentityMissing, {"context": {"actor": {}}}, 1004),
        (errors.StateIdentityMissing, {"context": {"actor": {"type": "bot"}}}, 1004),
    ],
)
def test_every_method_looks_at_the_same_things(
    strict: Bench, error: type[errors.PenholderError], wrong: dict[str, object], number: int
) -> None:
    where = {**at("actor"), **wrong}
    for method, params in (
        ("state.set", {"key": "k", "value": 1}),
        ("state.get", {"key": "k"}),
        ("state.delete", {"key": "k"}),
        ("state.list", {}),
    ):
        assert strict.refused(error, method, **where, **params).number == number


def test_what_a_scope_is_known_by_is_told(strict: Bench) -> None:
    bind(strict, binding_id="all")
    for scope, missing in (
        ("conversation", "conversation_id"),
        ("actor", "actor.id"),
        ("subject", "subject.id"),
    ):
        where = at(scope, binding_identity="all", context={"thread_id": "t"})
        refusal = strict.refused(errors.StateIdentityMissing, "state.list", **where)
        assert refusal.details == {"scope": scope, "missing": missing}
    denied = strict.refused(errors.StateScopeDenied, "state.list", **at("runner"))
    assert denied.details == {"scope": "runner", "allowed": ["actor", "subject"]}


@pytest.mark.parametrize("limit", [0, -1, "5"])
def test_a_wrong_limit_comes_before_all(bench: Bench, limit: object) -> None:
    where = at("planet", binding_identity="none")
    bench.refused(errors.InvalidParams, "state.list", **where, limit=limit)


@pytest.mark.parametrize(
    "context",
    [
        {"bot": "x"},
        {"actor": {"name": "x"}},
        {"bot_id": ""},
        {"bot_id": "x" * 256},
        {"actor": {"id": ""}},
        {"thread_id": 5},
        [],
    ],
)
def test_a_wrong_context_is_wrong_params(bench: Bench, context: object) -> None:
    bind(bench)
    bench.refused(errors.InvalidParams, "state.list", **at(context=context))


# --- on a runtime socket ----------------------------------------------------------------------
def test_a_worker_is_its_own_runner(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    bind(bench, "w1")
    bind(bench, "w2")
    here = {"binding_identity": "b1", "scope": "runner"}
    bench.call("state.set", seated, **here, key="k", value=1)
    assert bench.call("state.get", seated, **here, key="k", runner_id="w1")["value"] == 1
    assert bench.call("state.list", seated, **here)["keys"] == ["k"]
    assert bench.call("state.snapshot", seated, binding_identity="b1")["runner"] == {"k": 1}
    assert bench.call("state.binding", seated, binding_identity="b1")["runner_id"] == "w1"
    assert keys(bench, runner_id="w2") == []
    for method, params in (
        ("state.set", {**here, "key": "k", "value": 2}),
        ("state.get", {**here, "key": "k"}),
        ("state.delete", {**here, "key": "k"}),
        ("state.list", here),
        ("state.snapshot", {"binding_identity": "b1"}),
        ("state.binding", {"binding_identity": "b1"}),
    ):
        bench.refused(errors.Denied, method, seated, runner_id="w2", **params)
    assert bench.call("state.delete", seated, **here, key="k") == {"deleted": True}


def test_binding_and_clearing_are_for_the_control_socket(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    bench.refused(errors.Denied, "state.bind", seated, runner_id="w1")
    bench.refused(errors.Denied, "state.clear", seated)


def test_writing_takes_the_seat(bench: Bench) -> None:
    bench.worker("w1")
    bind(bench, "w1")
    peer = bench.peer("w1")
    here = {"binding_identity": "b1", "scope": "runner", "key": "k"}
    bench.refused(errors.NotAttached, "state.set", peer, **here, value=1)
    bench.refused(errors.NotAttached, "state.delete", peer, **here)
    assert not bench.call("state.get", peer, **here)["found"]
