"""Hosts that share a store go by its server's clock, whatever their own clocks show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.core import durations
from tests.helpers.harness import Bench
from tests.helpers.shared_hosts import Fleet
from tests.helpers.stores import sqlite_only

LEASE_MS = 10_000
HOUR_MS = 3_600_000
pytestmark = sqlite_only("one file that several connections share within one thread")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Give two hosts, the second with a wall clock an hour ahead and another uptime."""
    made = Fleet(tmp_path / "shared.db", "a", "b")
    made["b"].world.set_wall(HOUR_MS)
    made["b"].world.uptime_ms += 77_777
    made["b"].world.restart()
    made["b"].begin()
    made["b"].own("host.keep")
    yield made
    made.close()


def _take(bench: Bench, lease_ms: int = LEASE_MS) -> None:
    bench.controller()
    bench.call("controller.acquire", controller_id="c1", lease_ms=lease_ms)


def _is_free(bench: Bench) -> bool:
    """Whether a lease has run out, by the eyes of this host."""
    return not bench.call("controller.get", controller_id="c1")["is_held"]


def _left_ms(bench: Bench) -> int:
    row = bench.database.row("SELECT deadline_ms FROM leases WHERE subject = 'controller:c1'")
    assert row is not None
    return int(str(row[0])) - durations.lease_now(bench.rx())


def _delays(bench: Bench) -> int:
    bench.committer.run([])
    return durations.due_now(bench.rx())


def test_all_see_the_same_time_left(fleet: Fleet) -> None:
    _take(fleet["a"])
    fleet.pass_ms(4_000)
    assert _left_ms(fleet["a"]) == _left_ms(fleet["b"]) == LEASE_MS - 4_000
    assert _delays(fleet["a"]) == _delays(fleet["b"])


def test_a_host_that_stands_still_keeps_nobody_elses_lease(fleet: Fleet) -> None:
    _take(fleet["a"])
    fleet.pass_ms(60_000, "b")
    assert _left_ms(fleet["b"]) < 0, "nobody could tell whether it lives"


def test_what_was_held_over_a_host_that_stood_still_gets_its_full_time(fleet: Fleet) -> None:
    _take(fleet["a"])
    fleet.pass_ms(60_000, "b")
    fleet["a"].committer.run([])
    assert _left_ms(fleet["a"]) == LEASE_MS
    fleet["b"].committer.run([])
    assert _left_ms(fleet["b"]) == LEASE_MS


def test_time_in_which_no_host_could_write_is_no_time_of_leases(fleet: Fleet) -> None:
    _take(fleet["a"], 600_000)
    fleet.pass_ms(1_000)
    due_then = _delays(fleet["b"])
    fleet.server.ms += 30_000
    fleet["b"].world.pass_ms(30_000)
    # It has told of no stall of its own: only the beat shows that there was none.
    fleet["b"].committer.run([])
    assert _left_ms(fleet["b"]) == 600_000 - 1_000
    assert _delays(fleet["b"]) == due_then + 30_000, "what falls due counts it"


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS, 86_400_000, 5_000, -1_500])
@pytest.mark.parametrize("first", ["a", "b"])
def test_the_servers_clock_is_set_and_nothing_moves(fleet: Fleet, by_ms: int, first: str) -> None:
    _take(fleet["a"])
    fleet.pass_ms(1_000)
    due_then = _delays(fleet["a"])
    fleet.server.ms += by_ms
    for host in (fleet[first], fleet["a"], fleet["b"]):
        assert _delays(host) == due_then
    fleet.pass_ms(3_000)
    assert _delays(fleet["a"]) == _delays(fleet["b"]) == due_then + 3_000
    assert 0 < _left_ms(fleet["b"]) <= LEASE_MS - 3_000 + 1_000


def test_a_servers_clock_that_is_set_back_a_little_again_and_again_moves_nothing(
    fleet: Fleet,
) -> None:
    _take(fleet["a"])
    due_then = _delays(fleet["a"])
    for _ in range(10):
        fleet.pass_ms(500)
        fleet.server.ms -= 900
        fleet["a"].committer.run([])
    assert _delays(fleet["b"]) == due_then + 5_000
    assert _left_ms(fleet["b"]) == LEASE_MS - 5_000


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS])
def test_a_wall_clock_is_set_and_nothing_moves(fleet: Fleet, by_ms: int) -> None:
    _take(fleet["a"])
    due_then = _delays(fleet["a"])
    fleet["a"].world.set_wall(by_ms)
    assert _delays(fleet["a"]) == due_then
    assert _left_ms(fleet["a"]) == LEASE_MS


def test_a_machine_that_stood_still_moves_nobodys_time(fleet: Fleet) -> None:
    """Its own clocks did not go on; those of all others and the server's did."""
    _take(fleet["b"], 600_000)
    due_then = _delays(fleet["b"])
    for _ in range(40):
        fleet.server.ms += 500
        fleet["b"].world.pass_ms(500)
        fleet["b"].committer.run([])
    assert _delays(fleet["a"]) == _delays(fleet["b"]) == due_then + 20_000
    assert _left_ms(fleet["a"]) == 600_000 - 20_000


