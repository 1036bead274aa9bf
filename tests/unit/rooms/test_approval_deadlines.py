"""Approvals that nobody answers in time."""

from importlib import import_module

import pytest

from penholder_daemon.core.effects import WakeAt
from penholder_protocol import errors
from tests.helpers.harness import Bench


def _ask(bench: Bench, **params: object) -> str:
    asked = bench.call("approval.request", worker_id="w1", message="?", **params)
    return str(asked["request_id"])


def test_a_deadline_asks_to_be_woken(bench: Bench) -> None:
    bench.worker()
    _ask(bench, deadline_ms=1000)
    assert bench.effects[-1] == WakeAt(bench.world.boottime_ms() + 1000)
    bench.effects.clear()
    _ask(bench)
    assert bench.effects == []


def test_past_its_deadline_it_expires(bench: Bench) -> None:
    bench.worker()
    bench.in_state("running")
    request_id = _ask(bench, deadline_ms=1000)
    bench.world.pass_ms(999)
    assert bench.own("approval.expire_due") == bench.world.boottime_ms() + 1
    assert bench.call("approval.get", request_id=request_id)["state"] == "pending"
    bench.world.pass_ms(1)
    assert bench.own("approval.expire_due") is None
    expired = bench.call("approval.get", request_id=request_id)
    assert (expired["state"], expired["decision"]) == ("expired", None)
    assert expired["note"] == "the deadline passed"
    assert bench.call("worker.get", worker_id="w1")["state"] == "running"
    assert bench.note_types()[-2:] == ["approval.expired", "worker.state_changed"]


def test_or_is_decided_with_on_deadline(bench: Bench) -> None:
    bench.worker()
    request_id = _ask(bench, deadline_ms=1000, on_deadline="deny")
    bench.world.pass_ms(1000)
    bench.own("approval.expire_due")
    decided = bench.call("approval.get", request_id=request_id)
    assert (decided["state"], decided["decision"], decided["selected_option_id"]) == (
        "decided",
        "deny",
        "deny",
    )
    assert bench.note_types()[-1] == "approval.decided"


def test_it_answers_when_the_next_one_is_due(bench: Bench) -> None:
    bench.worker()
    now_ms = bench.world.boottime_ms()
    _ask(bench, deadline_ms=3000)
    _ask(bench, deadline_ms=1000)
    _ask(bench, deadline_ms=2000)
    _ask(bench)
    assert bench.own("approval.expire_due") == now_ms + 1000
    bench.world.pass_ms(2500)
    assert bench.own("approval.expire_due") == now_ms + 3000
    left = bench.call("approval.list")["items"]
    assert [item["request_id"] for item in left] == ["ap_1", "ap_4"]


def test_what_was_decided_before_its_deadline_stays_so(bench: Bench) -> None:
    bench.worker()
    request_id = _ask(bench, deadline_ms=1000, on_deadline="deny")
    decided = bench.call("approval.decide", request_id=request_id, option="allow")
    bench.world.pass_ms(5000)
    assert bench.own("approval.expire_due") is None
    assert bench.call("approval.get", request_id=request_id) == decided


@pytest.mark.parametrize("deadline_ms", [0, -1, 366 * 86_400_000 + 1, 1.5, "1"])
def test_a_deadline_outside_its_range_is_wrong_params(bench: Bench, deadline_ms: object) -> None:
    bench.worker()
    bench.refused(
        errors.InvalidParams,
        "approval.request",
        worker_id="w1",
        message="?",
        deadline_ms=deadline_ms,
    )


def test_many_that_are_due_at_once_are_ended_some_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = import_module("penholder_daemon.rooms.approvals.methods")
    monkeypatch.setattr(methods, "_AT_ONCE", 2)
    bench.worker()
    for deadline_ms in (30, 10, 20):
        _ask(bench, deadline_ms=deadline_ms)
    bench.world.pass_ms(50)
    assert bench.own("approval.expire_due") <= bench.world.boottime_ms()
    assert [each["request_id"] for each in bench.call("approval.list")["items"]] == ["ap_1"]
    assert bench.own("approval.expire_due") is None
