"""The table of worker states, whole, and the order in which a transition is looked at."""

from itertools import product

import pytest

from penholder_daemon.core.effects import CloseWorker, ServeWorker
from penholder_daemon.core.states import StateMachine
from penholder_protocol import errors
from tests.helpers.harness import Bench

STATES = ("starting", "idle", "running", "waiting_approval", "canceling", "stopped", "error")
# Written out from the contract, not taken from the code.
STEPS = {
    "starting": {"idle", "error", "stopped"},
    "idle": {"running", "error", "stopped"},
    "running": {"waiting_approval", "canceling", "idle", "error", "stopped"},
    "waiting_approval": {"running", "canceling", "error", "stopped"},
    "canceling": {"idle", "error", "stopped"},
    "error": {"stopped"},
    "stopped": set(),
}
PAIRS = list(product(STATES, STATES))


@pytest.mark.parametrize(("current", "to"), PAIRS)
def test_every_pair_without_force(bench: Bench, current: str, to: str) -> None:
    bench.worker()
    bench.in_state(current)
    bench.call("worker.set_turn", worker_id="w1", turn_id="t")
    before = bench.call("worker.get", worker_id="w1")
    bench.world.pass_ms(1)
    if current == to:
        assert bench.call("worker.transition", worker_id="w1", to=to) == before
    elif to in STEPS[current]:
        after = bench.call("worker.transition", worker_id="w1", to=to, expected=current)
        assert after["state"] == to
        assert after["active_turn_id"] == (None if to in ("idle", "stopped", "error") else "t")
        assert (after["stopped_at"] is not None) == (to == "stopped")
    else:
        refusal = bench.refused(
            errors.InvalidWorkerStateTransition, "worker.transition", worker_id="w1", to=to
        )
        assert refusal.number == 1004
        assert refusal.details == {"worker_id": "w1", "current_state": current, "next_state": to}


@pytest.mark.parametrize(("current", "to"), PAIRS)
def test_force_takes_every_step(bench: Bench, current: str, to: str) -> None:
    bench.worker()
    bench.in_state(current)
    bench.effects.clear()
    notes = len(bench.notes())
    after = bench.call("worker.transition", worker_id="w1", to=to, force=True)
    assert after["state"] == to
    if current == to:
        assert len(bench.notes()) == notes
        assert bench.effects == []
        return
    type_, data = bench.notes()[-1]
    assert type_ == "worker.state_changed"
    assert data == {
        "worker_id": "w1",
        "from": current,
        "to": to,
        "force": True,
        "uid": 1000,
        "pid": 50,
        "host_id": bench.world.host_id,
    }
    assert (CloseWorker("w1") in bench.effects) == (to == "stopped")
    assert (ServeWorker("w1") in bench.effects) == (current == "stopped")


@pytest.mark.parametrize("to", ["Idle", "asleep", "", "idle ", "i" * 4096])
def test_an_unknown_state_is_told_before_anything_else(bench: Bench, to: str) -> None:
    refusal = bench.refused(
        errors.InvalidWorkerState,
        "worker.transition",
        worker_id="nobody",
        to=to,
        fence={"epoch": 1, "token": "no"},
    )
    assert refusal.number == 1004
    assert refusal.details["known"] == list(STEPS)


def test_then_the_worker_then_the_fence_then_expected_then_the_table(bench: Bench) -> None:
    fence = bench.owned()
    bench.worker(fence=fence)
    bad: dict[str, object] = {"epoch": 9, "token": "bad"}
    # idle → canceling is not in the table; expected is wrong; the fence is wrong; no such worker.
    params: dict[str, object] = {"to": "canceling", "expected": "running"}
    transition = "worker.transition"
    bench.refused(errors.WorkerNotFound, transition, worker_id="none", fence=bad, **params)
    bench.refused(errors.Fenced, transition, worker_id="w1", fence=bad, **params)
    stale = bench.refused(errors.StaleState, transition, worker_id="w1", fence=fence, **params)
    assert stale.number == 1004
    assert stale.details == {
        "worker_id": "w1",
        "expected": "running",
        "current_state": "idle",
        "next_state": "canceling",
    }
    params["expected"] = "idle"
    bench.refused(
        errors.InvalidWorkerStateTransition, transition, worker_id="w1", fence=fence, **params
    )


