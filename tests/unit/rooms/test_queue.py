"""The queue room: submitting, claiming in order, retrying, expiring, counting, reading."""

from penholder_daemon.core.caller import RUNTIME
from penholder_daemon.core.effects import WakeAt, WakeWaiters
from penholder_protocol.errors import (
    Denied,
    Fenced,
    FenceRequired,
    IdempotencyConflict,
    IdempotencyNotKept,
    InvalidParams,
    NotAttached,
    QueueTaskExists,
    QueueTaskNotFound,
    QueueTaskTerminal,
)
from tests.helpers.harness import Bench, Json
from tests.helpers.queue_tasks import IN, claim, submit
from tests.helpers.running import findings


def proof(claimed: Json) -> dict[str, object]:
    """Return the params that name a claimed task and prove it."""
    lease = {"epoch": claimed["lease"]["epoch"], "token": claimed["lease"]["token"]}
    return {"queue_task_id": claimed["task"]["queue_task_id"], "lease": lease}


def ids(tasks: list[Json]) -> list[str]:
    """Return the names of tasks."""
    return [task["queue_task_id"] for task in tasks]


def types(bench: Bench) -> list[str]:
    """Return the types in the queue's stream."""
    found = bench.call("journal.read", streams=["queue:q"], limit=1000)
    return [entry["type"] for entry in found["items"]]


def test_a_task_starts_pending_with_the_defaults(bench: Bench) -> None:
    task = submit(bench, payload={"b": 1, "a": 2})
    assert task["queue_task_id"].startswith("qt_")
    assert (task["state"], task["lane"], task["priority"]) == ("pending", "default", 0)
    assert (task["version"], task["attempts"], task["max_attempts"]) == (1, 0, 1)
    assert task["payload_hash"] == submit(bench, payload={"a": 2, "b": 1})["payload_hash"]
    assert task["latest_attempt"] is None
    assert "unread" not in task


def test_the_same_id_again_is_refused(bench: Bench) -> None:
    submit(bench, "a")
    bench.refused(QueueTaskExists, "queue.submit", **IN, queue_task_id="a")


def test_a_key_counts_in_its_project_for_ever_and_answers_the_task_as_it_stands(
    bench: Bench,
) -> None:
    first = submit(bench, idempotency_key="k", payload={"n": 1})
    bench.call("queue.cancel", queue_task_id=first["queue_task_id"])
    again = submit(bench, idempotency_key="k", payload={"n": 1})
    assert (again["queue_task_id"], again["state"]) == (first["queue_task_id"], "canceled")
    other = submit(bench, idempotency_key="k", payload={"n": 2}, project_id="other")
    assert other["queue_task_id"] != first["queue_task_id"]
    bench.refused(IdempotencyConflict, "queue.submit", **IN, idempotency_key="k", payload={"n": 2})


def test_many_are_submitted_all_or_none(bench: Bench) -> None:
    tasks = [{**IN, "queue_task_id": name} for name in ("a", "b", "a")]
    bench.refused(QueueTaskExists, "queue.submit_many", tasks=tasks)
    assert ids(bench.call("queue.submit_many", tasks=tasks[:2])["items"]) == ["a", "b"]
    bench.refused(InvalidParams, "queue.submit_many", tasks=[])


def test_claims_come_by_priority_then_age_then_id(bench: Bench) -> None:
    for name, priority in (("b", 0), ("a", 0), ("high", 5)):
        submit(bench, name, priority=priority)
    bench.world.pass_ms(5)
    submit(bench, "0-late")
    listed = bench.call("queue.list", queue="q")["items"]
    assert ids(listed) == ["high", "a", "b", "0-late"]
    claimed = claim(bench, max_tasks=100)
    assert ids([each["task"] for each in claimed]) == ids(listed)
    assert claim(bench) == []


def test_who_waits_longest_is_next_though_the_clock_was_set_back(bench: Bench) -> None:
    submit(bench, "9", max_attempts=2, backoff_ms=0)
    [taken] = claim(bench)
    bench.world.set_wall(-3_600_000)
    submit(bench, "8")
    bench.world.set_wall(-3_600_000)
    bench.restart()
    for name in ("7", "6"):
        submit(bench, name)
    bench.call("queue.fail", **proof(taken), error="e")
    assert ids(bench.call("queue.list", queue="q")["items"]) == ["9", "8", "7", "6"]
    assert [each["task"]["queue_task_id"] for each in claim(bench, max_tasks=9)] == list("9876")
    # Whoever waits for nobody is of the time that it is.
    assert submit(bench, priority=1)["created_at"] == bench.world.now()


