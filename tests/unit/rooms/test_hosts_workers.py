"""The workers of hosts that share a store: whose they are, who serves them, who judges them."""

import pytest

from penholder_daemon.core import verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.effects import EndProcess, ServeWorker
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.rules import Rules
from penholder_daemon.shell.running.start import look_back
from penholder_protocol import errors
from tests.helpers.bench_hosts import LEASE_MS, OTHER, hosts, on, pass_time, register
from tests.helpers.harness import CONTROLLER, DAEMON, Bench
from tests.helpers.stores import IS_POSTGRESQL, sqlite_only


@pytest.fixture
def bench() -> Bench:
    """Give a bench whose daemon has registered its host."""
    made = Bench()
    made.own("host.keep")
    return made


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


@sqlite_only("store that nobody can share")
def test_after_a_restore_everything_is_of_whoever_opens_it(bench: Bench) -> None:
    seated_elsewhere(bench)
    bench.own("daemon.restored", known=HandedOut(is_all=True), file="/b.db")
    assert bench.call("host.list")["items"] == []
    bench.own("host.keep")
    assert list(hosts(bench)) == [bench.world.host_id]
    worker = bench.call("worker.get", worker_id="w1")
    assert (worker["host_id"], worker["recovery_state"]) == (bench.world.host_id, "lost")
    assert look_back(bench.store, bench.world, DAEMON).served_workers == ["w1"]


@pytest.mark.skipif(not IS_POSTGRESQL, reason="a file has one host")
def test_after_a_restore_of_a_shared_store_each_host_has_its_own(bench: Bench) -> None:
    seated_elsewhere(bench)
    bench.own("daemon.restored", known=HandedOut(is_all=True), file="/b.db")
    assert {each["state"] for each in bench.call("host.list")["items"]} == {"expired"}
    bench.own("host.keep")
    worker = bench.call("worker.get", worker_id="w1")
    assert (worker["host_id"], worker["recovery_state"]) == (OTHER, "unreachable")
    assert look_back(bench.store, bench.world, DAEMON).served_workers == []
    on(bench, OTHER)
    bench.own("host.keep")
    assert bench.call("worker.get", worker_id="w1")["recovery_state"] == "lost"
    assert look_back(bench.store, bench.world, DAEMON).served_workers == ["w1"]
    assert list(verify.findings(bench.rx(), bench.registry.rooms, deep=True)) == []
