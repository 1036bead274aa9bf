"""What takes time takes that time, whatever becomes of the wall clock, daemon and machine."""

from collections.abc import Callable

import pytest

from penholder_daemon.core import durations, places
from penholder_daemon.core.rules import Rule, Rules
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS
from tests.helpers.harness import Bench, Json

DAY = 86_400_000
Disturb = Callable[[Bench], None]
JUMPS = {"a day back": -DAY, "8 days ahead": 8 * DAY, "not at all": 0}


def _nothing(_bench: Bench) -> None:
    """Go on."""


def _restart(bench: Bench) -> None:
    bench.restart()


def _reboot(bench: Bench) -> None:
    bench.world.reboot()
    bench.restart()


WITHIN_A_BOOT = {"while it runs": _nothing, "over a restart": _restart}


@pytest.fixture(params=list(JUMPS.values()), ids=list(JUMPS))
def jump_ms(request: pytest.FixtureRequest) -> int:
    """Say how the wall clock jumps."""
    return int(request.param)


@pytest.fixture(params=list(WITHIN_A_BOOT.values()), ids=list(WITHIN_A_BOOT))
def disturb(request: pytest.FixtureRequest, jump_ms: int) -> Disturb:
    """Set the wall clock, and perhaps start the daemon anew."""
    then: Disturb = request.param

    def carry_out(bench: Bench) -> None:
        bench.world.set_wall(jump_ms)
        then(bench)

    return carry_out


# --- what falls due -----------------------------------------------------------------------------
def _submit(bench: Bench, delay_ms: int = 0, **params: object) -> Json:
    given = {"tenant_id": "t", "project_id": "p", "queue": "q", "delay_ms": delay_ms}
    return bench.call("queue.submit", queue_task_id="a", **given, **params)


def _claimed(bench: Bench) -> list[Json]:
    found: list[Json] = bench.call("queue.claim", queue="q", runner_id="r", lease_ms=1000)["items"]
    return found


def _is_over_after(bench: Bench, milliseconds: int) -> None:
    """Check that a task may be claimed then and not before."""
    bench.world.pass_ms(milliseconds - 1)
    assert _claimed(bench) == []
    bench.world.pass_ms(1)
    assert len(_claimed(bench)) == 1


def test_a_delay(bench: Bench, disturb: Disturb) -> None:
    _submit(bench, delay_ms=2000)
    bench.world.pass_ms(500)
    disturb(bench)
    _is_over_after(bench, 1500)


def test_a_backoff(bench: Bench, disturb: Disturb) -> None:
    _submit(bench, max_attempts=2, backoff_ms=2000)
    [claimed] = _claimed(bench)
    lease = {"epoch": claimed["lease"]["epoch"], "token": claimed["lease"]["token"]}
    failed = bench.call("queue.fail", queue_task_id="a", error="?", lease=lease)
    row = bench.database.row("SELECT not_before_ms FROM queue_tasks")
    assert row is not None
    left_ms = int(str(row[0])) - durations.due_now(bench.rx())
    assert 2000 <= left_ms <= 2500
    assert failed["not_before_at"] > failed["updated_at"]
    disturb(bench)
    _is_over_after(bench, left_ms)


def test_a_deadline_of_an_approval(bench: Bench, disturb: Disturb) -> None:
    bench.worker()
    bench.call("approval.request", worker_id="w1", message="?", deadline_ms=2000)
    disturb(bench)
    bench.world.pass_ms(1999)
    assert bench.own("approval.expire_due") == bench.world.boottime_ms() + 1
    assert len(bench.call("approval.list")["items"]) == 1
    bench.world.pass_ms(1)
    assert bench.own("approval.expire_due") is None
    assert bench.call("approval.list")["items"] == []


def test_a_suspend_is_time_of_a_delay(bench: Bench) -> None:
    _submit(bench, delay_ms=2000)
    bench.world.suspend(1500)
    _is_over_after(bench, 500)


