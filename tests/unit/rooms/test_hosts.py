"""Hosts that share a store: their leases, and what becomes of the workers of one that is away."""

from typing import Any

import pytest

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.effects import EndProcess, ServeWorker, WakeAt
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.rules import Rules
from penholder_daemon.rooms.hosts.records import Registration
from penholder_daemon.shell.running.start import look_back
from penholder_protocol import __version__, errors
from penholder_protocol.limits import HOST_LEASE_MS
from tests.helpers.harness import CONTROLLER, DAEMON, Bench, Json
from tests.helpers.stores import sqlite_only

OTHER = "host_feedfeedfeedfeed"
LEASE_MS = 10_000


@pytest.fixture
def bench() -> Bench:
    """Give a bench whose daemon has registered its host."""
    made = Bench()
    made.own("host.keep")
    return made


def register(bench: Bench, host_id: str = OTHER, **more: Any) -> None:
    """Have another machine's daemon come."""
    about = {
        "host_name": "attic", "version": "9", "started_at": bench.world.now(), "lease_ms": LEASE_MS
    }  # fmt: skip
    bench.own("host.register", host=Registration(host_id=host_id, **{**about, **more}))


def on(bench: Bench, host_id: str) -> None:
    """Look as the daemon of that host from now on."""
    bench.world.host_id = host_id


def hosts(bench: Bench) -> dict[str, Json]:
    """List the hosts by id."""
    return {each["host_id"]: each for each in bench.call("host.list")["items"]}


def told(bench: Bench) -> list[tuple[str, Json]]:
    """Return what the daemon's stream tells."""
    found = bench.call("journal.read", streams=["daemon"])["items"]
    return [(each["type"], each["data"]) for each in found]


def pass_time(bench: Bench, milliseconds: int) -> None:
    """Let time pass while the daemon goes on, so that it is no stall."""
    while milliseconds > 0:
        step_ms = min(milliseconds, 1000)
        bench.world.pass_ms(step_ms)
        bench.committer.heartbeat()
        milliseconds -= step_ms


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


# --- workers of another host ---------------------------------------------------------------------
def test_a_worker_of_another_host_is_not_served_here(bench: Bench) -> None:
    register(bench)
    made = bench.worker("w1", host_id=OTHER)
    assert (made["host_id"], made["socket_path"]) == (OTHER, None)
    assert ServeWorker("w1") not in bench.effects
    assert (hosts(bench)[OTHER]["workers"], hosts(bench)[bench.world.host_id]["workers"]) == (1, 0)
    bench.in_state("stopped")
    bench.in_state("idle")
    assert ServeWorker("w1") not in bench.effects
    on(bench, OTHER)
    path = bench.call("worker.get", worker_id="w1")["socket_path"]
    assert path == "/run/penholder/workers/w1.sock"


def test_the_own_host_may_be_named(bench: Bench) -> None:
    assert bench.worker("w1", host_id=bench.world.host_id)["socket_path"] is not None
    assert ServeWorker("w1") in bench.effects


def test_an_unknown_host_is_refused_with_where_to_look(bench: Bench) -> None:
    bench.controller()
    refusal = bench.refused(
        errors.InvalidParams, "worker.create", controller_id="c1", label="l", launcher="l",
        profile="p", cwd="/", host_id="host_0",
    )  # fmt: skip
    assert "host.list" in str(refusal)
    assert refusal.details["param"] == "host_id"


def test_workers_of_others_take_no_room_here(bench: Bench) -> None:
    register(bench)
    bench.world.rules = Rules(max_workers=1)
    bench.worker("w1", host_id=OTHER)
    bench.worker("w2", host_id=OTHER)
    bench.worker("w3")
    bench.refused(
        errors.TooManyWorkers, "worker.create", controller_id="c1", label="l", launcher="l",
        profile="p", cwd="/",
    )  # fmt: skip


