"""Numbers that no reader is sure to read, halves of characters, and U+0000."""

import json
import re

import msgspec
import pytest
from msgspec import Raw

from penholder_daemon.core import values
from penholder_daemon.core.values import compact
from penholder_protocol import errors, jsonrpc, surrogates
from penholder_protocol.errors import InvalidParams
from tests.helpers.harness import CONTROLLER, Bench, unwrap
from tests.helpers.stores import sqlite_only

REFUSED = ["1e309", "-1e400", "1E+999", "1" * 309, "-" + "9" * 5000, "0." + "1" * 308, "1e3080",
           "9" * 300 + "e9", "1" + "0" * 307 + ".0e1"]  # fmt: skip
TAKEN = ["1e308", "-1.7976931348623157e308", "1" * 308, "-" + "9" * 308, "1e-400", "0e99999",
         "9007199254740993", "123456789012345678901234567890", "1.10", "-0", "5E2"]  # fmt: skip
SPOTS = ["{}", '{{"a": {}}}', '[[{{"a": [1, {}]}}]]', '{{"a\\"1e999": {}, "b": "\\u00fc"}}']


def _compact(text: str) -> bytes:
    return bytes(compact(Raw(text.encode()), "data", must_be_object=False))


@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("number", REFUSED, ids=lambda each: each[:9])
def test_a_number_that_readers_cannot_read_is_refused(number: str, spot: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        _compact(spot.format(number))
    assert caught.value.details == {"param": "data", "limit": "MAX_NUMBER_DIGITS", "maximum": 308}
    assert number[:40] in caught.value.message
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("spot", SPOTS)
@pytest.mark.parametrize("number", TAKEN, ids=lambda each: each[:9])
def test_others_are_kept_to_the_digit(number: str, spot: str) -> None:
    kept = _compact(spot.format(number))
    assert number.encode() in kept
    json.loads(kept)
    msgspec.json.decode(kept)


@pytest.mark.parametrize("text", ['"1e999"', '{"1e999": "%s"}' % ("9" * 400), '["\\"", "1e999"]'])
def test_what_looks_like_one_in_a_string_is_none(text: str) -> None:
    assert json.loads(_compact(text)) == json.loads(text)


@pytest.mark.parametrize("key", [{}, {"idempotency_key": "k"}])
@pytest.mark.parametrize(
    ("method", "before", "after"),
    [
        ("event.append", '"worker_id":"w1","type":"x","data":{"n":', "}"),
        ("event.append_many", '"worker_id":"w1","events":[{"type":"x","raw":[', "]}]"),
        (
            "queue.submit_many",
            '"tasks":[{"tenant_id":"t","project_id":"p","queue":"q","payload":{"n":',
            "}}]",
        ),
        (
            "run.create",
            '"tenant_id":"t","project_id":"p","backend_profile":"b",'
            '"session_ref":{"session_id":"s","metadata":{"n":',
            "}}",
        ),
        (
            "tx.apply",
            '"calls":[{"method":"event.append","params":{"worker_id":"w1","type":"x","data":{"n":',
            "}}}]",
        ),
        (
            "state.set",
            '"runner_id":"r","binding_identity":"b","scope":"runner","key":"k","value":[',
            "]",
        ),
    ],
)
@pytest.mark.parametrize("number", ["1e400", "9" * 5000], ids=["1e400", "digits"])
def test_every_way_into_the_store_refuses_it(
    bench: Bench, method: str, before: str, after: str, key: dict[str, str], number: str
) -> None:
    bench.worker()
    bench.call("state.bind", runner_id="r", binding_id="b")
    stored = bench.dump()
    beside = "".join(f',"{name}":"{value}"' for name, value in key.items())
    params = f"{{{before}{number}{after}{beside}}}".encode()
    with pytest.raises(InvalidParams):
        unwrap(bench.run([bench.registry.require(method).invoke(CONTROLLER, params, None)])[0])
    assert bench.dump() == stored
    assert bench.bugs == []


@pytest.mark.parametrize("number", ["1e400", "9" * 5000, "9" * 400, str(1 << 63), str(1 << 64)])
def test_a_number_that_is_a_param_itself_is_refused_too(bench: Bench, number: str) -> None:
    for name in ("limit", "after_seq"):
        params = f'{{"worker_id":"w1","{name}":{number}}}'.encode()
        with pytest.raises(InvalidParams):
            bench.registry.require("event.list").invoke(CONTROLLER, params, None)


# --- halves of characters ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "lone"),
    [
        (rb'"\ud800"', "\\ud800"),
        (rb'"a\uDFFFb"', "\\uDFFF"),
        (rb'"\ud83d\ude00 \ud83d"', "\\ud83d"),
        (rb'"\ud800\ud83d\ude00"', "\\ud800"),
        (rb'"\\\ud800"', "\\ud800"),
        (rb'"\ud83d\ude00"', None),
        (rb'"\\ud800"', None),
        (b'"\xf0\x9f\x98\x80"', None),
    ],
)
def test_lone_surrogates_are_found(text: bytes, lone: str | None) -> None:
    assert surrogates.first_lone(text) == lone
    msgspec.json.decode(surrogates.replaced(text))