def test_lanes_limit_a_claim(bench: Bench) -> None:
    for name, lane in (("a", "slow"), ("b", "fast"), ("c", "fast")):
        submit(bench, name, lane=lane)
    assert ids([each["task"] for each in claim(bench, lanes=["fast"], max_tasks=2)]) == ["b", "c"]
    assert ids([each["task"] for each in claim(bench, lanes=["slow", "fast"])]) == ["a"]


def test_a_claimed_task_is_its_claimers(bench: Bench) -> None:
    submit(bench, "a")
    [claimed] = claim(bench)
    assert claimed["task"]["state"] == "running"
    assert (claimed["task"]["claimed_by"], claimed["task"]["attempts"]) == ("r1", 1)
    refused = bench.refused(FenceRequired, "queue.complete", queue_task_id="a")
    assert refused.details["current_epoch"] == 1
    wrong = {"epoch": 1, "token": "wrong"}
    bench.refused(Fenced, "queue.complete", queue_task_id="a", lease=wrong)
    done = bench.call("queue.complete", **proof(claimed), result={"ok": True})
    assert (done["state"], done["result"], done["lease_expires_at"]) == (
        "completed", {"ok": True}, None,
    )  # fmt: skip
    bench.refused(Fenced, "queue.complete", **proof(claimed))
    bench.refused(Fenced, "queue.heartbeat", **proof(claimed), lease_ms=1000)
    bench.refused(QueueTaskNotFound, "queue.complete", queue_task_id="none")


def test_a_claim_under_a_key_is_not_kept(bench: Bench) -> None:
    submit(bench, "a")
    claim(bench, idempotency_key="k")
    bench.refused(
        IdempotencyNotKept, "queue.claim", queue="q", runner_id="r1", lease_ms=1000,
        idempotency_key="k",
    )  # fmt: skip


def test_a_failed_attempt_is_tried_again_after_a_growing_pause(bench: Bench) -> None:
    submit(bench, "a", max_attempts=3, backoff_ms=1000)
    pauses = []
    for attempt in (1, 2):
        [claimed] = claim(bench)
        task = bench.call("queue.fail", **proof(claimed), error="no")
        assert (task["state"], task["attempts"], task["error"]) == ("pending", attempt, "no")
        assert task["claimed_by"] is None
        assert claim(bench) == []
        before = bench.world.wall_ms
        while not (found := claim(bench)):
            bench.world.pass_ms(50)
        pauses.append(bench.world.wall_ms - before)
        if attempt == 1:
            bench.call("queue.fail", **proof(found[0]), error="no")
            bench.world.pass_ms(10_000)
        else:
            final = bench.call("queue.fail", **proof(found[0]), error="over")
            assert (final["state"], final["error"]) == ("failed", "over")
        if attempt == 1:
            break
    assert 1000 <= pauses[0] <= 1300
    [claimed] = claim(bench)
    final = bench.call("queue.fail", **proof(claimed), error="over")
    assert (final["state"], final["attempts"]) == ("failed", 3)
    assert types(bench).count("retried") == 2


def test_a_failure_without_retry_is_final(bench: Bench) -> None:
    submit(bench, "a", max_attempts=9)
    [claimed] = claim(bench)
    assert bench.call("queue.fail", **proof(claimed), error="no", retry=False)["state"] == "failed"


def test_a_lease_that_runs_out_frees_the_task_and_fences_its_holder(bench: Bench) -> None:
    submit(bench, "a", max_attempts=2)
    [first] = claim(bench, "r1")
    bench.world.pass_ms(999)
    assert claim(bench, "r2") == []
    bench.world.pass_ms(1)
    [second] = claim(bench, "r2")
    assert (second["task"]["claimed_by"], second["task"]["attempts"]) == ("r2", 2)
    refused = bench.refused(Fenced, "queue.complete", **proof(first))
    assert refused.details["current_epoch"] == 2
    bench.world.pass_ms(1000)
    assert claim(bench, "r3") == []
    task = bench.call("queue.get", queue_task_id="a")
    assert (task["state"], task["error"]) == ("failed", "lease expired")
    assert "expired" in types(bench)


