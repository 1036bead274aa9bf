"""The database's own files are removed under the daemon: nothing is acknowledged that is lost."""

from tests.process.daemon_process import DaemonProcess, make_worker


def test_nothing_is_acknowledged_into_files_that_were_removed(daemon: DaemonProcess) -> None:
    log = daemon.state_dir / "penholder.db-wal"
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        control.call("event.append", worker_id="w", type="before")
        away = daemon.state_dir.rename(daemon.state_dir.with_name("away"))
        daemon.state_dir.touch()
        assert control.refusal("event.append", worker_id="w", type="lost") == "STORE_FAILED"
        daemon.state_dir.unlink()
        away.rename(daemon.state_dir)
        control.call("event.append", worker_id="w", type="again")
        log.unlink()
        assert control.refusal("event.append", worker_id="w", type="lost") == "STORE_FAILED"
    assert daemon.stop() == 0
    daemon.start()
    with daemon.connect() as control:
        found = control.call("event.list", worker_id="w")["items"]
        assert [event["type"] for event in found] == ["before", "again"]
