"""The tasks room: the review workflow, compare-and-set, what is published with it."""

import itertools

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.tasks import STEPS, create, listed


def published(bench: Bench, topic: str) -> list[tuple[str, str, Json]]:
    """Return kind, correlation id and payload of every message of a topic."""
    items = bench.call("message.list", topic=topic, limit=1000)["items"]
    return [(each["kind"], each["correlation_id"], each["payload"]) for each in items]


def test_create_answers_the_task_and_publishes_it(bench: Bench) -> None:
    task = bench.call("task.create", task_id="t1", branch="fix", worktree="/w", description="d")
    now = "2026-01-01T00:00:00.000Z"
    assert task == {
        "task_id": "t1",
        "state": "ASSIGNED",
        "branch": "fix",
        "worktree": "/w",
        "description": "d",
        "worker_id": None,
        "created_at": now,
        "state_changed_at": now,
        "heartbeat_at": None,
        "stale": "dead",
    }
    assert bench.call("task.get", task_id="t1") == task
    payload = {"task_id": "t1", "branch": "fix", "worktree": "/w", "description": "d"}
    assert published(bench, "orchestrator") == [("task_assign", "t1", payload)]


def test_an_absent_description_is_null(bench: Bench) -> None:
    assert create(bench)["description"] is None
    assert published(bench, "orchestrator")[0][2]["description"] is None


def test_an_id_is_used_once(bench: Bench) -> None:
    create(bench)
    refusal = bench.refused(
        errors.TaskExists, "task.create", task_id="t1", branch="main", worktree="/src"
    )
    assert (refusal.number, refusal.details) == (1002, {"task_id": "t1"})


@pytest.mark.parametrize("task_id", ["", "a b", "x" * 129, "ü", 5, None])
def test_a_task_id_is_a_word_of_128_characters(bench: Bench, task_id: object) -> None:
    bench.refused(errors.InvalidParams, "task.create", task_id=task_id, branch="b", worktree="w")


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("task.get", {}),
        ("task.transition", {"expected": "ASSIGNED", "to": "WORKING"}),
        ("task.fail", {}),
        ("task.heartbeat", {}),
        ("task.assign", {"worker_id": None}),
    ],
)
def test_an_unknown_task_is_not_found(bench: Bench, method: str, params: dict[str, object]) -> None:
    refusal = bench.refused(errors.TaskNotFound, method, task_id="none", **params)
    assert (refusal.number, refusal.details) == (1001, {"task_id": "none"})


@pytest.mark.parametrize(("expected", "to"), list(itertools.product(STEPS, STEPS)))
def test_every_pair_of_states(bench: Bench, expected: str, to: str) -> None:
    create(bench, state=expected)
    told = len(published(bench, "worker"))
    params = {"task_id": "t1", "expected": expected, "to": to}
    if to in STEPS[expected]:
        bench.world.pass_ms(5)
        task = bench.call("task.transition", **params)
        assert (task["state"], task["state_changed_at"]) == (to, "2026-01-01T00:00:00.005Z")
        change = {"from": expected, "to": to, "task_id": "t1"}
        assert published(bench, "worker")[told:] == [("state_change", "t1", change)]
    else:
        refusal = bench.refused(errors.InvalidTaskTransition, "task.transition", **params)
        assert refusal.number == 1004
        assert refusal.details == {"task_id": "t1", "expected": expected, "next_state": to}


def test_a_forbidden_pair_is_refused_before_anything_stored_is_looked_at(bench: Bench) -> None:
    create(bench, state="WORKING")
    for task_id in ("none", "t1"):
        for expected, to in (("COMPLETED", "FAILED"), ("WORKING", "WORKING")):
            bench.refused(
                errors.InvalidTaskTransition,
                "task.transition",
                task_id=task_id,
                expected=expected,
                to=to,
            )


def test_another_state_than_expected_is_stale(bench: Bench) -> None:
    create(bench, state="IN_REVIEW")
    refusal = bench.refused(
        errors.StaleState, "task.transition", task_id="t1", expected="WORKING", to="IN_REVIEW"
    )
    assert refusal.number == 1004
    assert refusal.details == {
        "task_id": "t1",
        "expected": "WORKING",
        "current_state": "IN_REVIEW",
    }


