"""Metrics, backup, verify, prune and config over a real daemon that serves meanwhile."""

import socket
import stat
from pathlib import Path

import apsw

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker


def _append(control: RawConnection, worker_id: str, count: int) -> None:
    events = [{"type": "t", "data": {"n": number}} for number in range(count)]
    control.call("event.append_many", worker_id=worker_id, events=events)


def test_metrics_count_what_happened(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        _append(control, make_worker(control), 3)
        control.error("worker.get", worker_id="nobody")
        control.error("no.such_method")
        text = control.call("daemon.metrics")["text"]
    lines = text.splitlines()
    assert 'penholder_request_seconds_count{method="event.append_many"} 1.0' in lines
    assert 'penholder_errors_total{class="1001",method="worker.get"} 1.0' in lines
    assert 'penholder_errors_total{class="-32601",method="unknown"} 1.0' in lines
    assert 'penholder_workers{state="idle"} 1.0' in lines
    assert "penholder_connections 1.0" in lines
    assert any(line.startswith("penholder_commit_seconds_count ") for line in lines)


def test_a_backup_is_whole_private_and_never_replaces_a_file(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    target = short_dir / "backup.db"
    with daemon.connect() as control:
        worker_id = make_worker(control)
        _append(control, worker_id, 500)
        made = control.call("daemon.backup", path=str(target))
        assert made["pos"] == control.call("journal.position")["pos"]
        assert made["bytes"] == target.stat().st_size
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        assert control.error("daemon.backup", path=str(target))["code"] == -32602
        assert control.error("daemon.backup", path="relative.db")["code"] == -32602
        assert control.error("daemon.backup", path="/no/such/place.db")["code"] == -32602
        assert control.error("daemon.backup", path="//")["code"] == -32602
        _append(control, worker_id, 1)
    assert sorted(path.name for path in short_dir.iterdir() if "backup" in path.name) == [
        "backup.db"
    ]
    daemon.stop()
    database = daemon.state_dir / "penholder.db"
    database.unlink()
    target.rename(database)
    daemon.start()
    with daemon.connect() as control:
        page = control.call("event.list", worker_id=worker_id, limit=1000)
        assert len(page["items"]) == 500


def test_verify_finds_nothing_in_a_good_database_and_something_in_a_bad_one(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        _append(control, worker_id, 5)
        control.call("controller.acquire", controller_id="c")
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
    daemon.stop()
    damaged = apsw.Connection(str(daemon.state_dir / "penholder.db"))
    damaged.execute("DELETE FROM journal WHERE seq = 3 AND type = 't'")
    damaged.execute("UPDATE fences SET epoch = epoch + 1")
    damaged.execute("UPDATE workers SET state = 'dancing'")
    damaged.close()
    daemon.start()
    with daemon.connect() as control:
        found = control.call("daemon.verify")
    assert found["ok"] is False
    assert {finding["check"] for finding in found["findings"]} == {
        "streams_without_gap",
        "owners_hold_the_newest_epoch",
        "workers_in_known_states",
    }


def test_what_another_program_commits_is_not_answered_from_memory(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        _append(control, worker_id, 5)
        meddling = apsw.Connection(str(daemon.state_dir / "penholder.db"))
        meddling.execute("UPDATE streams SET last_seq = last_seq + 7 WHERE name LIKE 'worker:%'")
        meddling.close()
        assert control.call("event.append", worker_id=worker_id, type="t")["event_seq"] == 13
        found = control.call("daemon.verify")["findings"]
        assert {each["check"] for each in found} == {"streams_without_gap"}


def test_pruning_takes_beginnings_and_numbering_goes_on(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        stream = f"worker:{worker_id}"
        _append(control, worker_id, 100)
        assert control.error("daemon.prune")["code"] == -32602
        tried = control.call("daemon.prune", keep_last=10, streams=[stream], dry_run=True)
        assert (tried["entries"], tried["dry_run"]) == (90, True)
        done = control.call("daemon.prune", keep_last=10, streams=[stream])
        assert done["streams"] == [{"stream": stream, "entries": 90, "oldest_seq": 91}]
        gone = control.error("event.list", worker_id=worker_id, after_seq=5)
        assert (gone["code"], gone["data"]["code"]) == (1008, "CURSOR_GONE")
        assert gone["data"]["details"]["oldest_seq"] == 91
        gone = control.error("journal.subscribe", streams=[stream], after=1)
        oldest = gone["data"]["details"]["oldest_pos"]
        left = control.call("journal.read", streams=[stream], after=oldest - 1)
        assert [entry["seq"] for entry in left["items"]] == list(range(91, 101))
        assert control.call("event.append", worker_id=worker_id, type="t")["event_seq"] == 101
        assert control.call("daemon.prune", keep_last=0, streams=[stream])["entries"] == 11
        assert control.call("event.append", worker_id=worker_id, type="t")["event_seq"] == 102
        assert control.call("daemon.verify", deep=True)["ok"] is True


def test_a_policy_prunes_by_itself(short_dir: Path) -> None:
    config = short_dir / "config.toml"
    config.write_text("[retention.worker]\nkeep_last = 3\n")
    daemon = DaemonProcess(short_dir, "--config", str(config))
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.config")["retention"]["worker"]["keep_last"] == 3
        worker_id = make_worker(control)
        _append(control, worker_id, 50)
    daemon.restart()
    with daemon.connect() as control:
        # Timers come before whatever a client has written.
        control.call("worker.heartbeat", worker_id=worker_id)
        gone = control.error("event.list", worker_id=worker_id, after_seq=1)
        assert gone["data"]["details"]["oldest_seq"] == 48
    daemon.end()


def test_a_backup_keeps_its_key_and_is_made_once(daemon: DaemonProcess, short_dir: Path) -> None:
    target = str(short_dir / "backup.db")
    with daemon.connect() as control, daemon.connect() as other:
        _append(control, make_worker(control), 500)
        asked = {"path": target, "idempotency_key": "k"}
        first = control.request("daemon.backup", **asked)
        second = other.request("daemon.backup", **asked)
        made = control.answer(first)["result"]
        assert other.answer(second)["result"] == made
        daemon.restart()
    with daemon.connect() as control:
        assert control.call("daemon.backup", **asked) == made
        assert control.refusal("daemon.backup", path=target + "2", idempotency_key="k") == (
            "IDEMPOTENCY_CONFLICT"
        )


def test_what_a_crash_left_of_a_backup_does_not_refuse_the_next(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    (short_dir / ".backup.db.partial").write_bytes(b"half a copy")
    (short_dir / ".backup.db.partial-journal").write_bytes(b"of another")
    with daemon.connect() as control:
        _append(control, make_worker(control), 5)
        control.call("daemon.backup", path=str(short_dir / "backup.db"))
    assert [path.name for path in short_dir.iterdir() if "partial" in path.name] == []


def test_what_a_kill_left_among_the_backups_is_gone_with_the_next(daemon: DaemonProcess) -> None:
    backups = daemon.state_dir / "backups"
    backups.mkdir(mode=0o700)
    for kind in ("penholder", "before-schema-9"):
        for log in ("", "-journal", "-wal"):
            (backups / f".{kind}-20260131T120000.000Z.db.partial{log}").write_bytes(b"half")
    with daemon.connect() as control:
        made = control.call("daemon.backup")["path"]
    assert [str(path) for path in backups.iterdir()] == [made]


def test_a_backup_beside_writes_ends_and_a_verify_beside_it_too(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    with daemon.connect() as control, daemon.connect() as other, daemon.connect() as third:
        worker_id = make_worker(control)
        events = [{"type": "t", "data": {"text": "x" * 800}} for _ in range(1000)]
        for _ in range(40):
            control.call("event.append_many", worker_id=worker_id, events=events)
        backup = other.request("daemon.backup", path=str(short_dir / "backup.db"))
        verify = third.request("daemon.verify")
        other.socket.setblocking(False)
        appended = 0
        while not _has_come(other):
            control.call("event.append", worker_id=worker_id, type="beside")
            appended += 1
        other.socket.settimeout(30)
        made = other.answer(backup)["result"]
        assert third.answer(verify)["result"]["ok"] is True
    assert appended > 0
    copy = apsw.Connection(str(short_dir / "backup.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert next(copy.execute("SELECT MAX(pos) FROM journal"))[0] == made["pos"]
    copy.close()


def _has_come(connection: RawConnection) -> bool:
    try:
        return bool(connection.socket.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def test_a_backup_is_given_no_name_that_means_something_to_the_daemon(
    daemon: DaemonProcess, short_dir: Path
) -> None:
    (short_dir / "link").symlink_to(daemon.state_dir)
    with daemon.connect() as control:
        control.call("blob.put", bytes_base64="aGk=", last=True)
        for name in ("penholder.db-journal", "penholder.db-changed", "backups", "blobs/b.db"):
            for directory in (daemon.state_dir, short_dir / "link"):
                error = control.error("daemon.backup", path=str(directory / name))
                assert "choose another name or directory" in error["message"]
        control.call("daemon.backup", path=str(daemon.state_dir / "b.db"))
        control.call("daemon.backup")


def test_a_backup_to_where_nothing_can_be_is_refused(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        for path in (f"/tmp/{'a' * 300}/b.db", "/dev/null/b.db", "b.db"):
            assert control.refusal("daemon.backup", path=path) == "INVALID_PARAMS"