@pytest.mark.parametrize(
    ("frame", "request_id"),
    [
        (rb'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\ud800"}}', b"7"),
        (rb'{"jsonrpc":"2.0","id":"x","method":"\udc00"}', b'"x"'),
        (rb'{"jsonrpc":"2.0","method":"m","params":{"\ud800":1},"id":8}', b"8"),
        (rb'{"jsonrpc":"2.0","id":"\ud800","method":"m"}', b"null"),
        (rb'{"jsonrpc":"2.0","method":"m","params":{"a":"\ud800"}}', b"null"),
        (rb'[{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\ud800"}}]', b"null"),
        (rb'{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"\ud800"}', b"null"),
    ],
)
def test_a_frame_with_one_is_answered_with_what_it_is(frame: bytes, request_id: bytes) -> None:
    fault = jsonrpc.parse(frame)
    assert isinstance(fault, jsonrpc.Fault)
    assert type(fault.error) is errors.ParseError
    assert "lone surrogate" in fault.error.message
    assert fault.id == request_id


# --- U+0000 --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "params", "param"),
    [
        ("worker.create", {"label": "a\0"}, "label"),
        ("worker.create", {"packs": ["a", "\0"]}, "packs"),
        ("worker.create", {"env": {"A": "\0"}}, "env"),
        ("worker.create", {"env": {"\0": "a"}}, "env"),
        ("worker.create", {"idempotency_key": "\0"}, "idempotency_key"),
        ("worker.create", {"fence": {"epoch": 1, "token": "a\0"}}, "fence"),
    ],
)
def test_no_string_may_hold_nul(
    bench: Bench, method: str, params: dict[str, object], param: str
) -> None:
    bench.controller()
    made = {"controller_id": "c1", "label": "l", "launcher": "l", "profile": "p", "cwd": "/"}
    refusal = bench.refused(InvalidParams, method, **{**made, **params})
    assert refusal.details == {"param": param}
    assert "U+0000" in refusal.message


def test_records_within_params_may_not_either(bench: Bench) -> None:
    bench.worker()
    for events in ([{"type": "\0"}], [{"type": "a"}, {"type": "b\0"}]):
        bench.refused(InvalidParams, "event.append_many", worker_id="w1", events=events)
    options = [{"id": "a", "label": "\0"}]
    bench.refused(InvalidParams, "approval.request", worker_id="w1", message="m", options=options)
    call = {"method": "event.append", "params": {"worker_id": "w1", "type": "\0"}}
    bench.refused(InvalidParams, "tx.apply", calls=[call])
    bench.refused(InvalidParams, "tx.apply", calls=[{"method": "\0"}])


def test_json_values_and_keys_of_the_state_room_keep_it(bench: Bench) -> None:
    bench.worker()
    data = {"a\0": "\0", "b": ["\\u0000"]}
    assert bench.call("event.append", worker_id="w1", type="x", data=data)["data"] == data
    bench.call("state.bind", runner_id="r", binding_id="b")
    at = {"runner_id": "r", "binding_identity": "b", "scope": "runner"}
    bench.call("state.set", **at, key="\0k", value="\0")
    assert bench.call("state.get", **at, key="\0k")["value"] == "\0"
    assert bench.call("state.list", **at, prefix="\0", after_key="\0")["keys"] == ["\0k"]
    assert bench.call("state.delete", **at, key="\0k") == {"deleted": True}
    bench.refused(InvalidParams, "state.set", **{**at, "runner_id": "r\0"}, key="k", value=1)


def test_a_backslash_before_it_makes_it_other_text(bench: Bench) -> None:
    bench.controller()
    assert bench.worker(label="\\u0000")["label"] == "\\u0000"


@sqlite_only("texts with U+0000, which may have been stored before")
def test_what_was_stored_with_it_can_be_read_and_cleared(bench: Bench) -> None:
    """Earlier releases took it everywhere."""
    bench.call("message.publish", topic="t", kind="k")
    bench.database.run("UPDATE streams SET name = 'topic:t' || char(0)")
    assert len(bench.call("message.list", topic="t\0")["items"]) == 1
    assert len(bench.call("journal.read", streams=["topic:t\0"])["items"]) == 1
    bench.controller()
    bench.database.run("UPDATE controllers SET workspace_key = 'w' || char(0)")
    assert bench.call("controller.find", workspace_key="w\0")["controller_id"] == "c1"
    bench.call("state.bind", runner_id="r", binding_id="b")
    at = {"runner_id": "r", "binding_identity": "b"}
    bench.call("state.set", **at, scope="runner", key="k", value=1)
    for table in ("bindings", "state_entries"):
        bench.database.run(f"UPDATE {table} SET runner_id = 'r' || char(0)")
    assert bench.call("state.binding", runner_id="r\0", binding_identity="b")["enable_state"]
    assert bench.call("state.clear", runner_id="r\0") == {"deleted": 1}


def test_no_pattern_looks_at_each_digit_of_a_value_many_times() -> None:
    """A run of 300 digits, again and again, is looked at 300 times by `[0-9]{309}`."""
    patterns = [each for each in vars(values).values() if isinstance(each, re.Pattern)]
    assert patterns
    repeats = [int(most) for each in patterns for most in re.findall(rb"\{(\d+)", each.pattern)]
    assert max(repeats, default=0) < 10


@pytest.mark.parametrize("run", ["1" * 308, "0." + "0" * 306, "." * 308])
def test_runs_of_digits_below_the_limit_are_taken_however_many(run: str) -> None:
    text = json.dumps([run] * 700)
    assert json.loads(_compact(text)) == [run] * 700