def test_of_two_that_race_one_wins(bench: Bench) -> None:
    """The check and the write are one transaction, also for calls that share a commit."""
    create(bench, state="IN_REVIEW")
    params = {"task_id": "t1", "expected": "IN_REVIEW"}
    calls = [
        bench.invocation("task.transition", {**params, "to": to}) for to in ("APPROVED", "WORKING")
    ]
    first, second = bench.run(calls)
    assert isinstance(first, bytes)
    assert isinstance(second, errors.StaleState)
    assert second.details["current_state"] == "APPROVED"
    assert [each[2]["to"] for each in published(bench, "worker")][-1] == "APPROVED"


@pytest.mark.parametrize("param", ["expected", "to"])
def test_an_unknown_state_is_wrong_and_the_states_are_named(bench: Bench, param: str) -> None:
    params = {"task_id": "t1", "expected": "ASSIGNED", "to": "WORKING", param: "working"}
    refusal = bench.refused(errors.InvalidParams, "task.transition", **params)
    for state in STEPS:
        assert state in refusal.message
    assert refusal.details["param"] == param
    assert set(refusal.details["known"]) == set(STEPS)  # type: ignore[arg-type]  # a list


@pytest.mark.parametrize("state", STEPS)
def test_fail_from_every_state_but_completed(bench: Bench, state: str) -> None:
    create(bench, state=state)
    bench.world.pass_ms(7)
    told = len(published(bench, "worker"))
    if state == "COMPLETED":
        refusal = bench.refused(errors.InvalidTaskTransition, "task.fail", task_id="t1")
        assert refusal.details["current_state"] == "COMPLETED"
        return
    task = bench.call("task.fail", task_id="t1", reason="broken")
    assert (task["state"], task["state_changed_at"]) == ("FAILED", "2026-01-01T00:00:00.007Z")
    failure = {"from": state, "task_id": "t1", "reason": "broken"}
    assert published(bench, "worker")[told:] == [("task_failed", "t1", failure)]


def test_a_failure_needs_no_reason(bench: Bench) -> None:
    create(bench)
    bench.call("task.fail", task_id="t1")
    assert published(bench, "worker")[-1][2]["reason"] == ""


def test_a_refused_step_publishes_nothing(bench: Bench) -> None:
    """The message and the change that it tells of: both or none."""
    create(bench)
    calls = [
        {"method": "task.transition", "params": step | {"task_id": "t1"}}
        for step in (
            {"expected": "ASSIGNED", "to": "WORKING"},
            {"expected": "ASSIGNED", "to": "WORKING"},
        )
    ]
    refusal = bench.refused(errors.StaleState, "tx.apply", calls=calls)
    assert refusal.details["index"] == 1
    assert bench.call("task.get", task_id="t1")["state"] == "ASSIGNED"
    assert published(bench, "worker") == []


def test_a_step_sent_again_under_its_key_is_taken_once(bench: Bench) -> None:
    create(bench)
    params = {"task_id": "t1", "expected": "ASSIGNED", "to": "WORKING", "idempotency_key": "k"}
    assert bench.call("task.transition", **params) == bench.call("task.transition", **params)
    assert len(published(bench, "worker")) == 1


def test_assign_changes_nothing_but_the_worker(bench: Bench) -> None:
    bench.worker("w1")
    task = create(bench, state="COMPLETED")
    bench.world.pass_ms(9)
    assert bench.call("task.assign", task_id="t1", worker_id="w1") == {**task, "worker_id": "w1"}
    assert bench.call("task.assign", task_id="t1", worker_id=None) == task
    assert published(bench, "orchestrator")[1:] == [
        ("worker_assigned", "t1", {"task_id": "t1", "worker_id": "w1"}),
        ("worker_assigned", "t1", {"task_id": "t1", "worker_id": None}),
    ]
    bench.refused(errors.WorkerNotFound, "task.assign", task_id="t1", worker_id="w9")
    bench.refused(errors.TaskNotFound, "task.assign", task_id="none", worker_id="w9")
    bench.refused(errors.InvalidParams, "task.assign", task_id="t1")


def test_list_is_by_the_latest_change_of_state(bench: Bench) -> None:
    for task_id in ("a", "b", "c"):
        create(bench, task_id)
    assert listed(bench) == ["c", "b", "a"]
    bench.call("task.transition", task_id="a", expected="ASSIGNED", to="WORKING")
    assert listed(bench) == ["a", "c", "b"]
    bench.call("task.heartbeat", task_id="b")
    bench.call("task.assign", task_id="b", worker_id=None)
    assert listed(bench) == ["a", "c", "b"]
    bench.call("task.fail", task_id="b")
    bench.call("task.fail", task_id="c")
    bench.call("task.fail", task_id="b")
    assert listed(bench) == ["b", "c", "a"]


