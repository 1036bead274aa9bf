"""Hosts of a store that was restored, or moved to: each has its own again, whoever starts first."""

from pathlib import Path
from tempfile import TemporaryDirectory

from penholder_daemon.transferring import restored
from penholder_daemon.transferring.transfer import transfer
from tests.helpers.daemon_process import DaemonProcess, MakeDaemon, make_worker


def _own_id(daemon: DaemonProcess) -> str:
    with daemon.connect() as control:
        return str(control.call("daemon.status")["host_id"])


def _is_served(daemon: DaemonProcess, worker_id: str) -> bool:
    return (daemon.runtime_dir / "workers" / f"{worker_id}.sock").exists()


def _end(daemon: DaemonProcess) -> None:
    assert daemon.stop() == 0


def test_hosts_keep_their_workers_over_a_restore(make_daemon: MakeDaemon, url: str) -> None:
    hosts = [make_daemon() for _ in range(2)]
    made = {}
    for host in hosts:
        host.start()
        with host.connect() as control:
            made[host] = make_worker(control)
    ids = {host: _own_id(host) for host in hosts}
    for host in hosts:
        _end(host)

    restored.go_on(url)
    last, first = hosts
    first.start()
    with first.connect() as control:
        worker = control.call("worker.get", worker_id=made[last])
        assert (worker["host_id"], worker["recovery_state"]) == (ids[last], "unreachable")
        assert control.call("worker.get", worker_id=made[first])["host_id"] == ids[first]
    last.start()
    with last.connect() as control:
        for host, other in ((first, last), (last, first)):
            worker = control.call("worker.get", worker_id=made[host])
            assert worker["host_id"] == ids[host]
            assert worker["recovery_state"] != "unreachable"
            assert _is_served(host, made[host])
            assert not _is_served(other, made[host])
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}


def test_a_host_that_is_moved_keeps_its_workers(make_daemon: MakeDaemon, url: str) -> None:
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        moved = DaemonProcess(Path(directory))
        moved.start()
        with moved.connect() as control:
            worker_id = make_worker(control)
        own_id = _own_id(moved)
        _end(moved)
        transfer(moved.state_dir, url, None, dry_run=False)

        other = make_daemon()
        other.start()
        with other.connect() as control:
            assert control.call("worker.get", worker_id=worker_id)["host_id"] == own_id
        moved.add_flags("--store-url", url)
        moved.start()
        assert _is_served(moved, worker_id)
        assert not _is_served(other, worker_id)
        with moved.connect() as control:
            assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
        _end(moved)
