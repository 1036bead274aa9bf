"""What one mutation may cost: every method at its own limit, and no more than the budget."""

import pytest

from penholder_daemon.core import budget
from penholder_protocol import errors, limits
from penholder_protocol.limits import MAX_MUTATION_ROWS
from tests.helpers.harness import Bench, Json
from tests.helpers.stores import sqlite_only

TASK: dict[str, object] = {"tenant_id": "t", "project_id": "p", "queue": "q"}
RUN: dict[str, object] = {"tenant_id": "t", "project_id": "p", "backend_profile": "b"}
CLAIM: dict[str, object] = {"queue": "q", "runner_id": "r", "lease_ms": 1000}
SINGLE: dict[str, dict[str, object]] = {
    "event.append": {"worker_id": "w1", "type": "x"},
    "worker.heartbeat": {"worker_id": "w1"},
    "worker.create": {
        "controller_id": "c1",
        "label": "l",
        "launcher": "l",
        "profile": "p",
        "cwd": "/",
    },
    "approval.request": {"worker_id": "w1", "message": "?"},
    "controller.acquire": {"controller_id": "c2", "takeover": True, "lease_ms": 1000},
    "message.publish": {"topic": "t", "kind": "k"},
    "queue.submit": TASK,
    "queue.claim": CLAIM,
    "run.create": {**RUN, "session_ref": {"session_id": "s1"}},
    "run.claim_next": {"runner_id": "r", "lease_ms": 1000},
    "command.create": {"run_id": "r1", "type": "turn"},
    "run.append_event": {"run_id": "r1", "type": "usage"},
    "board.append_event": {"board_id": "b1", "kind": "spawned"},
    "state.set": {
        "runner_id": "r",
        "binding_identity": "b",
        "scope": "runner",
        "key": "k",
        "value": 1,
    },
}


@pytest.fixture
def full(bench: Bench) -> Bench:
    """Give what the calls are about."""
    bench.worker()
    bench.controller("c2")
    bench.call("run.create", **RUN, run_id="r1", session_ref={"session_id": "s1"})
    bench.call("board.create", board_id="b1", goal="g")
    bench.call("state.bind", runner_id="r", binding_id="b")
    return bench


@pytest.mark.parametrize("method", SINGLE)
def test_a_transaction_of_a_thousand_single_calls_passes(full: Bench, method: str) -> None:
    if method == "queue.claim":
        full.call("queue.submit_many", tasks=[TASK] * 1000)
    call = {"method": method, "params": {**SINGLE[method], "idempotency_key": None}}
    keyed = [
        {**call, "params": {**SINGLE[method], "idempotency_key": f"k{number}"}}
        for number in range(limits.MAX_TRANSACTION_CALLS)
    ]
    assert len(full.call("tx.apply", calls=keyed)["results"]) == len(keyed)


def test_every_method_at_its_own_limit_passes(full: Bench) -> None:
    events = [{"type": "x"}] * limits.MAX_APPEND_MANY
    full.call("event.append_many", worker_id="w1", events=events)
    full.call("queue.submit_many", tasks=[TASK] * limits.MAX_SUBMIT_MANY)
    claimed = full.call("queue.claim", **CLAIM, max_tasks=limits.MAX_CLAIM)["items"]
    assert len(claimed) == limits.MAX_CLAIM
    full.world.pass_ms(1000)
    # Beside what others let run out, which a claim takes back first.
    claimed = full.call("queue.claim", **CLAIM, max_tasks=limits.MAX_CLAIM)["items"]
    assert len(claimed) == limits.MAX_CLAIM


def _claims(bench: Bench, calls: int) -> Json:
    call = {"method": "queue.claim", "params": {**CLAIM, "max_tasks": 100}}
    return bench.call("tx.apply", calls=[call] * calls)


