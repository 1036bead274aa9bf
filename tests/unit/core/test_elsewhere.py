"""What another host is to do is left for it, and done there once it looks."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from penholder_daemon.core import effects, elsewhere
from penholder_daemon.core.effects import (
    CloseWorker,
    Effect,
    EndProcess,
    FenceOff,
    ServeWorker,
    WakeAt,
    WakeWaiters,
)
from penholder_daemon.core.world import Process
from tests.helpers.harness import Bench
from tests.helpers.shared_hosts import Fleet, HostBench
from tests.helpers.stores import sqlite_only

pytestmark = sqlite_only("one file that several connections share within one thread")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Give three hosts that have carried out all that was left for them."""
    made = Fleet(tmp_path / "shared.db", "a", "b", "c")
    made["a"].controller()
    for host in made.hosts.values():
        host.own("host.carry_out")
        host.effects.clear()
    yield made
    made.close()


def _done(host: HostBench) -> list[Effect]:
    """What a host does now, with what others have left for it; but for its timers."""
    host.own("host.carry_out")
    found: list[Effect] = [effect for effect in host.effects if not isinstance(effect, WakeAt)]
    host.effects.clear()
    return found


def _create(bench: Bench, worker_id: str, **more: object) -> None:
    bench.call(
        "worker.create", worker_id=worker_id, controller_id="c1", label=worker_id, launcher="l",
        profile="p", cwd="/", **more,
    )  # fmt: skip


def test_a_worker_that_is_made_for_another_host_is_served_there(fleet: Fleet) -> None:
    _create(fleet["a"], "w1", host_id="host_b")
    assert _done(fleet["a"]) == []
    assert _done(fleet["c"]) == []
    assert _done(fleet["b"]) == [ServeWorker("w1")]
    assert _done(fleet["b"]) == [], "it is done once"


def test_a_worker_of_ones_own_is_nobody_elses_matter(fleet: Fleet) -> None:
    _create(fleet["a"], "w1")
    assert _done(fleet["a"]) == [ServeWorker("w1")]
    assert _done(fleet["b"]) == []
    assert fleet["a"].database.row("SELECT COUNT(*) FROM host_effects") == (0,)


def test_its_whole_life_is_steered_from_elsewhere(fleet: Fleet) -> None:
    _create(fleet["a"], "w1", host_id="host_b")
    seated = fleet["b"].seated("w1")
    fleet["b"].call("worker.transition", seated, to="running")
    _done(fleet["b"])
    fleet["a"].call("worker.stop", worker_id="w1", force=True)
    assert EndProcess("w1") in _done(fleet["b"])
    assert not [each for each in _done(fleet["a"]) if isinstance(each, EndProcess)]


def test_a_removed_worker_is_closed_on_its_host(fleet: Fleet) -> None:
    _create(fleet["a"], "w1", host_id="host_b")
    fleet["a"].in_state("stopped", "w1")
    _done(fleet["b"])
    fleet["c"].call("worker.remove", worker_id="w1")
    assert CloseWorker("w1", drop_connections=True) in _done(fleet["b"])
    assert CloseWorker("w1", drop_connections=True) not in _done(fleet["c"])


def test_whoever_waits_is_woken_on_every_host(fleet: Fleet) -> None:
    _create(fleet["a"], "w1")
    fleet["a"].in_state("stopped", "w1")
    for host in fleet.hosts.values():
        _done(host)
    fleet["a"].call("worker.remove", worker_id="w1")
    for host in fleet.hosts.values():
        assert WakeWaiters("worker:w1") in _done(host)
        assert WakeWaiters("worker:w1") not in _done(host), "what was left is not left again"


def test_nothing_is_left_of_what_was_refused(fleet: Fleet) -> None:
    fleet["a"].store.fail_at("COMMIT")
    with pytest.raises(Exception, match="the disk is full"):
        _create(fleet["a"], "w1", host_id="host_b")
    assert _done(fleet["b"]) == []


def test_what_is_for_a_host_that_was_taken_for_gone_waits_for_it(fleet: Fleet) -> None:
    _create(fleet["a"], "w1", host_id="host_b")
    _done(fleet["b"])
    fleet.pass_ms(100_000, "a", "c")
    fleet["a"].own("host.keep")
    assert fleet["a"].call("worker.get", worker_id="w1")["recovery_state"] == "unreachable"
    fleet["a"].call("worker.stop", worker_id="w1")
    fleet["b"].own("host.keep")
    assert CloseWorker("w1") in _done(fleet["b"])


def test_those_who_look_after_what_is_due_take_over_from_one_that_is_gone(fleet: Fleet) -> None:
    fleet.pass_ms(100_000, "a", "c")
    fleet["a"].effects.clear()
    fleet["a"].own("host.keep")
    now_ms = fleet["a"].world.boottime_ms()
    assert WakeAt(now_ms) in fleet["a"].effects


def test_one_that_starts_again_and_again_keeps_no_other_from_being_missed(fleet: Fleet) -> None:
    for _ in range(12):
        fleet.pass_ms(10_000, "a", "c")
        fleet["a"].world.restart()
        fleet["a"].begin()
        fleet["a"].own("host.join")
        fleet["c"].own("host.keep")
    states = {each["host_id"]: each["state"] for each in fleet["a"].call("host.list")["items"]}
    assert states == {"host_a": "active", "host_b": "expired", "host_c": "active"}


def test_one_host_by_itself_leaves_nothing(tmp_path: Path) -> None:
    alone = Fleet(tmp_path / "alone.db", "a")
    alone["a"].controller()
    _create(alone["a"], "w1")
    alone["a"].in_state("stopped", "w1")
    alone["a"].call("worker.remove", worker_id="w1")
    assert alone["a"].database.row("SELECT COUNT(*) FROM host_effects") == (0,)
    alone.close()


def test_a_long_list_is_taken_piece_by_piece(fleet: Fleet) -> None:
    for number in range(elsewhere._AT_ONCE + 1):
        fleet["a"].database.run(
            "INSERT INTO host_effects (host_id, effect) VALUES ('host_b', ?)",
            msgspec.json.encode(WakeWaiters(f"queue:{number}")).decode(),
        )
    assert len(_done(fleet["b"])) == elsewhere._AT_ONCE
    assert _done(fleet["b"]) == [WakeWaiters(f"queue:{elsewhere._AT_ONCE}")]


@pytest.mark.parametrize("effect", [
    ServeWorker("w"), CloseWorker("w", drop_connections=True), EndProcess("w"),
    effects.WatchProcess("w", 3, Process(1, 2)), effects.ForgetProcess("w", 3),
    FenceOff("w", 3, Process(1, 2), Process(3, 4)), effects.WithdrawStream("s", "w"),
    WakeAt(5), WakeWaiters("s"), effects.RemoveBlobs(("b",)),
])  # fmt: skip
def test_each_effect_is_read_as_it_was_written(effect: Effect) -> None:
    assert msgspec.json.decode(msgspec.json.encode(effect), type=Effect) == effect
