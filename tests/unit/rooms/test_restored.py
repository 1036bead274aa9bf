"""What a restored database goes through: holders are fenced, numbers go on above the old ones."""

from typing import Any

import pytest

from penholder_daemon.core import handed_out, leases, verify
from penholder_daemon.core.handed_out import UNKNOWN_STEP, HandedOut
from penholder_daemon.core.seats import Seat
from penholder_protocol import errors
from tests.frozen.make import live
from tests.helpers.harness import Bench, Json

PROJECT = {"tenant_id": "t", "project_id": "p"}
NOTHING = HandedOut(is_all=True)


def _restore(bench: Bench, known: HandedOut = NOTHING) -> Json:
    ended = bench.own("daemon.restored", known=known, file="/backup.db")
    # As at the daemon's next start.
    leases.renew_all(bench.store, bench.world)
    bench.world.pass_ms(1)
    assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []
    return ended


def _proof(lease: Json) -> dict[str, object]:
    return {"epoch": lease["epoch"], "token": lease["token"]}


def test_an_owner_is_fenced_and_the_next_one_is_above_it(bench: Bench) -> None:
    fence = bench.owned("c1", lease_ms=60_000)
    bench.worker("w1", fence=fence)
    assert _restore(bench, HandedOut(epochs={"controller:c1": 7}, is_all=True))["owners"] == 1
    told = bench.refused(errors.Fenced, "worker.stop", worker_id="w1", fence=fence)
    assert told.details["current_epoch"] == 8
    assert bench.call("controller.status", controller_id="c1")["state"] == "dormant"
    assert bench.notes()[-1][0] == "controller.released"
    assert bench.call("controller.acquire", controller_id="c1")["epoch"] == 9