def test_many_large_claims_in_one_are_too_large_and_change_nothing(full: Bench) -> None:
    for _ in range(3):
        full.call("queue.submit_many", tasks=[TASK] * 1000)
    with pytest.raises(errors.MutationTooLarge) as caught:
        _claims(full, 30)
    assert caught.value.number == 1005
    assert caught.value.details == {
        "limit": "MAX_MUTATION_ROWS",
        "maximum": MAX_MUTATION_ROWS,
        "index": caught.value.details["index"],
    }
    assert str(MAX_MUTATION_ROWS) in caught.value.message
    assert full.call("queue.stats", queue="q")["by_state"] == {"pending": 3000}
    assert len(_claims(full, 10)["results"]) == 10


def test_its_neighbours_stand(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_MUTATION_ROWS", 50)
    events: dict[str, object] = {"worker_id": "w1", "events": [{"type": "x"}] * 30}
    calls = [
        full.invocation("event.append", {"worker_id": "w1", "type": "x"}),
        full.invocation("event.append_many", events),
        full.invocation("event.append", {"worker_id": "w1", "type": "x"}),
    ]
    first, refused, last = full.run(calls)
    assert isinstance(refused, errors.MutationTooLarge)
    assert isinstance(first, bytes)
    assert isinstance(last, bytes)
    assert full.call("event.latest", worker_id="w1")["event_seq"] == 2


@sqlite_only("steps")
def test_what_only_reads_has_a_budget_too(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    full.database.run(
        "INSERT INTO streams (name, last_seq) WITH RECURSIVE n (v) AS"
        " (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 20000) SELECT 'run:' || v, 0 FROM n"
    )
    monkeypatch.setattr(budget, "MAX_MUTATION_STEPS", 500_000)
    prune = {"method": "daemon.prune", "params": {"keep_last": 1, "dry_run": True}}
    full.call("tx.apply", calls=[prune])
    with pytest.raises(errors.MutationTooLarge) as caught:
        full.call("tx.apply", calls=[prune] * 50)
    assert caught.value.details["limit"] == "MAX_MUTATION_STEPS"


def test_so_have_many_statements_that_read_next_to_nothing(full: Bench) -> None:
    lanes = [f"lane{number}" for number in range(limits.MAX_STREAMS)]
    claim = {"method": "queue.claim", "params": {**CLAIM, "lanes": lanes}}
    full.call("tx.apply", calls=[claim] * 100)
    with pytest.raises(errors.MutationTooLarge) as caught:
        full.call("tx.apply", calls=[claim] * 1000)
    assert caught.value.details["limit"] == "MAX_MUTATION_STEPS"


def test_a_bulk_of_deletions_has_a_larger_one(full: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_MUTATION_ROWS", 5)
    monkeypatch.setattr(budget, "MAX_BULK_ROWS", 20)
    monkeypatch.setattr("penholder_daemon.rooms.state.records.values.MAX_BULK_ROWS", 20)
    at = {"runner_id": "r", "binding_identity": "b", "scope": "runner"}
    for number in range(21):
        full.call("state.set", **at, key=str(number), value=1)
    full.refused(errors.MutationTooLarge, "state.clear", runner_id="r")
    full.call("state.delete", **at, key="0")
    assert full.call("state.clear", runner_id="r") == {"deleted": 20}


def test_the_daemons_own_work_comes_in_slices(full: Bench) -> None:
    full.call("queue.submit_many", tasks=[{**TASK, "max_attempts": 2}] * 500)
    for _ in range(5):
        full.call("queue.claim", **CLAIM, max_tasks=100)
    full.world.pass_ms(1000)
    left = []
    while full.own("queue.free_due") is not None:
        left.append(full.call("queue.stats", queue="q")["by_state"]["running"])
    assert left == [300, 100]
    asked = {"worker_id": "w1", "message": "?", "deadline_ms": 1}
    full.call("tx.apply", calls=[{"method": "approval.request", "params": asked}] * 450)
    full.world.pass_ms(1)
    runs = 1
    while full.own("approval.expire_due") is not None:
        runs += 1
    assert runs == 3
    assert len(full.call("approval.list", state="expired", limit=1000)["items"]) == 450