def test_so_is_the_time_in_which_the_daemon_is_away(bench: Bench) -> None:
    _submit(bench, delay_ms=2000)
    bench.world.pass_ms(1500)
    bench.world.set_wall(-DAY)
    bench.restart()
    _is_over_after(bench, 500)


def test_over_a_boot_a_delay_goes_on_by_the_wall_clock(bench: Bench) -> None:
    bench.controller()
    bench.world.pass_ms(700)
    _submit(bench, delay_ms=60_000)
    bench.world.reboot(off_ms=40_000)
    bench.restart()
    _is_over_after(bench, 20_000)


def test_over_a_boot_a_wall_clock_that_was_set_back_is_no_time(bench: Bench) -> None:
    bench.controller()
    bench.world.pass_ms(30_000)
    _submit(bench, delay_ms=2000)
    bench.world.pass_ms(100)
    bench.world.set_wall(-DAY)
    _reboot(bench)
    _is_over_after(bench, 2000)


def test_a_boottime_below_the_stored_one_is_another_boot(bench: Bench) -> None:
    """A copy of a virtual machine, say, goes on under the same boot id."""
    _submit(bench, delay_ms=2000)
    bench.world.uptime_ms -= 500_000
    bench.restart()
    _is_over_after(bench, 2000)


def test_times_are_told_by_the_wall_clock_as_it_is(bench: Bench, jump_ms: int) -> None:
    bench.worker()
    asked = bench.call("approval.request", worker_id="w1", message="?", deadline_ms=3000)
    task = _submit(bench, delay_ms=3000)
    assert asked["deadline_at"] == task["not_before_at"] == "2026-01-01T00:00:03.000Z"
    bench.world.set_wall(jump_ms)
    expected = bench.world.time_from_ms(bench.world.wall_ms + 3000)
    assert bench.call("approval.get", request_id=asked["request_id"])["deadline_at"] == expected
    assert bench.call("queue.get", queue_task_id="a")["not_before_at"] == expected
    bench.world.pass_ms(1000)
    assert bench.call("queue.get", queue_task_id="a")["not_before_at"] == expected


def test_what_is_told_does_not_flicker_with_the_clocks(bench: Bench) -> None:
    task = _submit(bench, delay_ms=3000)
    for by_ms in (1, 1, -3, 10):
        bench.world.set_wall(by_ms)
        assert bench.call("queue.get", queue_task_id="a") == task


def test_a_task_that_is_due_still_says_since_when(bench: Bench) -> None:
    task = _submit(bench, delay_ms=3000)
    bench.world.pass_ms(10_000)
    bench.own("queue.free_due")
    assert bench.call("queue.get", queue_task_id="a")["not_before_at"] == task["not_before_at"]
    assert _claimed(bench)[0]["task"]["not_before_at"] is None


def test_many_delays_of_one_call_store_the_clock_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rows are counted, and those would be among them.
    monkeypatch.setattr(places, "AT_ONCE", 1000)
    _submit(bench, delay_ms=1)
    before = bench.database.changed_rows
    given = {"tenant_id": "t", "project_id": "p", "queue": "q"}
    bench.call("queue.submit_many", tasks=[given] * 3)
    plain = bench.database.changed_rows - before
    bench.call("queue.submit_many", tasks=[{**given, "delay_ms": 5}] * 3)
    assert bench.database.changed_rows - before - plain == plain + 1


# --- how long something is kept -----------------------------------------------------------------
def _append(bench: Bench) -> int:
    made = bench.call("event.append", worker_id="w1", type="x", idempotency_key="k")
    seq: int = made["event_seq"]
    return seq


def test_an_idempotency_key_is_kept_its_time(bench: Bench, disturb: Disturb) -> None:
    bench.worker()
    assert _append(bench) == 1
    disturb(bench)
    bench.world.pass_ms(3000)
    bench.own("daemon.forget_old_answers")
    assert _append(bench) == 1
    bench.world.pass_ms(IDEMPOTENCY_RETENTION_MS - 3000)
    bench.own("daemon.forget_old_answers")
    assert _append(bench) == 1
    bench.world.pass_ms(1)
    bench.own("daemon.forget_old_answers")
    assert _append(bench) == 2


