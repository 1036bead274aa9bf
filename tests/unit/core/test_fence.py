"""Who may write to what has an owner: needed, fenced, no owner, always checked if given."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench

WORKER_MUTATIONS: dict[str, dict[str, object]] = {
    "worker.transition": {"to": "running"},
    "worker.stop": {},
    "worker.send": {"kind": "text"},
    "worker.remove": {},
    "worker.set_turn": {"turn_id": "t"},
    "worker.set_session": {"session_id": "s"},
    "worker.set_endpoint": {"runtime_pid": 1, "runtime_socket": "/s"},
    "worker.clear_endpoint": {},
    "worker.heartbeat": {},
    "event.append": {"type": "x"},
    "event.append_many": {"events": [{"type": "x"}]},
    "approval.request": {"message": "?"},
    "approval.decide": {"request_id": "ap_1", "option": "allow"},
    "approval.cancel": {"request_id": "ap_1"},
    "handoff.register": {"handoff_path": "/h", "checkpoint_path": "/c"},
}


def _owned_with_worker(bench: Bench) -> dict[str, object]:
    fence = bench.owned()
    bench.worker(fence=fence)
    bench.call("approval.request", worker_id="w1", message="?", fence=fence)
    return fence


def _params(method: str, fence: dict[str, object] | None) -> dict[str, object]:
    given = {} if fence is None else {"fence": fence}
    return {"worker_id": "w1", **WORKER_MUTATIONS[method], **given}


def test_the_table_has_every_fenced_method(bench: Bench) -> None:
    fenced = {method.name for method in bench.registry.public if method.fence is not None}
    assert fenced == {*WORKER_MUTATIONS, "worker.create"}


BESIDE_OWNER = {"worker.stop", "approval.decide", "approval.cancel"}
"""What may be done without the fence, too: see test_beside_owner."""


@pytest.mark.parametrize("method", sorted({*WORKER_MUTATIONS} - BESIDE_OWNER))
def test_without_fence_while_there_is_an_owner(bench: Bench, method: str) -> None:
    _owned_with_worker(bench)
    refusal = bench.refused(errors.FenceRequired, method, **_params(method, None))
    assert refusal.number == 1003
    assert refusal.details == {"controller_id": "c1", "current_epoch": 1}


@pytest.mark.parametrize("method", WORKER_MUTATIONS)
def test_a_former_owner_is_fenced(bench: Bench, method: str) -> None:
    former = _owned_with_worker(bench)
    bench.acquire(takeover=True)
    refusal = bench.refused(errors.Fenced, method, **_params(method, former))
    assert refusal.number == 1003
    assert refusal.details == {"controller_id": "c1", "current_epoch": 2}


@pytest.mark.parametrize("method", WORKER_MUTATIONS)
def test_a_fence_that_is_given_is_checked_without_an_owner_too(bench: Bench, method: str) -> None:
    former = _owned_with_worker(bench)
    bench.call("controller.release", controller_id="c1", force=True)
    refusal = bench.refused(errors.Fenced, method, **_params(method, former))
    assert refusal.details == {"controller_id": "c1", "current_epoch": 1}


# worker.remove wants a stopped worker beside the fence: see test_workers.
@pytest.mark.parametrize("method", sorted({*WORKER_MUTATIONS} - {"worker.remove"}))
def test_the_owner_passes_and_so_does_anybody_without_one(bench: Bench, method: str) -> None:
    fence = _owned_with_worker(bench)
    bench.call(method, **_params(method, fence))
    bench.worker("w2", fence=fence)
    bench.call("controller.release", controller_id="c1", **fence)
    bench.call("approval.request", worker_id="w2", message="?")
    params = {**_params(method, None), "worker_id": "w2"}
    if "request_id" in params:
        params["request_id"] = "ap_2"
    bench.call(method, **params)


def test_epoch_and_token_must_belong_together(bench: Bench) -> None:
    first = _owned_with_worker(bench)
    second = bench.acquire(takeover=True)
    for fence in (
        {"epoch": second["epoch"], "token": first["token"]},
        {"epoch": first["epoch"], "token": second["token"]},
        {"epoch": 99, "token": second["token"]},
    ):
        bench.refused(errors.Fenced, "worker.heartbeat", worker_id="w1", fence=fence)
    bench.call("worker.heartbeat", worker_id="w1", fence=second)


def test_the_fence_of_another_controller_does_not_do(bench: Bench) -> None:
    _owned_with_worker(bench)
    other = bench.owned("c2")
    bench.refused(errors.Fenced, "worker.heartbeat", worker_id="w1", fence=other)


def test_creating_is_guarded_by_the_controllers_fence(bench: Bench) -> None:
    fence = bench.owned()
    params: dict[str, object] = {
        "controller_id": "c1",
        "label": "l",
        "launcher": "sh",
        "profile": "p",
        "cwd": "/",
    }
    bench.refused(errors.FenceRequired, "worker.create", **params)
    bench.refused(
        errors.Fenced, "worker.create", **params, fence={**fence, "token": "another token"}
    )
    bench.call("worker.create", **params, fence=fence)


def test_an_unknown_controller_or_worker_is_told_before_the_fence(bench: Bench) -> None:
    fence = {"epoch": 1, "token": "t"}
    bench.refused(
        errors.ControllerNotFound,
        "worker.create",
        controller_id="none",
        label="l",
        launcher="sh",
        profile="p",
        cwd="/",
        fence=fence,
    )
    bench.refused(errors.WorkerNotFound, "worker.heartbeat", worker_id="none", fence=fence)
    bench.refused(
        errors.ApprovalNotFound, "approval.decide", request_id="no", option="x", fence=fence
    )


@pytest.mark.parametrize(
    "fence", [{}, {"epoch": 1}, {"epoch": "1", "token": "t"}, {"epoch": 1, "token": "t", "x": 1}, 5]
)
def test_a_fence_of_another_shape_is_wrong_params(bench: Bench, fence: object) -> None:
    bench.worker()
    bench.refused(errors.InvalidParams, "worker.heartbeat", worker_id="w1", fence=fence)


def test_a_null_fence_is_none(bench: Bench) -> None:
    bench.worker()
    bench.call("worker.heartbeat", worker_id="w1", fence=None)
    bench.acquire()
    bench.refused(errors.FenceRequired, "worker.heartbeat", worker_id="w1", fence=None)


def test_the_runtime_socket_takes_no_fence(bench: Bench) -> None:
    fence = bench.owned()
    bench.worker(fence=fence)
    seated = bench.seated()
    bench.call("worker.heartbeat", seated)  # the seat is the fence there
    refusal = bench.refused(errors.InvalidParams, "worker.heartbeat", seated, fence=fence)
    assert refusal.details["param"] == "fence"
