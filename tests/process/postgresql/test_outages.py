"""The server goes, comes back, or cuts connections, and daemons come and go beside each other."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from penholder_daemon.shell.store.postgres.pen import PEN
from tests.helpers import soak
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker
from tests.helpers.postgresql import Server
from tests.helpers.programs import penholder
from tests.helpers.waiting import until

_CUTS = soak.many(6, 60)
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class _Appender:
    """Appends numbered events under keys, each until it is acknowledged."""

    def __init__(self, daemon: DaemonProcess, worker_id: str) -> None:
        self._daemon = daemon
        self.worker_id = worker_id
        self.acknowledged = 0
        self.enough = threading.Event()

    def run(self) -> None:
        with self._daemon.connect() as connection:
            while not self.enough.is_set():
                number = self.acknowledged + 1
                answer = connection.answer(
                    connection.request(
                        "event.append", worker_id=self.worker_id, type="n",
                        data={"number": number}, idempotency_key=f"{self.worker_id}-{number}",
                    )
                )  # fmt: skip
                if "result" in answer:
                    self.acknowledged = number
                else:
                    assert answer["error"]["data"]["code"] == "STORE_FAILED", answer


def _await_more(appenders: list[_Appender]) -> None:
    enough = sum(each.acknowledged for each in appenders) + 5
    until(lambda: sum(each.acknowledged for each in appenders) > enough)


def _numbers(control: RawConnection, worker_id: str) -> list[int]:
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        page = control.call("event.list", worker_id=worker_id, after_seq=after, limit=1000)
        found += [item["data"]["number"] for item in page["items"]]
        after = None if page["next"] is None else page["items"][-1]["event_seq"]
    return found


def _is_ready(control: RawConnection) -> bool:
    return bool(control.call("daemon.health")["ready"])


def _told(reader: RawConnection, count: int) -> list[Json]:
    found: list[Json] = []
    while len(found) < count:
        found += reader.notification()["params"]["entries"]
    return found


def test_connections_that_are_cut_lose_nothing_and_double_nothing(
    daemon: DaemonProcess, url: str
) -> None:
    with daemon.connect() as control, daemon.connect() as reader:
        appenders = [_Appender(daemon, make_worker(control)) for _ in range(3)]
        streams = [f"worker:{each.worker_id}" for each in appenders]
        reader.call("journal.subscribe", streams=streams, types=["n"])
        with ThreadPoolExecutor() as pool, psycopg.connect(url, autocommit=True) as cutter:
            running = [pool.submit(appender.run) for appender in appenders]
            for _ in range(_CUTS):
                _await_more(appenders)
                cutter.execute(_CUT)
            for appender in appenders:
                appender.enough.set()
            for each in running:
                each.result()
        until(lambda: _is_ready(control))
        written = {each.worker_id: _numbers(control, each.worker_id) for each in appenders}
        for appender in appenders:
            numbers = written[appender.worker_id]
            assert len(numbers) in (appender.acknowledged, appender.acknowledged + 1)
            assert numbers == list(range(1, len(numbers) + 1))
        told = _told(reader, sum(map(len, written.values())))
        assert [each["pos"] for each in told] == sorted(each["pos"] for each in told)
        for worker_id, numbers in written.items():
            of_worker = [each for each in told if each["stream"] == f"worker:{worker_id}"]
            assert [each["data"]["number"] for each in of_worker] == numbers
        assert control.call("daemon.verify") == {"ok": True, "findings": []}


def _check_figures(daemon: DaemonProcess, control: RawConnection) -> None:
    """Look whether the daemon's own figures are told while nothing can be read, and why."""
    status = control.call("daemon.status")
    assert status["store_fault"]
    assert (status["workers"], status["pid"]) == ({}, daemon.pid)
    assert status["store"].startswith("PostgreSQL database fleet_")
    text = control.call("daemon.metrics")["text"]
    assert "penholder_store_failing 1.0" in text
    assert "penholder_blobs" not in text
    ran = penholder(daemon, "status", "--no-json")
    assert ran.code == 0
    assert status["store_fault"] in ran.out


def test_a_server_that_goes_and_comes_back_needs_no_restart_of_the_daemon(
    daemon: DaemonProcess, server: Server
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        for ending in (signal.SIGINT, signal.SIGQUIT):
            server.stop(ending)
            refused = control.error("event.append", worker_id=worker_id, type="n")
            assert refused["data"]["code"] == "STORE_FAILED"
            assert refused["data"]["details"]["outcome"] == "nothing_written"
            assert control.refusal("worker.list") == "STORE_FAILED"
            health = control.call("daemon.health")
            assert (health["ready"], health["reachable"]) == (False, False)
            _check_figures(daemon, control)
            server.start()
            until(lambda: _is_ready(control))
            control.call("event.append", worker_id=worker_id, type="n", data={"number": 1})
        assert len(control.call("event.list", worker_id=worker_id)["items"]) == 2


def test_it_is_noticed_where_nobody_writes(daemon: DaemonProcess, server: Server) -> None:
    with daemon.connect() as control:
        make_worker(control)
        server.stop()
        until(lambda: control.call("daemon.health")["message"] is not None)
        until(lambda: "writes fail" in daemon.log())
        server.start()
        until(lambda: _is_ready(control))
        until(lambda: "writes work again" in daemon.log())


@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE penholder.hosts SET state = 'expired', expired_at = 'then', epoch = epoch + 1;"
        " UPDATE penholder.fences SET epoch = epoch + 1 WHERE subject LIKE 'host:%'",
        "DELETE FROM penholder.hosts",
    ],
)
def test_a_daemon_that_was_taken_for_gone_is_fenced_and_registers_anew(
    daemon: DaemonProcess, url: str, gone: str
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        # As another daemon does that served while this one could not reach the database.
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                f"{gone}; DELETE FROM penholder.leases WHERE subject LIKE 'host:%'".encode()
            )
        refused = control.error("event.append", worker_id=worker_id, type="n")
        assert refused["data"]["details"]["outcome"] == "nothing_written"
        control.call("event.append", worker_id=worker_id, type="n")
        [host] = control.call("host.list")["items"]
        assert host["state"] == "active"
        assert control.call("daemon.verify")["findings"] == []