def test_over_a_boot_no_age_grows(bench: Bench, jump_ms: int) -> None:
    bench.worker()
    bench.world.pass_ms(90_000)
    assert _append(bench) == 1
    bench.world.set_wall(jump_ms)
    bench.world.reboot(off_ms=30 * DAY)
    bench.restart()
    bench.world.pass_ms(IDEMPOTENCY_RETENTION_MS)
    bench.own("daemon.forget_old_answers")
    assert _append(bench) == 1
    bench.world.pass_ms(1)
    bench.own("daemon.forget_old_answers")
    assert _append(bench) == 2


def _pruned(bench: Bench, older_than_ms: int, *, dry_run: bool = True) -> int:
    params = {"streams": ["worker:w1"], "older_than_ms": older_than_ms, "dry_run": dry_run}
    entries: int = bench.call("daemon.prune", **params)["entries"]
    return entries


def test_entries_grow_old_by_their_own_time(bench: Bench, disturb: Disturb) -> None:
    bench.worker()
    for _ in range(5):
        bench.call("event.append", worker_id="w1", type="x")
        bench.world.pass_ms(1000)
    disturb(bench)
    # They are 5, 4, 3, 2 and 1 seconds old by now.
    taken = [_pruned(bench, older_than_ms) for older_than_ms in (5000, 4999, 3000, 2999, 999, 0)]
    assert taken == [0, 1, 2, 3, 5, 5]


def test_entries_do_not_grow_old_over_a_boot(bench: Bench, jump_ms: int) -> None:
    bench.worker()
    bench.call("event.append", worker_id="w1", type="x")
    bench.world.pass_ms(1000)
    bench.world.set_wall(jump_ms)
    bench.world.reboot(off_ms=30 * DAY)
    bench.restart()
    bench.world.pass_ms(500)
    assert _pruned(bench, 1500) == 0
    bench.world.pass_ms(1001)
    assert _pruned(bench, 1500) == 1


def test_the_policy_counts_so_too(bench: Bench, disturb: Disturb) -> None:
    bench.worker()
    bench.call("event.append", worker_id="w1", type="x")
    bench.world.rules = Rules(retention={"worker": Rule(older_than_ms=5000)})
    disturb(bench)
    bench.world.pass_ms(5000)
    bench.own("daemon.prune_by_policy")
    assert len(bench.call("event.list", worker_id="w1")["items"]) == 1
    bench.world.pass_ms(1)
    bench.own("daemon.prune_by_policy")
    assert bench.call("event.list", worker_id="w1", after_seq=1)["items"] == []


def test_entries_from_elsewhere_are_as_old_as_they_say(bench: Bench) -> None:
    bench.worker()
    bench.world.pass_ms(10_000)
    bench.call("event.append_many", worker_id="w1", events=[{"type": "x"}] * 2)
    bench.database.run(
        "UPDATE journal SET age_ms = NULL, ts = '2026-01-01T00:00:07.000Z'"
        " WHERE type = 'x' AND seq = 1"
    )
    assert [_pruned(bench, older_than_ms) for older_than_ms in (3000, 2999)] == [0, 1]


# --- what only the wall clock can tell ----------------------------------------------------------
def test_a_task_grows_stale_by_the_wall_clock(bench: Bench) -> None:
    bench.call("task.create", task_id="t", branch="b", worktree="/t")
    bench.call("task.heartbeat", task_id="t")
    assert bench.call("task.get", task_id="t")["stale"] == "ok"
    bench.world.set_wall(DAY)
    assert bench.call("task.get", task_id="t")["stale"] == "dead"


# --- older databases ----------------------------------------------------------------------------
def test_what_was_stored_by_the_wall_clock_lies_on_the_scales(bench: Bench) -> None:
    bench.worker()
    _submit(bench, delay_ms=2000)
    bench.database.run("DELETE FROM clock")
    stored = bench.world.wall_ms + 2000
    bench.database.run("UPDATE queue_tasks SET not_before_ms = ?", stored)
    bench.restart()
    _is_over_after(bench, 2000)
