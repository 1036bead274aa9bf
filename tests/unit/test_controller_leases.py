"""Ownership with a lease: renewal, expiry, and fresh grace after a gap."""

import pytest

from penholder_daemon.core import leases
from penholder_protocol import errors
from tests.unit.harness import Bench


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


def test_a_stall_gives_every_lease_a_fresh_time(bench: Bench) -> None:
    bench.owned("c1", lease_ms=1000)
    bench.owned("c2", lease_ms=60_000)
    bench.world.pass_ms(2001)  # nobody was heard: nobody could renew
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire("c1")
    owner = bench.call("controller.status", controller_id="c1")["active_owner"]
    assert owner["lease_expires_at"] == "2026-01-01T00:00:03.001Z"
    bench.world.pass_ms(1000)
    assert bench.acquire("c1")["epoch"] == 2


def test_the_idle_writer_is_no_stall(bench: Bench) -> None:
    bench.owned(lease_ms=4000)
    _expire(bench, 4000)
    assert bench.acquire()["epoch"] == 2


def test_a_suspended_machine_expires_nothing(bench: Bench) -> None:
    """The wall clock runs on while the machine sleeps; the monotonic one stands still."""
    bench.owned(lease_ms=1000)
    bench.world.wall_ms += 3_600_000
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")


def test_grace_that_was_lost_with_its_transaction_is_given_again(bench: Bench) -> None:
    bench.owned(lease_ms=3000)
    bench.world.pass_ms(3000)
    bench.store.fail_at("COMMIT")
    bench.refused(errors.StoreFailed, "controller.release", controller_id="c1", force=True)
    with pytest.raises(errors.ControllerOwnershipConflict):
        bench.acquire()


def test_a_detector_counts_from_the_last_time_it_heard(bench: Bench) -> None:
    detector = leases.StallDetector(bench.world)
    heard = []
    for gap_ms in (2000, 2001, 1, 5000):
        bench.world.pass_ms(gap_ms)
        heard.append(detector.heard())
    assert heard == [False, True, False, True]


def test_a_start_of_the_daemon_gives_fresh_time_by_the_new_clock(bench: Bench) -> None:
    bench.owned(lease_ms=1000)
    bench.world.uptime_ms = 5  # a new boot counts from zero
    bench.world.boot_id = "boot-2"
    leases.renew_all(bench.store, bench.world)
    bench.world.pass_ms(999)
    bench.refused(errors.ControllerOwnershipConflict, "controller.acquire", controller_id="c1")
    bench.world.pass_ms(1)
    assert bench.acquire()["epoch"] == 2
