"""Params: from annotations to a strict decoder whose errors say how to go on."""

from typing import Literal

import msgspec
import pytest
from msgspec import Raw

from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_daemon.core.method import Kind
from penholder_daemon.core.params import Params, signature_fields
from penholder_daemon.core.registry import Registry, Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol import errors, jsonrpc
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_VALUE_BYTES
from penholder_protocol.nouns import Pong, Worker
from penholder_protocol.nouns.words import LateJsonValue, WorkerId
from tests.helpers.harness import Bench


def _example(*, name: str, count: int = 1, words: list[str] = [], note: str | None = None) -> None:  # noqa: B006 - as rooms do
    """Take some params."""


PARAMS = Params("example", signature_fields(_example))


def test_defaults_are_filled_in() -> None:
    assert PARAMS.read(b'{"name":"a"}')[1] == {
        "name": "a",
        "count": 1,
        "words": [],
        "note": None,
    }
    assert PARAMS.names == ("name", "count", "words", "note")


@pytest.mark.parametrize(
    ("given", "message", "details"),
    [
        (b"[1]", "params are passed by name, as an object, not by position", {}),
        (b"{}", "param `name` is missing", {"param": "name"}),
        (
            b'{"name":"a","cuont":2}',
            "unknown param `cuont`; did you mean `count`? known are: name, count, words, note",
            {"param": "cuont", "known": ["name", "count", "words", "note"]},
        ),
        (
            b'{"name":"a","zzz":2}',
            "unknown param `zzz`; known are: name, count, words, note",
            {"param": "zzz", "known": ["name", "count", "words", "note"]},
        ),
    ],
)
def test_a_refusal_names_the_param(given: bytes, message: str, details: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidParams) as caught:
        PARAMS.read(given)
    assert caught.value.message == message
    assert caught.value.details == details


@pytest.mark.parametrize(
    "given",
    [
        b'{"name":1}',
        b'{"name":null}',
        b'{"name":"a","count":"1"}',
        b'{"name":"a","count":1.5}',
        b'{"name":"a","count":true}',
        b'{"name":"a","words":"x"}',
        b'{"name":"a","words":[1]}',
        b'"x"',
        b"7",
        b"null",
    ],
)
def test_wrong_types_are_refused_never_coerced(given: bytes) -> None:
    with pytest.raises(errors.InvalidParams):
        PARAMS.read(given)


def test_params_nested_too_deep_are_refused() -> None:
    with pytest.raises(errors.InvalidParams):
        PARAMS.read(b'{"name":' + b"[" * 100_000)


def test_a_method_without_params_says_so(bench: Bench) -> None:
    refusal = bench.refused(errors.InvalidParams, "rpc.ping", x=1)
    assert refusal.message == "unknown param `x`; known are: none"


@pytest.mark.parametrize("what", ["method", "param"])
def test_a_very_long_name_is_refused_within_a_frame(bench: Bench, what: str) -> None:
    long = "x" * (MAX_FRAME_BYTES - 100)
    with pytest.raises(errors.PenholderError) as caught:
        bench.invocation(long if what == "method" else "rpc.ping", {long: 1})
    assert len(jsonrpc.error(b"1", caught.value)) <= MAX_FRAME_BYTES


def test_an_unknown_method_names_the_nearest(bench: Bench) -> None:
    refusal = bench.refused(errors.MethodNotFound, "worker.creat")
    assert refusal.number == -32601
    assert refusal.message == "there is no method 'worker.creat'; did you mean worker.create?"
    assert refusal.details == {"method": "worker.creat"}
    assert "rpc.discover" in bench.refused(errors.MethodNotFound, "zzzzzz").message


def _room() -> Room:
    room = Room("demo")

    @room.mutation(sockets=(CONTROL, RUNTIME), fence=lambda *_: None, control_only=("force",))
    def act(tx: Tx, *, worker_id: WorkerId, force: bool = False) -> Worker:
        """Act.

        And more of it.
        """
        raise AssertionError("only its signature is looked at")

    @room.query(sockets=(CONTROL,))
    def list_(rx: Rx) -> Pong:
        """List."""
        return Pong(pong=True, ts=rx.now)

    @room.mutation(sockets=())
    def inner(tx: Tx) -> None:
        """Be the daemon's own."""

    return room


