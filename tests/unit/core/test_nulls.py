"""`null` for what may be left out is the same as leaving it out, in records within params too."""

import hashlib
import json

import msgspec
import pytest

from penholder_daemon.core import idempotency
from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind
from penholder_daemon.core.method import Method
from penholder_daemon.generate.__main__ import ROOT
from penholder_daemon.rooms import build_registry
from penholder_protocol import errors
from tests.helpers.harness import CONTROLLER, Bench, Json

REGISTRY = build_registry()
EXAMPLES: Json = json.loads((ROOT / "tests/contract/examples.json").read_text("utf-8"))
EVERYWHERE = [
    (method, socket)
    for method in REGISTRY.public
    for socket in (CONTROL, RUNTIME)
    if socket in method.sockets
]


def _nulls_of(method: Method, socket: SocketKind) -> dict[str, None]:
    return {each.name: None for each in method.params_on(socket).fields if not each.is_required}


@pytest.mark.parametrize(
    ("method", "socket"), EVERYWHERE, ids=lambda each: getattr(each, "name", each)
)
def test_every_param_that_may_be_left_out_may_be_null(method: Method, socket: SocketKind) -> None:
    params = method.params_on(socket)
    required = {each.name for each in params.fields if each.is_required}
    example = {"worker_id": "w_ada", "runner_id": "w_ada", **EXAMPLES[method.name]["params"]}
    needed = {name: example[name] for name in required}
    with_nulls = msgspec.json.encode({**needed, **_nulls_of(method, socket)})
    bare = msgspec.json.encode(needed)
    assert params.read(with_nulls) == params.read(bare)


@pytest.mark.parametrize(
    ("method", "params", "same"),
    [
        (
            "event.append_many",
            {"worker_id": "w1", "events": [{"type": "x", "data": None, "turn_id": None}]},
            {"worker_id": "w1", "events": [{"type": "x"}]},
        ),
        (
            "queue.submit_many",
            {
                "tasks": [
                    {
                        "tenant_id": "t",
                        "project_id": "p",
                        "queue": "q",
                        "lane": None,
                        "priority": None,
                        "payload": None,
                        "max_attempts": None,
                        "backoff_ms": None,
                        "delay_ms": None,
                        "title": None,
                    }
                ]
            },
            {"tasks": [{"tenant_id": "t", "project_id": "p", "queue": "q"}]},
        ),
        (
            "approval.request",
            {"worker_id": "w1", "message": "m", "options": [{"id": "a", "alias": None}]},
            {"worker_id": "w1", "message": "m", "options": [{"id": "a"}]},
        ),
        (
            "run.create",
            {
                "tenant_id": "t",
                "project_id": "p",
                "backend_profile": "b",
                "session_ref": {"session_id": "s", "metadata": None, "expires_at": None},
            },
            {
                "tenant_id": "t",
                "project_id": "p",
                "backend_profile": "b",
                "session_ref": {"session_id": "s"},
            },
        ),
        (
            "tx.apply",
            {"calls": [{"method": "worker.heartbeat", "params": None}]},
            {"calls": [{"method": "worker.heartbeat"}]},
        ),
        (
            "state.get",
            {
                "runner_id": "r",
                "binding_identity": "b",
                "scope": "actor",
                "key": "k",
                "context": {"bot_id": None, "actor": {"id": "a", "type": None}, "subject": None},
            },
            {
                "runner_id": "r",
                "binding_identity": "b",
                "scope": "actor",
                "key": "k",
                "context": {"actor": {"id": "a"}},
            },
        ),
    ],
)
def test_so_may_fields_of_records_within_params(
    method: str, params: dict[str, object], same: dict[str, object]
) -> None:
    known = REGISTRY.require(method)
    given, bare = (
        known.invoke(CONTROLLER, msgspec.json.encode(each), None) for each in (params, same)
    )
    assert given.arguments == bare.arguments
    assert _hash(given.bare_params) == _hash(bare.bare_params)


def test_where_null_is_a_value_it_stays(bench: Bench) -> None:
    bench.worker()
    bench.call("worker.set_turn", worker_id="w1", turn_id="t")
    assert bench.call("worker.set_turn", worker_id="w1", turn_id=None)["active_turn_id"] is None
    bench.refused(errors.InvalidParams, "worker.set_turn", worker_id="w1")
    bench.refused(errors.InvalidParams, "worker.get", worker_id=None)


def test_json_values_keep_theirs(bench: Bench) -> None:
    bench.worker()
    data = {"a": None, "data": None, "events": [{"type": None}]}
    assert bench.call("event.append", worker_id="w1", type="x", data=data)["data"] == data
    many = bench.call("event.append_many", worker_id="w1", events=[{"type": "x", "data": data}])
    assert many["items"][0]["data"] == data


def test_params_that_are_null_are_an_error() -> None:
    with pytest.raises(errors.InvalidParams):
        REGISTRY.require("rpc.ping").invoke(CONTROLLER, b"null", None)


# --- under an idempotency key ------------------------------------------------------------------
def _hash(params: bytes) -> str:
    return idempotency.canonical_hash(params, lambda _, each: each)


def _append(bench: Bench, **params: object) -> Json:
    return bench.call("event.append", worker_id="w1", type="x", idempotency_key="k", **params)


def test_a_call_with_nulls_is_the_call_without_them(bench: Bench) -> None:
    bench.worker()
    first = _append(bench, turn_id=None, raw=None)
    assert _append(bench) == first
    assert _append(bench, data=None, fence=None) == first


def test_so_is_a_transactions_whose_calls_have_nulls(bench: Bench) -> None:
    bench.worker()
    event = {"type": "x", "turn_id": None}
    given: dict[str, object] = {"worker_id": "w1", "events": [event], "fence": None}
    bare = {"worker_id": "w1", "events": [{"type": "x"}]}
    first, again = (
        bench.call(
            "tx.apply",
            calls=[{"method": "event.append_many", "params": params}],
            idempotency_key="k",
        )
        for params in (given, bare)
    )
    assert first == again


def test_nulls_inside_json_values_tell_calls_apart(bench: Bench) -> None:
    bench.worker()
    _append(bench, data={"a": None})
    with pytest.raises(errors.IdempotencyConflict):
        _append(bench, data={})


def _store_hash(bench: Bench, params: bytes) -> None:
    """Keep what was done under the hash that earlier releases made."""
    former = hashlib.sha256(params).hexdigest()
    assert bench.database.run("UPDATE idempotency SET params_hash = ?", former) == 1


def test_a_hash_in_the_older_form_is_taken(bench: Bench) -> None:
    bench.worker()
    first = _append(bench, turn_id=None)
    _store_hash(bench, b'{"turn_id":null,"type":"x","worker_id":"w1"}')
    assert _append(bench, turn_id=None) == first
    with pytest.raises(errors.IdempotencyConflict):
        _append(bench, turn_id="t")


def test_a_transactions_in_the_older_form_too(bench: Bench) -> None:
    bench.worker()
    beat = {"method": "worker.heartbeat", "params": {"worker_id": "w1", "fence": None}}
    first = bench.call("tx.apply", calls=[beat], idempotency_key="k")
    older = b'{"calls":[{"method":"worker.heartbeat","params":{"worker_id":"w1"}}]}'
    _store_hash(bench, older)
    bench.world.pass_ms(1)
    assert bench.call("tx.apply", calls=[beat], idempotency_key="k") == first