def test_who_let_its_lease_run_out_notes_no_attempt(bench: Bench) -> None:
    submit(bench, "a", max_attempts=2)
    [claimed] = claim(bench)
    bench.world.pass_ms(1000)
    noted = {"state": "completed", "latest_attempt": {}}
    bench.refused(Fenced, "queue.update_attempt", **proof(claimed), **noted)
    assert bench.call("queue.get", queue_task_id="a")["state"] != "completed"


def test_a_claim_without_a_holder_is_found(bench: Bench) -> None:
    submit(bench, "a")
    claim(bench)
    assert findings(bench) == set()
    bench.database.run("DELETE FROM leases WHERE subject = 'queue_task:a'")
    assert findings(bench) == {"queue_tasks_claimed_by_holders"}


def test_a_heartbeat_renews_the_lease_and_shows_no_token(bench: Bench) -> None:
    submit(bench, "a")
    [claimed] = claim(bench)
    bench.world.pass_ms(900)
    beaten = bench.call("queue.heartbeat", **proof(claimed), lease_ms=1000)
    assert (beaten["lease"]["epoch"], beaten["lease"]["token"]) == (1, None)
    assert beaten["task"]["version"] == claimed["task"]["version"]
    bench.world.pass_ms(900)
    assert bench.call("queue.complete", **proof(claimed))["state"] == "completed"


def test_a_delayed_task_waits_for_its_time(bench: Bench) -> None:
    task = submit(bench, "a", delay_ms=1000)
    assert task["not_before_at"] is not None
    assert claim(bench) == []
    bench.world.pass_ms(1000)
    assert len(claim(bench)) == 1


def test_a_paused_queue_gives_out_nothing(bench: Bench) -> None:
    submit(bench, "a")
    assert bench.call("queue.pause", queue="q") == {"queue": "q", "paused": True}
    assert bench.call("queue.pause", queue="q") == {"queue": "q", "paused": True}
    assert claim(bench) == []
    assert bench.call("queue.stats", queue="q")["paused"] is True
    bench.call("queue.resume", queue="q")
    assert len(claim(bench)) == 1
    assert types(bench).count("paused") == 1


def test_canceling_fences_the_holder_and_the_end_stays(bench: Bench) -> None:
    submit(bench, "a")
    [claimed] = claim(bench)
    canceled = bench.call("queue.cancel", queue_task_id="a", reason="enough")
    assert (canceled["state"], canceled["cancel_reason"]) == ("canceled", "enough")
    assert canceled["canceled_at"] is not None
    bench.refused(Fenced, "queue.complete", **proof(claimed))
    assert bench.call("queue.cancel", queue_task_id="a", reason="again") == canceled


def test_an_attempt_elsewhere_is_noted_and_counts_none(bench: Bench) -> None:
    submit(bench, "a")
    given = {"queue_task_id": "a", "latest_attempt": {"run": 1}}
    task = bench.call("queue.update_attempt", **given, state="running", session_path="t/p/s")
    assert (task["state"], task["attempts"], task["session_path"]) == ("running", 0, "t/p/s")
    assert claim(bench) == []
    task = bench.call("queue.update_attempt", **given, state="blocked")
    assert (task["state"], task["session_path"]) == ("blocked", "t/p/s")
    bench.refused(QueueTaskTerminal, "queue.update_attempt", **given, state="pending")


def test_an_attempt_that_goes_back_to_pending_can_be_claimed(bench: Bench) -> None:
    submit(bench, "a")
    given = {"queue_task_id": "a", "latest_attempt": {}}
    bench.call("queue.update_attempt", **given, state="running")
    bench.call("queue.update_attempt", **given, state="pending")
    assert len(claim(bench)) == 1