def test_a_query_that_waits_for_anothers_lock_is_not_called_costly(
    daemon: DaemonProcess, url: str
) -> None:
    with daemon.connect() as control, psycopg.connect(url) as other:
        worker_id = make_worker(control)
        other.execute("LOCK TABLE penholder.workers IN ACCESS EXCLUSIVE MODE")
        refused = control.error("worker.get", worker_id=worker_id)
        other.rollback()
        assert refused["data"]["code"] == "STORE_FAILED"
        assert "another session holds a lock" in refused["message"]
        assert control.call("worker.get", worker_id=worker_id)["worker_id"] == worker_id


def test_leases_get_their_full_time_after_a_loss_of_the_connection(
    daemon: DaemonProcess, url: str
) -> None:
    with daemon.connect() as control, psycopg.connect(url) as other:
        control.call("controller.register", controller_id="c", label="c", workspace_key="/c")
        control.call("controller.acquire", controller_id="c", lease_ms=600_000)
        # The writers' lock, so that nothing is judged by this before the connection is lost.
        other.execute("SELECT pg_advisory_xact_lock(%s)", (PEN,))
        other.execute("UPDATE penholder.leases SET deadline_ms = 1")
        other.execute(_CUT)
        other.commit()
        until(lambda: _is_ready(control))
        assert control.refusal("controller.acquire", controller_id="c") == (
            "CONTROLLER_OWNERSHIP_CONFLICT"
        )


def test_what_others_have_committed_is_told_in_order(daemon: DaemonProcess, url: str) -> None:
    with daemon.connect() as control, daemon.connect() as reader:
        worker_id = make_worker(control)
        control.call("event.append", worker_id=worker_id, type="n", data={"number": 1})
        reader.call("journal.subscribe", streams=[f"worker:{worker_id}"])
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "INSERT INTO penholder.journal (pos, stream_id, seq, entry_id, ts, age_ms, type,"
                " data) SELECT pos + 1, stream_id, seq + 1, 'ev_other', ts, age_ms, type,"
                " '{\"number\":2}' FROM penholder.journal WHERE type = 'n';"
                " UPDATE penholder.streams SET last_seq = last_seq + 1 WHERE name LIKE 'worker:%'"
            )
        assert [each["data"]["number"] for each in _told(reader, 1)] == [2]
        control.call("event.append", worker_id=worker_id, type="n", data={"number": 3})
        assert [each["data"]["number"] for each in _told(reader, 1)] == [3]


@pytest.mark.parametrize(
    ("kind", "before", "name"),
    [
        ("SCHEMA", "", "penholder"),
        ("TABLE", "penholder.", "streams"),
        ("FUNCTION", "penholder.", "take_pen"),
    ],
)
def test_what_is_taken_away_from_it_is_a_fault_of_the_store_until_it_is_back(
    daemon: DaemonProcess, url: str, kind: str, before: str, name: str
) -> None:
    with daemon.connect() as control, psycopg.connect(url, autocommit=True) as connection:
        worker_id = make_worker(control)
        connection.execute(f"ALTER {kind} {before}{name} RENAME TO elsewhere".encode())
        refused = control.error("event.append", worker_id=worker_id, type="n")
        assert refused["data"]["code"] == "STORE_FAILED"
        assert refused["data"]["details"]["outcome"] == "nothing_written"
        if kind != "FUNCTION":
            assert control.refusal("event.list", worker_id=worker_id) == "STORE_FAILED"
        connection.execute(f"ALTER {kind} {before}elsewhere RENAME TO {name}".encode())
        until(lambda: _is_ready(control))
        control.call("event.append", worker_id=worker_id, type="n")
        assert control.call("daemon.verify") == {"ok": True, "findings": []}


@pytest.mark.parametrize("table", ["schema_version", "journal_placed"])
def test_a_schema_that_lacks_a_row_of_its_own_is_told_as_not_whole_until_it_is_back(
    daemon: DaemonProcess, url: str, table: str
) -> None:
    with daemon.connect() as control, psycopg.connect(url, autocommit=True) as connection:
        worker_id = make_worker(control)
        connection.execute(f"CREATE TABLE kept AS TABLE penholder.{table}".encode())
        connection.execute(f"DELETE FROM penholder.{table}; {_CUT}".encode())
        until(lambda: "is not whole" in str(control.call("daemon.health")["message"]))
        refused = control.error("event.append", worker_id=worker_id, type="n")
        assert refused["data"]["details"]["outcome"] == "nothing_written"
        assert "is not whole" in refused["message"]
        connection.execute(f"INSERT INTO penholder.{table} TABLE kept".encode())
        until(lambda: _is_ready(control))
        control.call("event.append", worker_id=worker_id, type="n")
        assert control.call("daemon.verify") == {"ok": True, "findings": []}