def test_list_filters_combine(bench: Bench) -> None:
    bench.worker("w1")
    for number, state in enumerate(STEPS):
        create(bench, f"t{number}", state)
    bench.call("task.assign", task_id="t1", worker_id="w1")
    bench.call("task.assign", task_id="t3", worker_id="w1")
    assert listed(bench, state="WORKING") == ["t1"]
    assert listed(bench, worker_id="w1") == ["t3", "t1"]
    assert listed(bench, worker_id="w1", state="IN_REVIEW") == ["t3"]
    assert listed(bench, worker_id="w1", stale="dead") == ["t1"]
    bench.refused(errors.WorkerNotFound, "task.list", worker_id="w9")
    bench.refused(errors.InvalidParams, "task.list", state="IDLE")


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_is_one_to_a_thousand(bench: Bench, limit: int) -> None:
    bench.refused(errors.InvalidParams, "task.list", limit=limit)


def test_pages_hold_what_does_not_change_just_once(bench: Bench) -> None:
    """Some change between the pages; all the others are seen once."""
    names = [f"t{number}" for number in range(20)]
    for name in names:
        create(bench, name)
    seen: list[str] = []
    cursor: str | None = None
    for moving in itertools.count():
        page = bench.call("task.list", limit=3, cursor=cursor)
        seen += [task["task_id"] for task in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        bench.call("task.fail", task_id=f"t{moving % 2}")
        create(bench, f"new{moving}")
    assert len(seen) == len(set(seen))
    assert set(names) - {"t0", "t1"} <= set(seen)


# --- on a runtime socket ----------------------------------------------------------------------
def test_a_worker_reaches_its_own_tasks_only(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    seated = bench.seated("w1")
    for task_id, worker_id in (("mine", "w1"), ("theirs", "w2"), ("free", None)):
        create(bench, task_id)
        bench.call("task.assign", task_id=task_id, worker_id=worker_id)
    step = {"expected": "ASSIGNED", "to": "WORKING"}
    for method, params in (
        ("task.get", {}),
        ("task.transition", step),
        ("task.fail", {}),
        ("task.heartbeat", {}),
    ):
        for task_id in ("theirs", "free"):
            refusal = bench.refused(errors.Denied, method, seated, task_id=task_id, **params)
            assert refusal.number == 1006
        bench.refused(errors.TaskNotFound, method, seated, task_id="none", **params)
    assert bench.call("task.get", seated, task_id="mine")["worker_id"] == "w1"
    assert bench.call("task.transition", seated, task_id="mine", **step)["state"] == "WORKING"
    assert bench.call("task.heartbeat", seated, task_id="mine")["stale"] == "ok"
    assert bench.call("task.fail", seated, task_id="mine")["state"] == "FAILED"


def test_a_worker_lists_its_own_tasks(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    for task_id, worker_id in (("a", "w1"), ("b", "w2"), ("c", "w1"), ("d", None)):
        create(bench, task_id)
        bench.call("task.assign", task_id=task_id, worker_id=worker_id)
    peer = bench.peer("w1")
    tasks = bench.call("task.list", peer)["items"]
    assert [task["task_id"] for task in tasks] == ["c", "a"]
    bench.refused(errors.Denied, "task.list", peer, worker_id="w2")


def test_creating_and_assigning_are_for_the_control_socket(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    create(bench)
    bench.refused(errors.Denied, "task.create", seated, task_id="x", branch="b", worktree="w")
    bench.refused(errors.Denied, "task.assign", seated, task_id="t1", worker_id="w1")


def test_writing_takes_the_seat(bench: Bench) -> None:
    bench.worker("w1")
    create(bench)
    bench.call("task.assign", task_id="t1", worker_id="w1")
    peer = bench.peer("w1")
    bench.refused(errors.NotAttached, "task.heartbeat", peer, task_id="t1")
    bench.refused(errors.NotAttached, "task.fail", peer, task_id="t1")
    assert bench.call("task.get", peer, task_id="t1")["task_id"] == "t1"


def test_a_task_outlives_its_worker(bench: Bench) -> None:
    bench.worker("w1")
    create(bench)
    bench.call("task.assign", task_id="t1", worker_id="w1")
    bench.in_state("stopped")
    bench.call("worker.remove", worker_id="w1")
    assert bench.call("task.get", task_id="t1")["worker_id"] == "w1"