def test_counts_follow_every_change(bench: Bench) -> None:
    for name, lane in (("a", "x"), ("b", "x"), ("c", "y")):
        submit(bench, name, lane=lane)
    [claimed] = claim(bench)
    bench.call("queue.complete", **proof(claimed))
    stats = bench.call("queue.stats", queue="q")
    assert (stats["total"], stats["by_state"]) == (3, {"completed": 1, "pending": 2})
    assert stats["by_lane"] == {"x": 2, "y": 1}
    assert stats["max_version"] == 5
    everything = bench.call("queue.stats")
    assert (everything["queue"], everything["paused"], everything["total"]) == (None, None, 3)
    empty = bench.call("queue.stats", queue="none")
    assert (empty["total"], empty["by_state"], empty["max_version"]) == (0, {}, 0)
    overview = bench.call("queue.overview", queue="q")
    assert overview["stats"]["total"] == len(overview["items"]) == 3


def test_a_reader_knows_what_it_has_not_read(bench: Bench) -> None:
    submit(bench, "a")
    submit(bench, "b")
    read = bench.call("queue.mark_read", queue_task_id="a", reader_id="me")
    assert read["task_version"] == 1
    listed = bench.call("queue.list", queue="q", reader_id="me")["items"]
    assert [(t["read_version"], t["unread"]) for t in listed] == [(1, False), (None, True)]
    bench.call("queue.cancel", queue_task_id="a")
    [task] = bench.call("queue.list", queue="q", reader_id="me", after_version=2)["items"]
    assert (task["queue_task_id"], task["unread"]) == ("a", True)


def test_pages_neither_skip_nor_repeat_while_tasks_change(bench: Bench) -> None:
    for number in range(10):
        submit(bench, f"t{number}", priority=number % 3)
    seen: list[str] = []
    cursor = None
    while True:
        page = bench.call("queue.list", queue="q", limit=3, cursor=cursor)
        seen += ids(page["items"])
        bench.call("queue.cancel", queue_task_id=page["items"][0]["queue_task_id"])
        submit(bench, priority=9)
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 10
    bench.refused(InvalidParams, "queue.list", cursor="nonsense")


def test_a_worker_is_its_own_runner(bench: Bench) -> None:
    bench.worker("w1")
    stranger = bench.peer("w1", 900)
    given = {"queue": "q", "lease_ms": 1000}
    bench.refused(NotAttached, "queue.claim", stranger, **given)
    peer = bench.seated("w1")
    assert peer.socket == RUNTIME
    submit(bench, "a")
    submit(bench, "b")
    bench.refused(Denied, "queue.claim", peer, **given, runner_id="other")
    [claimed] = bench.call("queue.claim", peer, **given)["items"]
    assert claimed["task"]["claimed_by"] == "w1"
    claim(bench, "other")
    assert bench.call("queue.get", peer, queue_task_id="a")["claimed_by"] == "w1"
    bench.refused(Denied, "queue.get", peer, queue_task_id="b")
    assert bench.call("queue.complete", peer, **proof(claimed))["state"] == "completed"
    bench.refused(Denied, "queue.list", peer)


def test_a_wait_claims_as_soon_as_there_is_something(bench: Bench) -> None:
    given = {"queue": "q", "runner_id": "r", "lease_ms": 1000}
    first = bench.claim(bench.invocation("queue.wait", given))
    assert (first.ready, first.streams) == (False, ("queue:q",))
    submit(bench, "a")
    assert bench.claim(bench.invocation("queue.wait", given)).ready is True


def test_who_waits_is_woken_when_a_delay_is_over(bench: Bench) -> None:
    submit(bench, "a", delay_ms=1000)
    assert WakeAt(bench.world.boottime_ms() + 1000) in bench.effects
    bench.world.pass_ms(1000)
    assert bench.own("queue.free_due") is None
    assert WakeWaiters("queue:q") in bench.effects


def test_the_daemon_looks_again_when_the_next_lease_ends(bench: Bench) -> None:
    submit(bench, "a")
    claim(bench, lease_ms=5000)
    assert bench.own("queue.free_due") == bench.world.boottime_ms() + 5000
    for _ in range(5):
        bench.world.pass_ms(1000)
        due = bench.own("queue.free_due")
    assert due is None
    assert bench.call("queue.get", queue_task_id="a")["state"] == "failed"


def test_a_stall_gives_every_lease_its_time_again(bench: Bench) -> None:
    submit(bench, "a", max_attempts=2)
    [claimed] = claim(bench, lease_ms=3000)
    bench.world.pass_ms(60_000)
    assert bench.call("queue.complete", **proof(claimed))["state"] == "completed"
