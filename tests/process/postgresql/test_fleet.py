"""What a fleet does, with all of its state in PostgreSQL."""

import base64
from pathlib import Path

import psycopg
import pytest

from penholder.blocking import Client
from tests.helpers.blobs import encoded, id_of
from tests.helpers.daemon_process import DaemonProcess, Json, MakeDaemon, RawConnection, make_worker


def _entries(connection: RawConnection, count: int) -> list[Json]:
    found: list[Json] = []
    while len(found) < count:
        found += connection.notification()["params"]["entries"]
    return found


def _numbers(control: RawConnection, worker_id: str) -> list[int]:
    page = control.call("event.list", worker_id=worker_id, limit=1000)
    return [item["data"]["number"] for item in page["items"]]


def test_the_whole_life_of_a_worker(daemon: DaemonProcess) -> None:
    with daemon.connect() as control, daemon.connect() as reader:
        worker_id = make_worker(control)
        reader.call("journal.subscribe", streams=[f"worker:{worker_id}"])
        wait = reader.request("event.wait", worker_id=worker_id, types=["said"], timeout_ms=30_000)
        with Client(daemon.runtime_dir / "workers" / f"{worker_id}.sock") as seat:
            seat.runtime.attach()
            seat.worker.transition(to="running")
            seat.call("event.append", {"type": "said", "data": {"number": 1}})
            asked = seat.approval.request(message="Go?").request_id
            control.call("approval.decide", worker_id=worker_id, request_id=asked, option="allow")
            seat.call("runtime.detach", {"state": "stopped"})
        assert [each["type"] for each in reader.answer(wait)["result"]["items"]] == ["said"]
        written = control.call("event.list", worker_id=worker_id)["items"]
        told = _entries(reader, len(written))
        assert [each["seq"] for each in told] == [each["event_seq"] for each in written]
        assert control.call("worker.get", worker_id=worker_id)["state"] == "stopped"
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}


def test_a_task_is_handed_out_to_who_waits_for_it(daemon: DaemonProcess) -> None:
    with daemon.connect() as control, daemon.connect() as runner:
        waits = runner.request(
            "queue.wait", queue="q", runner_id="r1", lease_ms=60_000, timeout_ms=30_000
        )
        control.call(
            "queue.submit", queue="q", queue_task_id="t1", tenant_id="t", project_id="p", title="t"
        )
        [claimed] = runner.answer(waits)["result"]["items"]
        lease = {"epoch": claimed["lease"]["epoch"], "token": claimed["lease"]["token"]}
        assert claimed["task"]["queue_task_id"] == "t1"
        done = runner.call("queue.complete", queue_task_id="t1", lease=lease, result={"ok": True})
        assert done["state"] == "completed"


def test_nothing_of_the_state_is_in_the_directory(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control)
        health = control.call("daemon.health")
        status = control.call("daemon.status")
        assert control.refusal("daemon.backup") == "STORE_FAILED"
    assert (health["adapter"], health["ready"], health["message"]) == ("postgresql", True, None)
    assert status["db_bytes"] > 1_000_000
    assert not list(daemon.state_dir.glob("*.db*"))


def test_a_restart_finds_all_of_it(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        for number in range(3):
            control.call("event.append", worker_id=worker_id, type="n", data={"number": number})
    daemon.restart()
    with daemon.connect() as control:
        assert _numbers(control, worker_id) == [0, 1, 2]
        control.call("event.append", worker_id=worker_id, type="n", data={"number": 3})
        assert _numbers(control, worker_id) == [0, 1, 2, 3]
        [host] = control.call("host.list")["items"]
        assert host["state"] == "active"


@pytest.mark.parametrize("size", [0, 7, (512 << 10) + 1])
def test_blobs_are_rows(make_daemon: MakeDaemon, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    first = make_daemon()
    first.start()
    with first.connect() as control:
        worker_id = make_worker(control)
        upload_id, at = None, 0
        for part in [data[:300_000], data[300_000:600_000]]:
            answer = control.call(
                "blob.put", upload_id=upload_id, offset=at, bytes_base64=encoded(part),
                last=at + len(part) == size,
            )  # fmt: skip
            upload_id, at = answer["upload_id"], answer["size"]
            if answer["blob_id"] is not None:
                break
        assert answer["blob_id"] == id_of(data)
        control.call("event.append", worker_id=worker_id, type="t", blobs=[id_of(data)])
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
    assert first.stop() == 0

    second = make_daemon()
    second.start()
    with second.connect() as control:
        found = b""
        while True:
            part = control.call("blob.get", blob_id=id_of(data), offset=len(found))
            found += base64.b64decode(part["bytes_base64"])
            if part["eof"]:
                break
    assert found == data


def test_a_query_that_takes_too_long_is_ended_by_the_server(
    daemon: DaemonProcess, url: str
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("ALTER TABLE penholder.controllers RENAME TO read_slowly")
            other.execute(
                "CREATE VIEW penholder.controllers AS"
                " SELECT r.* FROM penholder.read_slowly r, pg_sleep(60)"
            )
            assert control.refusal("controller.list") == "QUERY_TOO_COSTLY"
            assert control.call("event.list", worker_id=worker_id)["items"] == []
            other.execute("DROP VIEW penholder.controllers")
            other.execute("ALTER TABLE penholder.read_slowly RENAME TO controllers")
        assert control.call("controller.list")["items"]


def test_a_query_of_what_somebody_has_locked_is_told_as_that(
    daemon: DaemonProcess, url: str
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE penholder.controllers IN ACCESS EXCLUSIVE MODE")
            assert control.refusal("controller.list") == "STORE_FAILED"
            assert control.call("event.list", worker_id=worker_id)["items"] == []
        assert control.call("controller.list")["items"]


def test_a_password_is_refused_wherever_it_is_given(short_dir: Path) -> None:
    secret = "postgresql://penholder:hunter2@nowhere.example/p"  # noqa: S105 - of nobody
    daemon = DaemonProcess(short_dir, "--store-url", secret)
    daemon.spawn()
    assert daemon.wait() == 78
    assert "password_file" in daemon.log()
    assert "hunter2" not in daemon.log()


def test_a_server_that_is_away_refuses_the_start_for_now(short_dir: Path) -> None:
    password = short_dir / "password"
    password.write_text("hunter2\n")
    password.chmod(0o600)
    config = short_dir / "penholderd.toml"
    config.write_text(
        f'[store]\nurl = "postgresql://penholder@/p?host=/nowhere"\npassword_file = "{password}"\n'
    )
    daemon = DaemonProcess(short_dir, "--config", str(config))
    daemon.spawn()
    assert daemon.wait() == 1
    assert "cannot be reached" in daemon.log()
    assert "hunter2" not in daemon.log()
    password.chmod(0o644)
    daemon.spawn()
    assert daemon.wait() == 78
    assert "make it 0600" in daemon.log()