def test_a_start_counts_the_time_while_nobody_was_there(fleet: Fleet) -> None:
    _take(fleet["a"], 600_000)
    fleet.pass_ms(1_000)
    due_then = _delays(fleet["a"])
    fleet.server.ms += HOUR_MS
    for name in "ab":
        fleet[name].world.reboot(off_ms=HOUR_MS)
        fleet[name].begin()
    fleet["b"].committer.run([])
    assert _delays(fleet["b"]) == due_then + HOUR_MS
    assert _left_ms(fleet["b"]) == 600_000 - 1_000, "nobody could renew"
    fleet["a"].committer.run([])
    assert _left_ms(fleet["a"]) == 600_000, "its own host has started"


def test_a_store_that_was_one_hosts_alone_goes_on_by_the_server(tmp_path: Path) -> None:
    alone = Bench(tmp_path / "moved.db")
    alone.own("host.keep")
    _take(alone)
    alone.world.pass_ms(61_000)
    alone.committer.heartbeat()
    alone.run([])
    due_then = durations.due_now(alone.rx())
    alone.database.close()
    fleet = Fleet(tmp_path / "moved.db", "a")
    fleet.server.ms = alone.world.wall_ms + 5_000
    assert _delays(fleet["a"]) >= due_then
    assert _left_ms(fleet["a"]) == LEASE_MS
    fleet.close()


def test_an_idle_fleet_beats_twice_a_second_at_most(fleet: Fleet) -> None:
    changed = fleet["a"].database.changed_rows + fleet["b"].database.changed_rows
    fleet.pass_ms(10_000, step_ms=100)
    now = fleet["a"].database.changed_rows + fleet["b"].database.changed_rows
    assert now - changed <= 20


# --- the time of day ----------------------------------------------------------------------------
def _submit(bench: Bench, name: str) -> None:
    bench.call("queue.submit", queue_task_id=name, tenant_id="t", project_id="p", queue="q")


def _claim(bench: Bench, most: int = 10) -> list[str]:
    claimed = bench.call("queue.claim", queue="q", runner_id="r", lease_ms=1000, max_tasks=most)
    return [each["task"]["queue_task_id"] for each in claimed["items"]]


def test_tasks_go_in_the_order_of_their_making_whatever_hosts_clocks_show(fleet: Fleet) -> None:
    fleet["a"].world.set_wall(-HOUR_MS)
    for name, host in (("5", "b"), ("4", "a"), ("3", "b"), ("2", "a")):
        _submit(fleet[host], name)
        fleet.pass_ms(1)
    listed = fleet["a"].call("queue.list", queue="q")["items"]
    assert [each["queue_task_id"] for each in listed] == ["5", "4", "3", "2"]
    assert _claim(fleet["b"], 1) + _claim(fleet["a"]) == ["5", "4", "3", "2"]


def test_what_is_committed_later_is_of_no_earlier_time(fleet: Fleet) -> None:
    host = fleet["a"]
    # Its own clocks go on while the call is carried out; the next transaction is another host's.
    host.call("board.create", board_id="b1", goal="g")
    host.world.pass_ms(700)
    told = [host.call("board.create", board_id="b2", goal="g")["created_at"]]
    fleet["b"].world.pass_ms(5)
    told.append(fleet["b"].call("board.create", board_id="b3", goal="g")["created_at"])
    assert told == [fleet["a"].world.time_from_ms(fleet.server.ms)] * 2


def test_all_hosts_tell_the_same_time_of_day(fleet: Fleet) -> None:
    fleet["a"].world.set_wall(-86_400_000)
    _take(fleet["a"])
    fleet.pass_ms(10)
    now = fleet["a"].world.time_from_ms(fleet.server.ms)
    assert {host.call("rpc.ping")["ts"] for host in fleet.hosts.values()} == {now}
    ends = {
        host.call("controller.status", controller_id="c1")["active_owner"]["lease_expires_at"]
        for host in fleet.hosts.values()
    }
    assert ends == {fleet["a"].world.time_from_ms(fleet.server.ms - 10 + LEASE_MS)}


def test_a_task_that_was_just_heard_of_is_stale_for_no_host(fleet: Fleet) -> None:
    fleet["a"].world.set_wall(-HOUR_MS)
    for name, other in (("a", "b"), ("b", "a")):
        fleet[name].call("task.create", task_id=name, branch="b", worktree="w")
        fleet[name].call("task.heartbeat", task_id=name)
        fleet.pass_ms(1_000)
        assert fleet[other].call("task.get", task_id=name)["stale"] == "ok"
    fleet.pass_ms(400_000)
    assert {host.call("task.get", task_id="a")["stale"] for host in fleet.hosts.values()} == {
        "dead"
    }


def test_sessions_are_listed_by_what_was_last_whatever_hosts_clocks_show(fleet: Fleet) -> None:
    fleet["a"].world.set_wall(-HOUR_MS)
    for host, session in (("b", "s1"), ("a", "s2")):
        fleet[host].call(
            "run.create", run_id=session, tenant_id="t", project_id="p", backend_profile="x",
            session_ref={"session_id": session},
        )  # fmt: skip
        fleet.pass_ms(1)
    listed = fleet["b"].call("session.list", state="all")["items"]
    assert [each["session_id"] for each in listed] == ["s2", "s1"]


def test_a_task_that_waits_is_overtaken_by_none_when_the_servers_clock_is_set_back(
    fleet: Fleet,
) -> None:
    _submit(fleet["a"], "9")
    fleet.server.ms -= 86_400_000
    for name, host in (("8", "b"), ("7", "a")):
        _submit(fleet[host], name)
        fleet.pass_ms(100)
    assert _claim(fleet["b"]) == ["9", "8", "7"]