def test_a_seated_process_is_fenced_and_its_worker_lost(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    process = bench.seated("w1")
    asked = bench.call("approval.request", process, message="May I?")["request_id"]
    assert _restore(bench)["seats"] == 1
    worker = bench.call("worker.get", worker_id="w1")
    assert (worker["state"], worker["recovery_state"]) == ("error", "lost")
    assert "restored from a backup" in worker["last_error"]
    assert bench.call("event.latest", worker_id="w1")["type"] == "runtime.exited"
    assert bench.call("approval.get", request_id=asked)["state"] == "canceled"
    assert bench.call("worker.get", worker_id="w2")["state"] == "idle"
    told = bench.refused(errors.Fenced, "event.append", process, type="t")
    assert told.details["current_epoch"] == 2
    assert bench.call("runtime.attach", process)["runtime_epoch"] == 3
    bench.call("event.append", process, type="t")


def test_a_process_that_was_seated_after_the_backup_is_fenced_too(bench: Bench) -> None:
    bench.worker("w1")
    later = bench.peer("w1")
    seat = Seat("w1", 4, later.lineage[0], bench.world.boot_id, bench.world.now(), None)
    _restore(bench, HandedOut(epochs={"worker:w1": 4}, seats=[seat], is_all=True))
    bench.refused(errors.Fenced, "event.append", later, type="t")
    assert bench.call("runtime.attach", later)["runtime_epoch"] == 6


def test_a_claimed_run_can_be_claimed_by_anybody_at_once(bench: Bench) -> None:
    bench.call("run.create", run_id="r1", backend_profile="b", session_ref={"session_id": "s"},
               **PROJECT)  # fmt: skip
    lease = bench.call("run.claim", run_id="r1", runner_id="old", lease_ms=86_400_000)["lease"]
    assert _restore(bench, HandedOut(epochs={"run:r1": 5}, is_all=True))["runs"] == 1
    told = bench.refused(
        errors.Fenced, "run.append_event", run_id="r1", type="usage", lease=_proof(lease)
    )
    assert told.details["current_epoch"] == 7
    bench.refused(errors.FenceRequired, "run.append_event", run_id="r1", type="usage")
    new = bench.call("run.claim_next", runner_id="new", lease_ms=1000)["lease"]
    assert new["epoch"] == 8
    done = bench.call("run.finish", run_id="r1", outcome="completed", lease=_proof(new))
    assert done["state"] == "completed"
    assert bench.call("session.get", session_id="s")["state"] == "terminal"


def test_a_run_that_was_claimed_after_the_backup_is_fenced_too(bench: Bench) -> None:
    bench.call("run.create", run_id="r1", backend_profile="b", **PROJECT)
    _restore(bench, HandedOut(epochs={"run:r1": 1}, is_all=True))
    lease = {"epoch": 1, "token": "given out after the backup"}
    bench.refused(errors.Fenced, "run.append_event", run_id="r1", type="usage", lease=lease)
    assert bench.call("run.get", run_id="r1")["state"] == "pending"
    assert bench.call("run.claim", run_id="r1", runner_id="r", lease_ms=9)["lease"]["epoch"] == 3


@pytest.mark.parametrize("max_attempts", [1, 3])
def test_a_claimed_task_is_pending_again(bench: Bench, max_attempts: int) -> None:
    bench.call("queue.submit", queue="q", queue_task_id="t1", max_attempts=max_attempts, **PROJECT)
    claim = {"queue": "q", "lease_ms": 86_400_000}
    (held,) = bench.call("queue.claim", runner_id="old", **claim)["items"]
    assert _restore(bench)["queue_tasks"] == 1
    task = bench.call("queue.get", queue_task_id="t1")
    assert (task["state"], task["attempts"], task["claimed_by"]) == ("pending", 0, None)
    bench.refused(errors.Fenced, "queue.complete", queue_task_id="t1", lease=_proof(held["lease"]))
    (again,) = bench.call("queue.claim", runner_id="new", **claim)["items"]
    assert again["task"]["attempts"] == 1
    assert again["lease"]["epoch"] > held["lease"]["epoch"]
    bench.call("queue.complete", queue_task_id="t1", lease=_proof(again["lease"]))


def test_a_task_that_runs_elsewhere_without_a_claim_is_left_alone(bench: Bench) -> None:
    bench.call("queue.submit", queue="q", queue_task_id="t1", **PROJECT)
    bench.call("queue.update_attempt", queue_task_id="t1", state="running", latest_attempt={})
    assert _restore(bench)["queue_tasks"] == 0
    assert bench.call("queue.get", queue_task_id="t1")["state"] == "running"


def test_the_last_holder_of_what_has_ended_is_fenced(bench: Bench) -> None:
    bench.call("run.create", run_id="r1", backend_profile="b", **PROJECT)
    lease = bench.call("run.claim", run_id="r1", runner_id="r", lease_ms=1000)["lease"]
    finish = {"run_id": "r1", "outcome": "completed", "lease": _proof(lease)}
    bench.call("run.finish", **finish)
    _restore(bench)
    bench.refused(errors.Fenced, "run.finish", **finish)


def test_it_is_told_in_the_stream_of_the_daemon(bench: Bench) -> None:
    bench.owned()
    pos = bench.call("journal.position")["pos"]
    _restore(bench)
    (entry,) = bench.call("journal.read", streams=["daemon"])["items"]
    assert entry["type"] == "daemon.restored"
    assert entry["data"] == {
        "file": "/backup.db", "backup_pos": pos, "known": True, "owners": 1, "seats": 0,
        "runs": 0, "queue_tasks": 0, "uid": 0, "pid": 1,
        "host_id": bench.world.host_id,
    }  # fmt: skip


def test_positions_and_versions_go_on_above_what_was_given_out(bench: Bench) -> None:
    bench.owned()
    known = HandedOut(
        sequences={"journal": 5000, "tasks": 70, "no_such_table": 3},
        counters={"sessions": 600, "queue_tasks": 800},
        is_all=True,
    )
    _restore(bench, known)
    entries = bench.call("journal.read", streams=["*"], after=5000)["items"]
    assert [entry["type"] for entry in entries] == ["controller.released", "daemon.restored"]
    assert entries[0]["pos"] == 5001
    submit = bench.call("queue.submit", queue="q", **PROJECT)
    assert submit["version"] == 801
    ref = {"session_id": "s"}
    bench.call("run.create", run_id="r", backend_profile="b", session_ref=ref, **PROJECT)
    assert bench.call("session.get", session_id="s")["version"] == 601


def test_what_the_backup_has_given_out_counts_as_well(bench: Bench) -> None:
    bench.owned()
    fence = bench.acquire(takeover=True)
    pos = bench.call("journal.position")["pos"]
    _restore(bench, HandedOut(epochs={"controller:c1": 1}, sequences={"journal": 1}, is_all=True))
    assert bench.call("journal.position")["pos"] > pos
    assert bench.acquire()["epoch"] == int(str(fence["epoch"])) + 2


def test_where_it_is_not_known_the_step_is_large(bench: Bench) -> None:
    bench.owned()
    bench.world.wall_ms = 0  # a clock that was lost too
    _restore(bench, HandedOut(epochs={"controller:gone": 3}, is_all=False))
    assert bench.acquire()["epoch"] == UNKNOWN_STEP + 2
    assert bench.owned("c2")["epoch"] == UNKNOWN_STEP + 1
    assert bench.call("journal.position")["pos"] > UNKNOWN_STEP
    assert bench.call("queue.submit", queue="q", **PROJECT)["version"] > UNKNOWN_STEP
    epochs = handed_out.read(bench.rx(), is_all=True).epochs
    assert epochs["controller:gone"] == UNKNOWN_STEP + 3


def test_the_same_backup_twice_gives_nothing_out_again() -> None:
    """Though of what the first restore gave out nothing is known at the second."""

    def given_out(at_ms: int) -> list[int]:
        bench = Bench()
        bench.owned()
        bench.world.wall_ms += at_ms
        _restore(bench, HandedOut(is_all=False))
        pos = bench.call("journal.position")["pos"]
        return [bench.acquire()["epoch"], bench.owned("c2")["epoch"], pos]

    assert all(
        late > early + 900_000 for early, late in zip(given_out(0), given_out(1000), strict=True)
    )


def test_twice_goes_on_above_the_first_time(bench: Bench) -> None:
    bench.owned()
    _restore(bench)
    first = bench.acquire()["epoch"]
    _restore(bench, handed_out.read(bench.rx(), is_all=True))
    assert int(str(bench.acquire()["epoch"])) > int(str(first))


def test_keys_within_the_backup_still_answer(bench: Bench) -> None:
    bench.worker("w1")
    append: dict[str, Any] = {"worker_id": "w1", "type": "t", "idempotency_key": "once"}
    first = bench.call("event.append", **append)
    _restore(bench)
    assert bench.call("event.append", **append) == first


def test_a_database_with_something_of_everything_stays_sound() -> None:
    bench = live()
    held = handed_out.read(bench.rx(), is_all=True)
    ended = _restore(bench, held)
    assert all(ended.values()), f"nothing of some kind was held: {ended}"
    after = handed_out.read(bench.rx(), is_all=True)
    assert after.seats == []
    assert all(after.epochs[subject] > epoch for subject, epoch in held.epochs.items())
    assert bench.database.row("SELECT 1 FROM instances WHERE is_active = 1") is None
    holders = bench.database.rows("SELECT subject FROM fences WHERE token_hash IS NOT NULL")
    # A voided claim has a holder whom nobody knows.
    assert list(holders) == [("run:run_held",)]


def test_nothing_is_served_of_it(bench: Bench) -> None:
    """It is no method that a socket serves."""
    with pytest.raises(errors.MethodNotFound):
        bench.registry.require("daemon.restored")
