"""The stream of a run: what is appended to it and how it is read."""

import pytest

from penholder_protocol import errors
from penholder_protocol.limits import MAX_VALUE_BYTES
from tests.helpers.harness import Bench
from tests.helpers.running import make_run, make_run_in, said, session

TYPES = [
    "backend_status", "assistant_message", "user_message", "tool_call", "tool_result",
    "command_output", "diff", "usage", "error", "x.mine", "x.a.b:c",
]  # fmt: skip


def test_append_answers_the_event(bench: Bench) -> None:
    make_run(bench)
    bench.world.pass_ms(3)
    event = bench.call("run.append_event", run_id="r1", type="usage", payload={"tokens": 5})
    assert event == {
        "event_id": "ev_2",
        "run_id": "r1",
        "seq": 2,
        "pos": 2,
        "type": "usage",
        "payload": {"tokens": 5},
        "created_at": "2026-01-01T00:00:00.003Z",
    }
    assert bench.call("run.events", run_id="r1", after_seq=1)["items"] == [event]


@pytest.mark.parametrize("type_", TYPES)
def test_known_types_and_ones_own(bench: Bench, type_: str) -> None:
    make_run(bench)
    assert bench.call("run.append_event", run_id="r1", type=type_)["payload"] == {}


@pytest.mark.parametrize("type_", ["", "x.", "x", "usages", "Usage", "y.mine", "x." + "y" * 127])
def test_other_types_are_wrong_params_before_the_run_is_looked_up(bench: Bench, type_: str) -> None:
    bench.refused(errors.InvalidParams, "run.append_event", run_id="none", type=type_)


def test_terminal_status_is_the_daemons_own(bench: Bench) -> None:
    make_run(bench)
    bench.refused(errors.Denied, "run.append_event", run_id="r1", type="terminal_status")


@pytest.mark.parametrize("payload", [[], "x", 1])
def test_a_payload_is_an_object(bench: Bench, payload: object) -> None:
    make_run(bench)
    params = {"run_id": "r1", "type": "usage", "payload": payload}
    bench.refused(errors.InvalidParams, "run.append_event", **params)


def test_secrets_are_replaced_in_the_answer_and_in_the_store(bench: Bench) -> None:
    make_run(bench)
    payload = {"a": [{"api_key": "hunter2"}], "Authorization": "hunter2", "tokens": 3}
    event = bench.call("run.append_event", run_id="r1", type="tool_call", payload=payload)
    redacted = {"a": [{"api_key": "[redacted]"}], "Authorization": "[redacted]", "tokens": 3}
    assert event["payload"] == redacted == said(bench)[-1][1]
    assert "hunter2" not in str(bench.dump())
    assert "hunter2" not in str(bench.published)


def test_a_payload_of_the_largest_size_and_one_of_secrets_alone(bench: Bench) -> None:
    make_run(bench)
    largest = {"x": "y" * (MAX_VALUE_BYTES - len('{"x":""}'))}
    bench.call("run.append_event", run_id="r1", type="diff", payload=largest)
    secrets = {f"{n:05d}_token": 1 for n in range(MAX_VALUE_BYTES // 16 - 1)}
    bench.call("run.append_event", run_id="r1", type="diff", payload=secrets)
    assert len(bench.call("run.events", run_id="r1", after_seq=1, limit=2)["items"]) == 2
    over = {"x": largest["x"] + "y"}
    params = {"run_id": "r1", "type": "diff", "payload": over}
    bench.refused(errors.ValueTooLarge, "run.append_event", **params)


def test_events_are_oldest_first_in_pages(bench: Bench) -> None:
    make_run(bench)
    for number in range(7):
        bench.call("run.append_event", run_id="r1", type="x.n", payload={"n": number})
    first = bench.call("run.events", run_id="r1", after_seq=1, limit=4)
    assert [each["payload"]["n"] for each in first["items"]] == [0, 1, 2, 3]
    rest = bench.call("run.events", run_id="r1", after_seq=1, limit=4, cursor=first["next"])
    assert [each["seq"] for each in rest["items"]] == [6, 7, 8]
    assert rest["next"] is None
    assert bench.call("run.events", run_id="r1", after_seq=8)["items"] == []


@pytest.mark.parametrize("limit", [0, 501, -1])
def test_events_take_a_limit_up_to_500(bench: Bench, limit: int) -> None:
    make_run(bench)
    bench.refused(errors.InvalidParams, "run.events", run_id="r1", limit=limit)
    bench.call("run.events", run_id="r1", limit=500)


def test_a_pruned_start_is_told(bench: Bench) -> None:
    make_run_in(bench)
    for _ in range(4):
        bench.call("run.append_event", run_id="r1", type="usage")
    bench.call("daemon.prune", keep_last=2, streams=["run:r1"])
    for method, params in {
        "run.events": {"run_id": "r1"},
        "session.trace": {"session_id": "s1"},
        "session.output": {"session_id": "s1"},
    }.items():
        refusal = bench.refused(errors.CursorGone, method, **params)
        assert refusal.details["oldest_seq"] == 4
        bench.call(method, **params, after_seq=3)
    assert session(bench)["last_event_seq"] == 5


def test_events_can_be_added_after_the_end(bench: Bench) -> None:
    make_run(bench)
    bench.call("run.cancel", run_id="r1")
    bench.call("run.append_event", run_id="r1", type="usage")
    assert said(bench)[-1][0] == "usage"


def test_an_event_is_appended_once_under_a_key(bench: Bench) -> None:
    make_run(bench)
    call = {"run_id": "r1", "type": "usage", "payload": {"n": 1}, "idempotency_key": "k"}
    first = bench.call("run.append_event", **call)
    assert bench.call("run.append_event", **call) == first
    assert len(said(bench)) == 2
