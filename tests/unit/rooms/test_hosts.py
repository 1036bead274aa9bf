"""Hosts that share a store: their leases, and what becomes of the workers of one that is away."""

import pytest

from penholder_daemon.core.effects import WakeAt
from penholder_daemon.core.rules import Rules
from penholder_protocol import __version__
from penholder_protocol.limits import HOST_LEASE_MS
from tests.helpers.bench_hosts import LEASE_MS, OTHER, hosts, on, pass_time, register, told
from tests.helpers.harness import Bench
from tests.helpers.stores import sqlite_only


@pytest.fixture
def bench() -> Bench:
    """Give a bench whose daemon has registered its host."""
    made = Bench()
    made.own("host.keep")
    return made


# --- one host ------------------------------------------------------------------------------------
def test_a_daemon_by_itself_is_its_only_host(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    bench.in_state("stopped", "w2")
    assert bench.call("host.list") == {
        "items": [
            {
                "host_id": bench.world.host_id,
                "host_name": "localhost",
                "state": "active",
                "lease_expires_at": "2026-01-01T00:01:30.000Z",
                "version": __version__,
                "workers": 1,
            }
        ],
        "next": None,
    }


def test_nothing_is_told_of_the_only_host(bench: Bench) -> None:
    pass_time(bench, 1)
    bench.restart()
    bench.own("host.keep")
    assert told(bench) == []


@sqlite_only("store that nobody can share")
def test_one_by_itself_writes_nothing_to_keep_its_lease_and_tells_it_as_kept(bench: Bench) -> None:
    assert bench.own("host.keep") is None, "an idle daemon writes nothing"
    pass_time(bench, 2 * HOST_LEASE_MS)
    assert hosts(bench)[bench.world.host_id]["lease_expires_at"] == "2026-01-01T00:04:30.000Z"


def test_who_joins_one_that_was_alone_for_long_does_not_find_it_expired(bench: Bench) -> None:
    bench.own("host.keep")
    pass_time(bench, 2 * HOST_LEASE_MS)
    register(bench, lease_ms=HOST_LEASE_MS)
    pass_time(bench, HOST_LEASE_MS // 3)
    bench.own("host.keep")
    assert hosts(bench)[bench.world.host_id]["lease_expires_at"] == "2026-01-01T00:05:00.000Z"
    assert epoch_of(bench, bench.world.host_id) == 1


def test_its_lease_is_renewed_once_a_third_is_over(bench: Bench) -> None:
    register(bench, lease_ms=10 * HOST_LEASE_MS)
    third_ms = HOST_LEASE_MS // 3
    first = bench.own("host.keep")
    assert first - bench.world.boottime_ms() == third_ms
    pass_time(bench, third_ms - 1)
    assert bench.own("host.keep") == first
    pass_time(bench, 1)
    assert bench.own("host.keep") - bench.world.boottime_ms() == third_ms
    assert hosts(bench)[bench.world.host_id]["lease_expires_at"] == "2026-01-01T00:02:00.000Z"


def test_it_never_expires_itself(bench: Bench) -> None:
    pass_time(bench, 100 * HOST_LEASE_MS)
    bench.own("host.keep")
    assert hosts(bench)[bench.world.host_id]["state"] == "active"


def test_a_new_name_is_taken_without_a_new_epoch(bench: Bench) -> None:
    bench.world.rules = Rules(host_name="cellar")
    bench.own("host.keep")
    assert hosts(bench)[bench.world.host_id]["host_name"] == "cellar"
    assert epoch_of(bench, bench.world.host_id) == 1


def test_each_start_is_a_new_epoch(bench: Bench) -> None:
    bench.own("host.keep")
    assert epoch_of(bench, bench.world.host_id) == 1
    pass_time(bench, 1)
    bench.restart()
    bench.own("host.keep")
    assert epoch_of(bench, bench.world.host_id) == 2


def epoch_of(bench: Bench, host_id: str) -> int:
    """Return a host's epoch; its fence has the same."""
    row = bench.database.row(
        "SELECT h.epoch, f.epoch FROM hosts h JOIN fences f ON f.subject = 'host:' || h.host_id"
        " WHERE host_id = ?",
        host_id,
    )
    assert row is not None
    assert row[0] == row[1]
    return int(str(row[0]))


def test_what_is_of_no_host_becomes_the_first_ones() -> None:
    bench = Bench()
    bench.owned()
    fence = bench.acquire(takeover=True)
    bench.worker("w1", "c1", fence=fence)
    bench.seated("w1")
    for table in ("workers", "seats", "instances"):
        bench.database.run(f"UPDATE {table} SET host_id = NULL")
    before = bench.call("worker.get", worker_id="w1")
    assert before["host_id"] == bench.world.host_id
    assert before["socket_path"] is not None
    assert bench.call("controller.instances")["items"][0]["host_id"] is None
    bench.own("host.keep")
    assert bench.call("worker.get", worker_id="w1") == before
    listed = bench.call("controller.instances", active_only=False)["items"]
    assert [each["host_id"] for each in listed] == [bench.world.host_id] * 2
    register(bench)
    on(bench, OTHER)
    assert bench.call("worker.get", worker_id="w1")["socket_path"] is None


@sqlite_only("plans")
@pytest.mark.parametrize("table", ["workers", "seats", "instances"])
def test_a_start_finds_at_once_that_all_is_of_a_host(bench: Bench, table: str) -> None:
    sql = f"UPDATE {table} SET host_id = ? WHERE host_id IS NULL"
    plan = [str(row[3]) for row in bench.database.rows(f"EXPLAIN QUERY PLAN {sql}", "h")]
    assert any(f"{table}_of_no_host" in step for step in plan), plan


@sqlite_only("plans")
def test_counting_the_workers_of_a_host_takes_an_index(bench: Bench) -> None:
    sql = "SELECT COUNT(*) FROM workers w WHERE w.host_id = ? AND w.state <> 'stopped'"
    plan = [str(row[3]) for row in bench.database.rows(f"EXPLAIN QUERY PLAN {sql}", "h")]
    assert any("workers_by_host" in step for step in plan), plan


# --- several -------------------------------------------------------------------------------------
def test_another_host_is_listed_first_and_told_of(bench: Bench) -> None:
    register(bench)
    assert list(hosts(bench)) == [OTHER, bench.world.host_id]
    assert told(bench) == [
        ("host.registered", {"host_id": OTHER, "host_name": "attic", "epoch": 1})
    ]
    (wake,) = [each for each in bench.effects if isinstance(each, WakeAt)][-1:]
    assert wake.boottime_ms == bench.world.boottime_ms() + LEASE_MS


def test_hosts_come_by_pages(bench: Bench) -> None:
    register(bench)
    first = bench.call("host.list", limit=1)
    assert [each["host_id"] for each in first["items"]] == [OTHER]
    second = bench.call("host.list", limit=1, cursor=first["next"])
    assert [each["host_id"] for each in second["items"]] == [bench.world.host_id]
    assert second["next"] is None


def test_one_that_is_not_heard_of_expires_and_comes_back(bench: Bench) -> None:
    register(bench)
    pass_time(bench, LEASE_MS - 1)
    assert bench.own("host.keep") == bench.world.boottime_ms() + 1
    assert hosts(bench)[OTHER]["state"] == "active"
    pass_time(bench, 1)
    bench.own("host.keep")
    pass_time(bench, 5000)
    expired = hosts(bench)[OTHER]
    assert (expired["state"], expired["lease_expires_at"]) == (
        "expired",
        "2026-01-01T00:00:10.000Z",
    )
    register(bench)
    back = hosts(bench)[OTHER]
    assert (back["state"], back["lease_expires_at"]) == ("active", "2026-01-01T00:00:25.000Z")
    about = {"host_id": OTHER, "host_name": "attic"}
    assert told(bench) == [
        ("host.registered", {**about, "epoch": 1}),
        ("host.expired", {**about, "epoch": 2}),
        ("host.registered", {**about, "epoch": 3}),
    ]


def test_it_expires_once(bench: Bench) -> None:
    register(bench)
    pass_time(bench, LEASE_MS)
    bench.own("host.keep")
    bench.own("host.keep")
    assert [type_ for type_, _ in told(bench)] == ["host.registered", "host.expired"]


def test_one_that_finds_itself_expired_registers_again(bench: Bench) -> None:
    register(bench)
    pass_time(bench, LEASE_MS)
    bench.own("host.keep")
    on(bench, OTHER)
    bench.own("host.keep")
    assert hosts(bench)[OTHER]["state"] == "active"
    assert epoch_of(bench, OTHER) == 3


def test_a_stall_of_the_daemon_is_no_time_of_a_hosts_lease(bench: Bench) -> None:
    register(bench)
    bench.world.pass_ms(LEASE_MS)
    bench.own("host.keep")
    assert hosts(bench)[OTHER]["state"] == "active"


def test_a_start_gives_other_hosts_their_full_time_anew(bench: Bench) -> None:
    register(bench)
    pass_time(bench, LEASE_MS)
    bench.restart()
    bench.own("host.keep")
    assert hosts(bench)[OTHER]["state"] == "active"
    pass_time(bench, LEASE_MS)
    bench.own("host.keep")
    assert hosts(bench)[OTHER]["state"] == "expired"
    bench.restart()
    bench.own("host.keep")
    assert hosts(bench)[OTHER]["state"] == "expired"


def test_verify_finds_a_host_without_its_lease_or_epoch(bench: Bench) -> None:
    register(bench)
    bench.database.run("DELETE FROM leases WHERE subject = ?", f"host:{OTHER}")
    bench.database.run("UPDATE hosts SET epoch = 7 WHERE host_id = ?", OTHER)
    (room,) = (each for each in bench.registry.rooms if each.name == "host")
    found = [finding.check for check in room.checks for finding in check(bench.rx())]
    assert sorted(found) == ["active_hosts_have_leases", "hosts_have_their_epochs"]
