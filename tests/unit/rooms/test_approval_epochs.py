"""A decision may say for which process it is meant."""

from penholder_protocol import errors
from tests.helpers.harness import Bench


def test_an_approval_names_the_seat_that_asked(bench: Bench) -> None:
    bench.worker()
    first = bench.seated()
    asked = bench.call("approval.request", first, message="?")
    assert asked["runtime_epoch"] == 1
    taker = bench.peer("w1", 701)
    bench.call("runtime.attach", taker, takeover=True)
    assert bench.call("approval.get", request_id=asked["request_id"])["runtime_epoch"] == 1
    assert bench.call("approval.request", taker, message="?")["runtime_epoch"] == 2


def test_a_decision_for_a_former_process_is_stale(bench: Bench) -> None:
    bench.worker()
    asked = bench.call("approval.request", bench.seated(), message="?")
    bench.call("runtime.attach", bench.peer("w1", 701), takeover=True)
    decide = {"request_id": asked["request_id"], "option": "allow"}
    refusal = bench.refused(errors.StaleState, "approval.decide", **decide, runtime_epoch=1)
    assert refusal.details["current_epoch"] == 2
    assert bench.call("approval.decide", **decide, runtime_epoch=2)["state"] == "decided"


def test_without_an_epoch_any_process_is_meant(bench: Bench) -> None:
    bench.worker()
    asked = bench.call("approval.request", worker_id="w1", message="?")
    assert asked["runtime_epoch"] is None
    params = {"request_id": asked["request_id"], "option": "deny", "runtime_epoch": None}
    assert bench.call("approval.decide", **params)["decision"] == "deny"
