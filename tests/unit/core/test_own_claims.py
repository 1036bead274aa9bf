"""On a runtime socket a worker writes to what it has claimed itself, and to nothing else."""

from collections.abc import Callable

import pytest

from penholder_daemon.core.caller import Caller
from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.queue_tasks import claim as claim_task
from tests.helpers.queue_tasks import submit
from tests.helpers.running import ask, make_run
from tests.helpers.running import claim as claim_run

LEASE = {"epoch": 1, "token": "guess"}
OF_RUN: dict[str, dict[str, object]] = {
    "run.heartbeat": {"run_id": "r1", "lease_ms": 1000},
    "run.append_event": {"run_id": "r1", "type": "usage"},
    "run.finish": {"run_id": "r1", "outcome": "completed"},
    "command.ack": {"command_id": "cmd_1"},
    "command.finish": {"command_id": "cmd_1", "outcome": "completed"},
}
OF_TASK: dict[str, dict[str, object]] = {
    "queue.heartbeat": {"queue_task_id": "a", "lease_ms": 1000},
    "queue.complete": {"queue_task_id": "a"},
    "queue.fail": {"queue_task_id": "a", "error": "no"},
    "queue.update_attempt": {"queue_task_id": "a", "state": "running", "latest_attempt": {}},
}
ALL = {**OF_RUN, **OF_TASK}


def _prepare(bench: Bench) -> Caller:
    make_run(bench)
    ask(bench)
    submit(bench, "a", max_attempts=3)
    bench.worker()
    return bench.seated()


def _proof(answer: Json) -> dict[str, object]:
    lease = answer["lease"]
    return {"epoch": lease["epoch"], "token": lease["token"]}


@pytest.mark.parametrize("method", ALL)
def test_what_nobody_holds_is_closed_to_a_worker(bench: Bench, method: str) -> None:
    seated = _prepare(bench)
    bench.refused(errors.FenceRequired, method, seated, **ALL[method])
    bench.refused(errors.Fenced, method, seated, **ALL[method], lease=LEASE)


@pytest.mark.parametrize("method", ALL)
def test_so_it_is_when_it_has_ended(bench: Bench, method: str) -> None:
    seated = _prepare(bench)
    bench.call("run.cancel", run_id="r1")
    bench.call("queue.cancel", queue_task_id="a")
    bench.refused(errors.FenceRequired, method, seated, **ALL[method])


@pytest.mark.parametrize("is_over", [False, True])
@pytest.mark.parametrize("method", ALL)
def test_what_another_has_claimed_is_denied(bench: Bench, method: str, is_over: bool) -> None:
    seated = _prepare(bench)
    claim_run(bench)
    claim_task(bench)
    if is_over:
        bench.call("run.cancel", run_id="r1")
        bench.call("queue.cancel", queue_task_id="a")
    bench.refused(errors.Denied, method, seated, **ALL[method])


@pytest.mark.parametrize("method", OF_RUN)
def test_an_ended_run_stands_for_who_had_it(bench: Bench, method: str) -> None:
    seated = _prepare(bench)
    lease = _proof(bench.call("run.claim", seated, run_id="r1", lease_ms=1000))
    bench.call("run.cancel", run_id="r1")
    for proof in ({}, {"lease": lease}):
        bench.call(method, seated, **OF_RUN[method], **proof)
    assert bench.call("run.get", run_id="r1")["state"] == "canceled"


@pytest.mark.parametrize("method", OF_TASK)
def test_an_ended_task_is_over_for_who_had_it(bench: Bench, method: str) -> None:
    seated = _prepare(bench)
    [claimed] = bench.call("queue.claim", seated, queue="q", lease_ms=1000)["items"]
    bench.call("queue.cancel", queue_task_id="a")
    over = errors.QueueTaskTerminal if method == "queue.update_attempt" else errors.Fenced
    bench.refused(over, method, seated, **OF_TASK[method], lease=_proof(claimed))
    bench.refused(over, method, seated, **OF_TASK[method])


@pytest.mark.parametrize("method", ALL)
def test_its_own_claim_opens_it(bench: Bench, method: str) -> None:
    seated = _prepare(bench)
    run = bench.call("run.claim", seated, run_id="r1", lease_ms=1000)
    [task] = bench.call("queue.claim", seated, queue="q", lease_ms=1000)["items"]
    lease = _proof(run if method in OF_RUN else task)
    bench.refused(errors.FenceRequired, method, seated, **ALL[method])
    bench.call(method, seated, **ALL[method], lease=lease)


