"""What the connection and the daemon say of themselves."""

import msgspec
import pytest

from penholder_daemon.core import execute, positions
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.database import ApswStore
from penholder_protocol import PROTOCOL_VERSION, __version__, limits
from tests.helpers.compared import ComparedCommitter
from tests.helpers.fakes import FakeSession
from tests.helpers.harness import CONTROLLER, Bench, Json, at_once
from tests.helpers.stores import sqlite_only


def _call(bench: Bench, session: FakeSession, name: str, **params: object) -> Json:
    call = bench.invocation(name, params, session.caller)
    return at_once(call.method.handler(session, **call.arguments))  # type: ignore[arg-type]  # async


def test_hello_says_what_the_daemon_is_and_who_you_are(bench: Bench) -> None:
    bench.worker()
    hello = bench.call("rpc.hello", client="test", version="1")
    assert hello["server"] == "penholder"
    assert hello["version"] == __version__
    assert hello["protocol"] == PROTOCOL_VERSION
    assert hello["boot_id"] == "boot-1"
    assert hello["capabilities"] == sorted(hello["capabilities"])
    assert hello["you"] == {"socket": "control", "uid": 1000, "pid": 50, "worker_id": None}
    you = bench.call("rpc.hello", bench.peer(pid=700))["you"]
    assert you == {"socket": "runtime", "uid": 1000, "pid": 700, "worker_id": "w1"}


def test_hello_gives_every_limit_by_its_name(bench: Bench) -> None:
    told = bench.call("rpc.hello")["limits"]
    assert told == {name: value for name, value in vars(limits).items() if name.isupper()}
    assert told["MAX_FRAME_BYTES"] == 1 << 20


def test_ping_tells_the_time(bench: Bench) -> None:
    assert bench.call("rpc.ping") == {"pong": True, "ts": "2026-01-01T00:00:00.000Z"}


def test_discover_gives_the_document(bench: Bench) -> None:
    assert bench.call("rpc.discover") == {"openrpc": "1.3.2"}


def test_cancel_names_a_request_of_this_connection(bench: Bench) -> None:
    session = FakeSession(bench, CONTROLLER)
    assert _call(bench, session, "rpc.cancel", id=7).canceled is True
    assert _call(bench, session, "rpc.cancel", id="7").canceled is False
    assert session.canceled == [7, "7"]


def test_health_of_a_store_that_can_be_read(bench: Bench) -> None:
    assert bench.call("daemon.health") == {
        "adapter": "sqlite",
        "ready": True,
        "reachable": True,
        "migration_ready": True,
        "migration_id": "0001_first",
        "failure_kind": None,
        "message": None,
    }


def test_health_of_a_store_that_fails(bench: Bench) -> None:
    bench.store.fail_at(positions.LAST, fault=lambda: StoreFault("disk gone"))
    health = bench.call("daemon.health")
    assert (health["ready"], health["reachable"]) == (False, False)
    assert (health["failure_kind"], health["message"]) == ("store_failed", "disk gone")


def test_status_counts_workers_by_state(bench: Bench) -> None:
    for worker_id in ("a", "b", "c"):
        bench.worker(worker_id)
    bench.in_state("running", "b")
    status = bench.call("daemon.status")
    assert status["workers"] == {"idle": 2, "running": 1}
    assert status["pos"] == bench.call("journal.position")["pos"]
    assert (status["connections"], status["subscriptions"], status["writer_queue"]) == (2, 3, 4)
    assert (status["wal_bytes"], status["db_bytes"]) == (5, 6)
    assert status["version"] == __version__


@pytest.mark.parametrize("params", [{}, {"drain_ms": 0}, {"idempotency_key": "k"}])
def test_shutdown_drains(bench: Bench, params: dict[str, object]) -> None:
    session = FakeSession(bench, CONTROLLER)
    found = _call(bench, session, "daemon.shutdown", **params)
    assert session.drain_ms is None, "it stops before its answer is kept"
    assert msgspec.json.decode(execute.finish_local(found)) == {"stopping": True}
    assert session.drain_ms == params.get("drain_ms", 5000)


def test_only_the_control_socket_stops_the_daemon_or_sees_its_figures(bench: Bench) -> None:
    on_runtime = {
        method.name
        for method in bench.registry.public
        if method.name.startswith("daemon.") and "runtime" in method.sockets
    }
    assert on_runtime == {"daemon.health"}


@sqlite_only("what is held from one transaction to the next")
def test_verify_tells_of_what_is_held_in_memory_and_stored_otherwise(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if SQLite did not tell that another has committed, or a mirror were wrong.
    monkeypatch.setattr(ApswStore, "data_version", 0)
    monkeypatch.setattr(ComparedCommitter, "run", Committer.run)
    bench.worker()
    bench.call("event.append", worker_id="w1", type="t")
    assert bench.own("daemon.compare_mirrors") == []
    bench.database.run("UPDATE streams SET parent = 'nobody' WHERE name = 'worker:w1'")
    [found] = bench.own("daemon.compare_mirrors")
    assert found["check"] == "mirrors"
    assert "nobody" in found["detail"]