def test_everything_follows_from_the_function() -> None:
    registry = Registry([_room()])
    act = registry.require("demo.act")
    assert act.kind is Kind.MUTATION
    assert act.description == "Act.\n\nAnd more of it."
    assert act.result_type is Worker
    assert act.params_on(CONTROL).names == ("worker_id", "force", "fence", "idempotency_key")
    assert act.params_on(RUNTIME).names == ("worker_id", "idempotency_key")
    assert registry.require("demo.list").params_on(CONTROL).names == ()
    assert [method.name for method in registry.public] == ["demo.act", "demo.list"]
    with pytest.raises(errors.MethodNotFound):
        registry.require("demo.inner")


def test_sockets_decide_who_is_served() -> None:
    registry = Registry([_room()])
    worker = Caller(RUNTIME, 1, 2, "w1")
    with pytest.raises(errors.Denied) as caught:
        registry.require("demo.list").invoke(worker, b"{}", None)
    assert caught.value.details == {"method": "demo.list"}
    call = registry.require("demo.act").invoke(worker, b"{}", "7")
    assert call.arguments == {"worker_id": "w1"}  # `force` keeps the function's own default
    assert call.request_id == "7"


def test_two_methods_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"demo\.act"):
        Registry([_room(), _room()])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("controller.register", {"label": "", "workspace_key": "/w"}),
        ("controller.register", {"label": "x" * 4097, "workspace_key": "/w"}),
        ("controller.register", {"label": "x", "workspace_key": ""}),
        ("controller.get", {"controller_id": "x" * 129}),
        ("controller.get", {"controller_id": "a b"}),
        ("controller.acquire", {"controller_id": "c", "lease_ms": 0}),
        ("controller.acquire", {"controller_id": "c", "lease_ms": 86_400_001}),
        ("controller.acquire", {"controller_id": "c", "pid": 0}),
        ("controller.validate", {"controller_id": "c", "epoch": -1, "token": "t"}),
        ("controller.validate", {"controller_id": "c", "epoch": 1, "token": ""}),
        ("controller.validate", {"controller_id": "c", "epoch": 1 << 63, "token": "t"}),
        ("event.list", {"worker_id": "w", "after_seq": -1}),
        ("journal.read", {"streams": ["daemon"], "after": -1}),
        ("daemon.shutdown", {"drain_ms": 600_001}),
        ("rpc.cancel", {"id": 1.5}),
        ("rpc.cancel", {}),
    ],
)
def test_words_have_their_limits(bench: Bench, method: str, params: dict[str, object]) -> None:
    bench.refused(errors.InvalidParams, method, **params)


def test_what_an_id_is_made_of_is_told_in_words(bench: Bench) -> None:
    refusal = bench.refused(errors.InvalidParams, "controller.get", controller_id="a b")
    told = "`controller_id` must be made of the characters A-Z a-z 0-9 . _ : -"
    assert refusal.message == f"wrong params: {told}"


def _asked(tx: Tx, *, one: Literal["a", "b"] | None = None, value: LateJsonValue) -> Pong:
    raise AssertionError("only its signature is looked at")


def test_a_wrong_word_is_told_the_right_ones() -> None:
    params = Params("asked", signature_fields(_asked))
    for word in ("c", "A", "", "$.one", "x` - at `$.value"):
        given = msgspec.json.encode({"one": word, "value": 1})
        with pytest.raises(errors.InvalidParams) as caught:
            params.read(given)
        assert caught.value.details == {"param": "one", "known": ["a", "b"]}
        assert caught.value.message.endswith("it is one of a, b")


def test_a_value_that_is_checked_late_is_left_as_it_is() -> None:
    params = Params("asked", signature_fields(_asked))
    huge = b'"%b"' % (b"x" * (MAX_VALUE_BYTES + 1))
    assert params.read(b'{"value": %b}' % huge)[1]["value"] == Raw(huge)
