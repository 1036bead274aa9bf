"""Beside a living owner, without its fence: what happens only once, and what leads to an end."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json

BESIDE: dict[str, dict[str, object]] = {
    "worker.stop": {},
    "worker.stop force": {"force": True},
    "worker.transition canceling": {"to": "canceling"},
    "worker.transition stopped": {"to": "stopped", "last_error": "enough"},
    "approval.decide": {"request_id": "ap_1", "option": "allow"},
    "approval.cancel": {"request_id": "ap_1"},
}


def _waiting(bench: Bench, **ownership: object) -> dict[str, object]:
    """Make a worker with an owner, waiting for an approval."""
    fence = bench.owned("c1", **ownership)
    bench.worker(fence=fence)
    bench.call("worker.transition", worker_id="w1", to="running", fence=fence)
    bench.call("approval.request", worker_id="w1", message="?", fence=fence)
    return fence


def _call(bench: Bench, case: str, **fence: object) -> Json:
    return bench.call(case.partition(" ")[0], worker_id="w1", **BESIDE[case], **fence)


def _marks(bench: Bench, since: int) -> list[object]:
    return [data.get("beside_owner") for _, data in bench.notes()[since:]]


@pytest.mark.parametrize("case", BESIDE)
def test_the_fence_may_be_left_out_and_every_entry_says_so(bench: Bench, case: str) -> None:
    _waiting(bench)
    since = len(bench.notes())
    _call(bench, case)
    marks = _marks(bench, since)
    assert set(marks) == {True}
    assert bench.call("controller.status", controller_id="c1")["active_owner"]["epoch"] == 1


def test_the_state_that_a_decision_causes_says_so_too(bench: Bench) -> None:
    _waiting(bench)
    since = len(bench.notes())
    _call(bench, "approval.decide")
    assert bench.note_types()[since:] == ["approval.decided", "worker.state_changed"]
    assert _marks(bench, since) == [True, True]


@pytest.mark.parametrize("case", BESIDE)
def test_an_owner_whose_lease_ran_out_is_one(bench: Bench, case: str) -> None:
    _waiting(bench, lease_ms=10)
    bench.world.pass_ms(1000)
    since = len(bench.notes())
    _call(bench, case)
    assert set(_marks(bench, since)) == {True}


@pytest.mark.parametrize("case", BESIDE)
def test_with_the_fence_and_without_an_owner_nothing_is_said(bench: Bench, case: str) -> None:
    fence = _waiting(bench)
    since = len(bench.notes())
    _call(bench, case, fence=fence)
    assert set(_marks(bench, since)) == {None}


@pytest.mark.parametrize("case", BESIDE)
def test_nor_where_nobody_owns_it(bench: Bench, case: str) -> None:
    _waiting(bench)
    bench.call("controller.release", controller_id="c1", force=True)
    since = len(bench.notes())
    _call(bench, case)
    assert set(_marks(bench, since)) == {None}


@pytest.mark.parametrize("case", BESIDE)
def test_a_fence_that_is_given_is_checked(bench: Bench, case: str) -> None:
    former = _waiting(bench)
    bench.acquire(takeover=True)
    method = case.partition(" ")[0]
    bench.refused(errors.Fenced, method, worker_id="w1", **BESIDE[case], fence=former)


@pytest.mark.parametrize(
    "params",
    [{"to": "idle"}, {"to": "error"}, {"to": "stopped", "force": True}, {"to": "running"}],
)
def test_other_steps_take_the_fence(bench: Bench, params: dict[str, object]) -> None:
    _waiting(bench)
    bench.refused(errors.FenceRequired, "worker.transition", worker_id="w1", **params)


def test_in_a_transaction_each_call_speaks_for_itself(bench: Bench) -> None:
    fence = _waiting(bench)
    decide = {"method": "approval.decide", "params": BESIDE["approval.decide"]}
    owned = {"worker_id": "w1", "to": "idle", "fence": fence}
    step = {"method": "worker.transition", "params": owned}
    since = len(bench.notes())
    bench.call("tx.apply", calls=[decide, step])
    assert _marks(bench, since) == [True, True, None]