def test_expected_is_looked_at_before_the_same_state(bench: Bench) -> None:
    bench.worker()
    bench.refused(
        errors.StaleState, "worker.transition", worker_id="w1", to="idle", expected="running"
    )


def test_force_does_not_widen_expected(bench: Bench) -> None:
    bench.worker()
    bench.refused(
        errors.StaleState,
        "worker.transition",
        worker_id="w1",
        to="running",
        expected="error",
        force=True,
    )


def test_the_same_state_changes_nothing(bench: Bench) -> None:
    bench.worker()
    bench.call("worker.transition", worker_id="w1", to="error", last_error="boom")
    before = bench.call("worker.get", worker_id="w1")
    bench.world.pass_ms(1)
    same = bench.call("worker.transition", worker_id="w1", to="error", last_error="other")
    assert same == before


def test_last_error_is_what_the_call_says(bench: Bench) -> None:
    bench.worker()
    moved = bench.call("worker.transition", worker_id="w1", to="error", last_error="boom")
    assert moved["last_error"] == "boom"
    assert bench.call("worker.transition", worker_id="w1", to="stopped")["last_error"] is None


def test_stopped_at_is_when_it_last_stopped(bench: Bench) -> None:
    bench.worker()
    bench.in_state("stopped")
    bench.world.pass_ms(10)
    bench.in_state("idle")
    assert bench.call("worker.get", worker_id="w1")["stopped_at"] == "2026-01-01T00:00:00.000Z"
    bench.in_state("stopped")
    assert bench.call("worker.get", worker_id="w1")["stopped_at"] == "2026-01-01T00:00:00.010Z"


def test_the_runtime_socket_has_no_force(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    refusal = bench.refused(
        errors.InvalidParams, "worker.transition", seated, to="canceling", force=True
    )
    assert refusal.details["param"] == "force"
    assert bench.call("worker.transition", seated, to="running")["state"] == "running"


def test_a_worker_does_not_go_on_while_an_approval_is_pending(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.call("worker.transition", seated, to="running")
    first = bench.call("approval.request", seated, message="?")["request_id"]
    refusal = bench.refused(errors.ApprovalPending, "worker.transition", seated, to="running")
    assert refusal.number == 1004
    assert bench.call("worker.transition", seated, to="canceling")["state"] == "canceling"
    assert bench.call("approval.get", request_id=first)["state"] == "pending"


def test_the_control_socket_may_go_on_with_an_approval_pending(bench: Bench) -> None:
    bench.worker()
    bench.in_state("running")
    request_id = bench.call("approval.request", worker_id="w1", message="?")["request_id"]
    moved = bench.call("worker.transition", worker_id="w1", to="running")
    assert moved["state"] == "running"
    assert bench.call("approval.get", request_id=request_id)["state"] == "pending"


def test_without_pending_approvals_the_runtime_socket_goes_on(bench: Bench) -> None:
    bench.worker()
    seated = bench.seated()
    bench.in_state("waiting_approval")
    assert bench.call("worker.transition", seated, to="running")["state"] == "running"


def test_a_machine_checks_that_its_table_is_closed() -> None:
    with pytest.raises(ValueError, match="states without a row"):
        StateMachine({"a": frozenset({"b"})})
    machine = StateMachine({"a": frozenset({"b"}), "b": frozenset()})
    assert machine.allows("a", "b")
    assert not machine.allows("b", "a")
    assert not machine.allows("unknown", "a")
    assert machine.known("c") is None
    assert machine.states == ["a", "b"]