# --- the control socket ------------------------------------------------------------------------
def _delayed(bench: Bench) -> None:
    submit(bench, "a", delay_ms=1000)


def _retried(bench: Bench) -> None:
    submit(bench, "a", max_attempts=2)
    [claimed] = claim_task(bench)
    bench.call("queue.fail", queue_task_id="a", error="no", lease=_proof(claimed))


def _expired(bench: Bench) -> None:
    submit(bench, "a", max_attempts=2)
    claim_task(bench)
    bench.world.pass_ms(1000)


def _running_elsewhere(bench: Bench) -> None:
    submit(bench, "a")
    bench.call("queue.update_attempt", **OF_TASK["queue.update_attempt"])


@pytest.mark.parametrize("prepare", [submit, _delayed, _retried, _running_elsewhere])
@pytest.mark.parametrize("method", ["queue.heartbeat", "queue.complete", "queue.fail"])
def test_a_task_that_nobody_holds_is_not_claimed(
    bench: Bench, method: str, prepare: Callable[[Bench], object]
) -> None:
    submit(bench, "a") if prepare is submit else prepare(bench)
    refusal = bench.refused(errors.QueueTaskNotClaimed, method, **OF_TASK[method])
    assert refusal.number == 1004
    assert refusal.details["queue_task_id"] == "a"
    bench.refused(errors.Fenced, method, **OF_TASK[method], lease=LEASE)
    assert bench.bugs == []


@pytest.mark.parametrize("method", ["queue.heartbeat", "queue.complete", "queue.fail"])
def test_a_lease_that_ran_out_is_over_before_the_timer_says_so(bench: Bench, method: str) -> None:
    _expired(bench)
    with pytest.raises(errors.QueueTaskNotClaimed):
        bench.call(method, **OF_TASK[method])


# --- an attempt elsewhere ------------------------------------------------------------------------
def _notes(bench: Bench) -> list[tuple[str, Json]]:
    found = bench.call("journal.read", streams=["queue:q"], limit=1000)["items"]
    return [(entry["type"], entry["data"]) for entry in found]


@pytest.mark.parametrize(
    ("state", "type_"),
    [
        ("pending", "attempt_updated"),
        ("running", "attempt_updated"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("blocked", "blocked"),
        ("canceled", "canceled"),
    ],
)
def test_an_update_is_told_in_the_stream(bench: Bench, state: str, type_: str) -> None:
    submit(bench, "a")
    given = {**OF_TASK["queue.update_attempt"], "state": state}
    task = bench.call("queue.update_attempt", **given)
    told, data = _notes(bench)[-1]
    assert told == type_
    assert data.items() >= {"queue_task_id": "a", "state": state}.items()
    is_canceled = state == "canceled"
    assert (task["canceled_at"] is not None) == is_canceled
    assert task["cancel_reason"] == ("cancel requested" if is_canceled else None)
    assert (task["state"], task["attempts"], task["version"]) == (state, 0, 2)
    assert bench.own("queue.free_due") is None


def test_a_task_that_runs_elsewhere_is_no_longer_delayed(bench: Bench) -> None:
    _delayed(bench)
    task = bench.call("queue.update_attempt", **OF_TASK["queue.update_attempt"])
    assert task["not_before_at"] is None
    bench.world.pass_ms(1000)
    bench.own("queue.free_due")
    assert claim_task(bench) == []


def test_an_update_keeps_the_path_that_it_leaves_out(bench: Bench) -> None:
    submit(bench, "a")
    given = OF_TASK["queue.update_attempt"]
    for path, kept in ((None, None), ("t/p/s", "t/p/s"), (None, "t/p/s"), ("", "")):
        task = bench.call("queue.update_attempt", **given, session_path=path)
        assert task["session_path"] == kept


def test_a_claimed_task_is_updated_with_its_lease_only(bench: Bench) -> None:
    submit(bench, "a")
    [claimed] = claim_task(bench)
    given = OF_TASK["queue.update_attempt"]
    bench.refused(errors.FenceRequired, "queue.update_attempt", **given)
    bench.refused(errors.Fenced, "queue.update_attempt", **given, lease=LEASE)
    task = bench.call("queue.update_attempt", **given, lease=_proof(claimed))
    assert (task["claimed_by"], task["attempts"]) == ("r1", 1)
