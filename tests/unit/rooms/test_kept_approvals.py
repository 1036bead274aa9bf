"""Questions that outlive the process which asked."""

import pytest

from tests.helpers.harness import Bench, Json


def _ask(bench: Bench, *, keep: bool) -> Json:
    """Have a running worker ask, and its process end."""
    bench.worker()
    seated = bench.seated()
    bench.call("worker.transition", seated, to="running")
    asked = bench.call("approval.request", seated, message="?", keep=keep)
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    return asked


def test_the_end_of_the_seat_leaves_a_kept_question_and_cancels_the_others(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    assert kept["keep"] is True
    assert bench.call("approval.get", request_id=kept["request_id"])["state"] == "pending"
    assert bench.call("worker.get", worker_id="w1")["state"] == "error"
    assert "approval.canceled" not in bench.note_types()


def test_of_several_only_those_that_are_kept_stay(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    for keep in (False, True, False):
        bench.call("approval.request", seated, message="?", keep=keep)
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    pending = bench.call("approval.list", worker_id="w1")["items"]
    assert [each["keep"] for each in pending] == [True]
    assert bench.note_types().count("approval.canceled") == 2


def test_its_answer_counts_under_any_epoch(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    bench.call("runtime.attach", bench.peer("w1", 701))
    decided = bench.call(
        "approval.decide", request_id=kept["request_id"], option="allow", runtime_epoch=1
    )
    assert (decided["state"], decided["runtime_epoch"]) == ("decided", 1)


def test_an_answer_under_the_epoch_of_the_next_one_counts_too(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    bench.call("runtime.attach", bench.peer("w1", 701))
    params = {"request_id": kept["request_id"], "option": "deny", "runtime_epoch": 2}
    assert bench.call("approval.decide", **params)["decision"] == "deny"


def test_the_next_process_finds_it_waits_for_it_and_may_take_it_back(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    following = bench.peer("w1", 701)
    bench.call("runtime.attach", following)
    (found,) = bench.call("approval.list", following)["items"]
    assert found["request_id"] == kept["request_id"]
    canceled = bench.call(
        "approval.cancel", following, request_id=kept["request_id"], note="superseded"
    )
    assert (canceled["state"], canceled["note"]) == ("canceled", "superseded")


def test_an_answer_moves_no_worker_that_does_not_wait(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    bench.call("approval.decide", request_id=kept["request_id"], option="allow")
    assert bench.call("worker.get", worker_id="w1")["state"] == "error"


def test_its_deadline_passes_as_any_other(bench: Bench) -> None:
    bench.worker()
    asked = bench.call("approval.request", bench.seated(), message="?", keep=True, deadline_ms=1000)
    bench.own("runtime.exited", worker_id="w1", epoch=1)
    bench.world.pass_ms(1000)
    bench.own("approval.expire_due")
    assert bench.call("approval.get", request_id=asked["request_id"])["state"] == "expired"


@pytest.mark.parametrize("keep", [True, False])
def test_a_detach_or_a_takeover_cancels_neither(bench: Bench, keep: bool) -> None:
    bench.worker()
    seated = bench.seated()
    asked = bench.call("approval.request", seated, message="?", keep=keep)
    bench.call("runtime.attach", bench.peer("w1", 701), takeover=True)
    assert bench.call("approval.get", request_id=asked["request_id"])["state"] == "pending"


def test_it_outlives_a_restart_and_a_stop_and_goes_with_its_worker(bench: Bench) -> None:
    kept = _ask(bench, keep=True)
    bench.restart()
    bench.call("worker.stop", worker_id="w1")
    assert bench.call("approval.get", request_id=kept["request_id"])["state"] == "pending"
    bench.call("worker.remove", worker_id="w1")
    assert bench.call("approval.list", state="all")["items"] == []


def test_null_is_as_leaving_it_out(bench: Bench) -> None:
    bench.worker()
    assert bench.call("approval.request", worker_id="w1", message="?", keep=None)["keep"] is False