def seated_elsewhere(bench: Bench) -> Caller:
    """Have a worker whose process is on another host."""
    register(bench)
    own = bench.world.host_id
    on(bench, OTHER)
    bench.worker("w1")
    peer = bench.seated("w1")
    bench.call("worker.transition", peer, to="running")
    on(bench, own)
    return peer


def test_workers_of_an_expired_host_are_unreachable_and_nothing_else(bench: Bench) -> None:
    seated_elsewhere(bench)
    before = bench.call("worker.get", worker_id="w1")
    assert (before["state"], before["recovery_state"]) == ("running", "attached")
    pass_time(bench, LEASE_MS)
    bench.own("host.keep")
    away = {**before, "recovery_state": "unreachable"}
    assert bench.call("worker.get", worker_id="w1") == away
    assert bench.call("worker.list")["items"] == [away]
    assert bench.call("worker.overview")["items"][0]["worker"] == away
    changed = bench.call("worker.set_turn", worker_id="w1", turn_id="t")
    assert changed["recovery_state"] == "unreachable"
    register(bench)
    assert bench.call("worker.get", worker_id="w1") == {**changed, "recovery_state": "attached"}


def test_a_start_judges_and_serves_what_is_its_own(bench: Bench) -> None:
    gone = seated_elsewhere(bench)
    bench.worker("w2")
    own = bench.seated("w2", 701)
    bench.die(gone)
    bench.die(own)
    start = look_back(bench.store, bench.world, DAEMON)
    assert [seat.worker_id for seat in start.lost_seats] == ["w2"]
    assert (start.kept_seats, start.served_workers) == ([], ["w2"])
    on(bench, OTHER)
    there = look_back(bench.store, bench.world, DAEMON)
    assert [seat.worker_id for seat in there.lost_seats] == ["w1"]
    assert there.served_workers == ["w1"]


def test_a_forced_stop_is_carried_out_where_the_process_is(bench: Bench) -> None:
    peer = seated_elsewhere(bench)
    # A process here that happens to have the same number and start there.
    namesake = Caller("control", 1000, 700, lineage=peer.lineage)
    bench.call("worker.stop", namesake, worker_id="w1", force=True)
    assert EndProcess("w1") not in bench.effects
    assert "spared" not in bench.notes()[-1][1]
    assert look_back(bench.store, bench.world, DAEMON).ending_workers == []
    on(bench, OTHER)
    assert look_back(bench.store, bench.world, DAEMON).ending_workers == ["w1"]


def test_seats_of_others_take_no_room_here(bench: Bench) -> None:
    seated_elsewhere(bench)
    bench.world.rules = Rules(max_seats=1)
    bench.worker("w2")
    bench.seated("w2", 701)
    bench.worker("w3")
    bench.refused(errors.TooManySeats, "runtime.attach", bench.peer("w3", 702))


def test_owners_and_entries_say_on_which_host_their_pid_is(bench: Bench) -> None:
    register(bench)
    own = bench.world.host_id
    bench.owned()
    on(bench, OTHER)
    handle = bench.call("controller.acquire", controller_id="c1", takeover=True)
    assert handle["host_id"] == OTHER
    owner = bench.call("controller.status", controller_id="c1")["active_owner"]
    assert (owner["pid"], owner["host_id"]) == (CONTROLLER.pid, OTHER)
    listed = bench.call("controller.instances", active_only=False)["items"]
    assert [each["host_id"] for each in listed] == [OTHER, own]
    assert [data["host_id"] for _, data in bench.notes()] == [own, own, OTHER]


def test_after_a_restore_everything_is_of_whoever_opens_it(bench: Bench) -> None:
    seated_elsewhere(bench)
    bench.own("daemon.restored", known=HandedOut(is_all=True), file="/b.db")
    assert bench.call("host.list")["items"] == []
    bench.own("host.keep")
    assert list(hosts(bench)) == [bench.world.host_id]
    worker = bench.call("worker.get", worker_id="w1")
    assert (worker["host_id"], worker["recovery_state"]) == (bench.world.host_id, "lost")
    assert look_back(bench.store, bench.world, DAEMON).served_workers == ["w1"]
