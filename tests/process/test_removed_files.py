"""What is the daemon's own is removed or replaced: nothing is lost, nobody else is trusted."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.waiting import until


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


def _link(directory: Path) -> None:
    other = directory.parent.with_name("other")
    other.mkdir()
    directory.symlink_to(other)


def _foreign(directory: Path) -> None:
    directory.mkdir()
    os.chown(directory, 12345, 12345)


def _file(directory: Path) -> None:
    directory.touch()


@pytest.mark.parametrize("replace", [_link, _foreign, _file])
def test_no_socket_is_served_where_another_directory_took_its_place(
    daemon: DaemonProcess, replace: Callable[[Path], None]
) -> None:
    if replace is _foreign and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    workers = daemon.runtime_dir / "workers"
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        shutil.rmtree(workers)
        replace(workers)
        until(lambda: control.call("daemon.status")["unserved_workers"] == 1)
        assert not (workers / "w.sock").exists()
        shutil.rmtree(workers) if replace is _foreign else workers.unlink()
        until(lambda: control.call("daemon.status")["unserved_workers"] == 0)
        with daemon.connect("w") as worker:
            worker.call("rpc.ping")


def test_what_cannot_be_put_back_is_logged_once(daemon: DaemonProcess) -> None:
    lock = daemon.state_dir / "penholder.lock"
    lock.unlink()
    lock.mkdir()
    until(lambda: "cannot be put back" in daemon.log())
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        # Whoever tends has been there again, several times, when a socket is back again and again.
        for _ in range(3):
            sock = daemon.runtime_dir / "workers/w.sock"
            sock.unlink()
            until(sock.exists)
    assert daemon.log().count("cannot be put back") == 1


def test_what_is_in_the_way_of_the_control_socket_is_logged_once(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        daemon.control_socket.unlink()
        daemon.control_socket.touch()
        until(lambda: "control.sock is there and is no socket" in daemon.log())
        # It is tried again each time when whoever tends puts this one back.
        for _ in range(3):
            sock = daemon.runtime_dir / "workers/w.sock"
            sock.unlink()
            until(sock.exists)
        daemon.control_socket.unlink()
        until(lambda: "the control socket is served again" in daemon.log())
    with daemon.connect() as control:
        control.call("rpc.ping")
    assert daemon.log().count("the control socket cannot be served") == 1
