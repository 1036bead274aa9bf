"""Ownership with a lease: renewal, expiry, and fresh grace after a gap."""

import pytest

from penholder_daemon.core import leases
from penholder_protocol import errors
from tests.helpers.harness import Bench


def _expire(bench: Bench, milliseconds: int) -> None:
    """Let a lease run out while the writer is heard of all the time."""
    for _ in range(milliseconds // 500 + 1):
        bench.world.pass_ms(500)
        bench.committer.heartbeat()


def test_an_expired_lease_lets_the_next_acquire_without_takeover(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(999)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")
    bench.world.pass_ms(1)
    assert bench.acquire()["epoch"] == 2


def test_expiry_by_itself_grants_nothing_to_anyone(bench: Bench) -> None:
    fence = bench.owned(lease_ms=1000)
    bench.worker(fence=fence)
    _expire(bench, 1000)
    assert bench.call("controller.status", controller_id="c1")["state"] == "active"
    assert bench.call("controller.validate", controller_id="c1", **fence)["valid"]
    bench.refused(errors.FenceRequired, "worker.heartbeat", worker_id="w1")
    bench.call("worker.heartbeat", worker_id="w1", fence=fence)


def test_renew_extends_and_shows_no_token(bench: Bench) -> None:
    fence = bench.owned(lease_ms=1000)
    bench.world.pass_ms(900)
    handle = bench.call("controller.renew", controller_id="c1", lease_ms=1000, **fence)
    assert handle == {
        "controller_id": "c1",
        "instance_id": "ci_1",
        "epoch": 1,
        "token": None,
        "pid": 50,
        "host_id": bench.world.host_id,
        "created_at": "2026-01-01T00:00:00.000Z",
        "lease_expires_at": "2026-01-01T00:00:01.900Z",
    }
    bench.world.pass_ms(999)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")


def test_an_expired_owner_may_renew_until_somebody_acquires(bench: Bench) -> None:
    fence = bench.owned(lease_ms=1000)
    _expire(bench, 1000)
    bench.call("controller.renew", controller_id="c1", lease_ms=1000, **fence)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")


def test_renew_of_a_stale_or_former_owner_is_fenced(bench: Bench) -> None:
    first = bench.owned(lease_ms=1000)
    bench.acquire(takeover=True)
    refusal = bench.refused(
        errors.Fenced, "controller.renew", controller_id="c1", lease_ms=5, **first
    )
    assert refusal.details == {"controller_id": "c1", "current_epoch": 2}
    bench.call("controller.release", controller_id="c1", force=True)
    bench.refused(errors.Fenced, "controller.renew", controller_id="c1", lease_ms=5, **first)


def test_renew_can_give_a_lease_to_an_ownership_without_one(bench: Bench) -> None:
    fence = bench.owned()
    bench.call("controller.renew", controller_id="c1", lease_ms=1000, **fence)
    _expire(bench, 1000)
    assert bench.acquire()["epoch"] == 2


def test_a_takeover_ends_the_lease_of_the_one_before(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.acquire(takeover=True)
    _expire(bench, 2000)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")


def test_a_stall_is_no_time_of_any_lease(bench: Bench) -> None:
    bench.owned("c1", lease_ms=1000)
    bench.owned("c2", lease_ms=60_000)
    bench.world.pass_ms(400)
    bench.committer.heartbeat()
    bench.world.pass_ms(5000)  # nobody was heard: nobody could renew
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire("c1")
    ends_at = [
        bench.call("controller.status", controller_id=each)["active_owner"]["lease_expires_at"]
        for each in ("c1", "c2")
    ]
    assert ends_at == ["2026-01-01T00:00:06.000Z", "2026-01-01T00:01:05.000Z"]
    bench.world.pass_ms(599)
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire("c1")
    bench.world.pass_ms(1)
    assert bench.acquire("c1")["epoch"] == 2


def test_what_ran_out_before_a_stall_has_run_out(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(1000)
    bench.committer.heartbeat()
    bench.world.pass_ms(60_000)
    assert bench.acquire()["epoch"] == 2


def test_the_idle_writer_is_no_stall(bench: Bench) -> None:
    bench.owned(lease_ms=4000)
    _expire(bench, 4000)
    assert bench.acquire()["epoch"] == 2


def test_a_suspended_machine_expires_nothing_and_its_leases_begin_anew(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(900)
    bench.world.suspend(3_600_000)
    bench.world.pass_ms(999)
    bench.committer.heartbeat()
    bench.world.pass_ms(999)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")
    bench.world.pass_ms(1)
    assert bench.acquire()["epoch"] == 2


def test_a_resume_that_was_lost_with_its_transaction_is_made_good_again(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(900)
    bench.world.suspend(5000)
    bench.store.fail_at("COMMIT")
    bench.refused(errors.StoreFailed, "controller.release", controller_id="c1", force=True)
    bench.world.pass_ms(900)
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire()


def test_a_jump_of_the_wall_clock_moves_no_lease(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.set_wall(-86_400_000)
    bench.world.pass_ms(999)
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire()
    bench.world.set_wall(2 * 86_400_000)
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire()
    owner = bench.call("controller.status", controller_id="c1")["active_owner"]
    assert owner["lease_expires_at"] == "2026-01-02T00:00:01.000Z"
    bench.world.pass_ms(1)
    assert bench.acquire()["epoch"] == 2


def test_a_lease_is_judged_as_of_when_a_call_was_heard(bench: Bench) -> None:
    """Who waits in the writer's queue behind others must not lose by the time they take."""
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(900)
    bench.committer.heartbeat()
    heard_ms = bench.world.monotonic_ms()
    bench.world.pass_ms(1500)
    acquire = bench.invocation("controller.acquire", {"controller_id": "c1"})
    refused, acquired = (
        bench.committer.run([acquire], heard_ms=heard).answers[0]
        for heard in (heard_ms, bench.world.monotonic_ms())
    )
    assert isinstance(refused, errors.ControllerOwnershipConflict)
    assert isinstance(acquired, bytes)


def test_while_nothing_can_be_written_no_lease_runs_out(bench: Bench) -> None:
    fence = bench.owned(lease_ms=3000)
    for _ in range(20):
        bench.world.pass_ms(500)
        bench.store.fail_at("BEGIN IMMEDIATE")
        bench.refused(
            errors.StoreFailed, "controller.renew", controller_id="c1", lease_ms=3000, **fence
        )
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire()
    assert bench.call("controller.renew", controller_id="c1", lease_ms=3000, **fence)["epoch"] == 1


# --- the beat -----------------------------------------------------------------------------------
def _stalled_ms(bench: Bench) -> int:
    bench.world.clocks.count_stalls()
    return bench.world.clocks.stalled_ms


def test_a_gap_between_beats_is_a_stall_from_two_seconds_on(bench: Bench) -> None:
    beat = leases.Beat(bench.world)
    stalled = []
    for gap_ms in (2000, 2001, 1, 5000):
        bench.world.pass_ms(gap_ms)
        beat.beat()
        stalled.append(_stalled_ms(bench))
    assert stalled == [0, 2001, 2001, 7001]


def test_a_stall_that_lasts_is_told_by_whoever_looks_and_counts_once(bench: Bench) -> None:
    loop, writer = leases.Beat(bench.world), leases.Beat(bench.world)
    bench.world.pass_ms(1000)
    writer.beat()
    bench.world.pass_ms(3000)
    loop.look()
    assert _stalled_ms(bench) == 4000
    bench.world.pass_ms(1000)
    loop.look()
    writer.beat()
    assert _stalled_ms(bench) == 5000
    loop.beat()
    bench.world.pass_ms(100)
    loop.look()
    assert _stalled_ms(bench) == 5100 - 100


def test_stalls_apart_are_added(bench: Bench) -> None:
    clocks = bench.world.clocks
    for stall in ((10, 20), (40, 50), (15, 45), (5, 8), (60, 61)):
        clocks.stalled(*stall)
    assert _stalled_ms(bench) == 40 + 3 + 1


def test_a_start_of_the_daemon_gives_full_time_by_the_new_clock(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.pass_ms(900)
    bench.world.reboot()
    bench.restart()
    bench.world.pass_ms(999)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")
    bench.world.pass_ms(1)
    assert bench.acquire()["epoch"] == 2
