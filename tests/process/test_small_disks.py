"""Disks that are full, read-only or out of inodes: writes are refused, reads go on, it recovers."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.blobs import encoded, id_of
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.puppet import puppet
from tests.helpers.small_disk import SmallDisk
from tests.helpers.waiting import until

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="only root can mount a small disk in a namespace of its own",
)


@pytest.fixture
def disk(short_dir: Path) -> Iterator[SmallDisk]:
    """Give a disk of 4 MiB where daemons of this test have their state."""
    disk = SmallDisk(short_dir / "state", "4m", 64)
    yield disk
    disk.end()


@pytest.fixture
def stopped(short_dir: Path, disk: SmallDisk) -> Iterator[DaemonProcess]:
    """Give a daemon that has written something and was stopped."""
    daemon = DaemonProcess(short_dir)
    daemon.start(disk.wrapper)
    with daemon.connect() as control:
        worker_id = make_worker(control, worker_id="w")
        control.call("event.append", worker_id=worker_id, type="first")
    assert daemon.stop() == 0
    yield daemon
    daemon.end()


def _end(daemon: DaemonProcess, *, crash: bool) -> None:
    """End it as a crash would, or by a stop."""
    if crash:
        daemon.kill()
    else:
        assert daemon.stop() == 0


def _refuse_writes_and_read_on(control: RawConnection) -> str:
    """Check that writes are refused and reads answered; returns the reason that is given."""
    error = control.error("event.append", worker_id="w", type="refused", data={"x": "y" * 10_000})
    assert (error["code"], error["data"]["code"]) == (1009, "STORE_FAILED")
    assert error["data"]["details"]["outcome"] == "nothing_written"
    items = control.call("event.list", worker_id="w")["items"]
    assert [item["type"] for item in items] == ["first"]
    health = control.call("daemon.health")
    assert (health["ready"], health["reachable"]) == (False, True)
    assert health["failure_kind"] == "store_failed"
    assert control.call("daemon.status")["store_fault"] == health["message"]
    assert "penholder_store_failing 1.0" in control.call("daemon.metrics")["text"]
    return str(health["message"])


def _recover_by_itself(control: RawConnection) -> None:
    """Check that it is well again without a write of anybody's, and that nothing came twice."""
    until(lambda: bool(control.call("daemon.health")["ready"]))
    control.call("event.append", worker_id="w", type="second")
    types = [item["type"] for item in control.call("event.list", worker_id="w")["items"]]
    assert types == ["first", "second"]
    assert control.call("daemon.status")["store_fault"] is None
    assert control.call("daemon.verify", deep=True)["ok"] is True


def test_a_disk_that_fills_up_under_the_daemon(disk: SmallDisk, stopped: DaemonProcess) -> None:
    stopped.start(disk.wrapper)
    with stopped.connect() as control:
        disk.fill()
        assert "full" in _refuse_writes_and_read_on(control)
        refused = control.error("daemon.backup", path=str(stopped.state_dir / "copy.db"))
        assert refused["data"]["code"] == "STORE_FAILED"
        assert "full" in refused["message"]
        disk.free()
        _recover_by_itself(control)


def test_a_process_that_ends_meanwhile_is_written_when_there_is_room(
    disk: SmallDisk, stopped: DaemonProcess
) -> None:
    stopped.start(disk.wrapper)
    with stopped.connect() as control:
        with puppet(control.call("worker.get", worker_id="w")["socket_path"]) as worker:
            worker.call("runtime.attach")
            disk.fill()
        until(lambda: "the end of a process waits" in stopped.log())
        assert control.call("runtime.status", worker_id="w")["attached"] is True
        disk.free()
        waited = control.call("event.wait", worker_id="w", types=["runtime.exited"], after_seq=0)
        assert len(waited["items"]) == 1
        assert control.call("worker.get", worker_id="w")["recovery_state"] == "lost"


@pytest.mark.parametrize("crash", [True, False])
def test_a_start_on_a_full_disk(disk: SmallDisk, stopped: DaemonProcess, crash: bool) -> None:
    stopped.start(disk.wrapper)
    disk.fill()
    _end(stopped, crash=crash)
    stopped.start(disk.wrapper)
    with stopped.connect() as control:
        _refuse_writes_and_read_on(control)
        disk.free()
        _recover_by_itself(control)


@pytest.mark.parametrize("crash", [True, False])
def test_a_start_without_inodes(disk: SmallDisk, stopped: DaemonProcess, crash: bool) -> None:
    stopped.start(disk.wrapper)
    disk.use_up_inodes()
    _end(stopped, crash=crash)
    stopped.start(disk.wrapper)
    with stopped.connect() as control:
        # All files that it needs are there, so nothing is refused but what needs a new one.
        control.call("event.append", worker_id="w", type="second")
        refused = control.error("daemon.backup", path=str(stopped.state_dir / "copy.db"))
        assert refused["data"]["code"] == "STORE_FAILED"
        disk.free()
        control.call("daemon.backup", path=str(stopped.state_dir / "copy.db"))


@pytest.mark.parametrize("crash", [True, False])
def test_a_start_on_a_read_only_disk(disk: SmallDisk, stopped: DaemonProcess, crash: bool) -> None:
    if crash:
        stopped.start(disk.wrapper)
        stopped.kill()
    disk.remount("ro")
    stopped.start(disk.wrapper)
    with stopped.connect() as control:
        assert "read" in _refuse_writes_and_read_on(control)
        disk.remount("rw")
        _recover_by_itself(control)


def test_a_blob_on_a_disk_that_is_full_is_finished_when_there_is_room(
    disk: SmallDisk, stopped: DaemonProcess
) -> None:
    stopped.start(disk.wrapper)
    data = b"x" * (256 << 10)
    with stopped.connect() as control:
        begun = control.call("blob.put", bytes_base64=encoded(data))
        disk.fill()
        more = {"upload_id": begun["upload_id"], "offset": len(data), "bytes_base64": encoded(data)}
        error = control.error("blob.put", **more, last=True)
        assert error["data"]["code"] == "STORE_FAILED"
        assert error["data"]["details"]["outcome"] == "nothing_written"
        control.call("rpc.ping")
        (disk.path / "filler").unlink()
        until(lambda: bool(control.call("daemon.health")["ready"]))
        done = control.call("blob.put", **more, last=True)
        assert done["blob_id"] == id_of(data + data)
        control.call("event.append", worker_id="w", type="b", blobs=[done["blob_id"]])
        assert control.call("daemon.verify", deep=True)["ok"] is True


def test_a_blob_that_there_is_no_room_for_takes_none(
    disk: SmallDisk, stopped: DaemonProcess
) -> None:
    stopped.start(disk.wrapper)
    blobs = disk.path / "blobs"
    begun, more = b"x" * (64 << 10), b"y" * (512 << 10)
    with stopped.connect() as control:
        upload_id = control.call("blob.put", bytes_base64=encoded(begun))["upload_id"]
        disk.fill()
        filler = disk.path / "filler"
        os.truncate(filler, filler.stat().st_size - (256 << 10))
        for _ in range(3):
            assert control.refusal("blob.put", bytes_base64=encoded(more)) == "STORE_FAILED"
        rest = {"upload_id": upload_id, "offset": len(begun), "bytes_base64": encoded(more)}
        assert control.refusal("blob.put", **rest) == "STORE_FAILED"
        assert [each.stat().st_size for each in blobs.iterdir()] == [len(begun)]
        control.call("event.append", worker_id="w", type="beside", data={"x": "y" * 10_000})
        filler.unlink()
        assert control.call("blob.put", **rest, last=True)["blob_id"] == id_of(begun + more)


def test_no_room_for_temporary_files_keeps_nobody_from_writing(short_dir: Path) -> None:
    temporary = SmallDisk(short_dir / "tmp", "64k", 8)
    temporary.fill()
    daemon = DaemonProcess(short_dir)
    daemon.start([*temporary.wrapper, "env", f"SQLITE_TMPDIR={short_dir / 'tmp'}"])
    tasks = [
        {"tenant_id": "t", "project_id": "p", "queue": "q", "payload": {"x": "y" * 3_000}}
        for _ in range(100)
    ]
    events = [{"type": "t", "data": {"x": "y" * 500}} for _ in range(1_000)]
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        for _ in range(10):
            control.call("queue.submit_many", tasks=tasks)
            control.call("event.append_many", worker_id="w", events=events)
        claimed = control.call(
            "queue.claim", queue="q", runner_id="r", lease_ms=60_000, max_tasks=100
        )
        assert len(claimed["items"]) == 100
        pruned = control.call("daemon.prune", keep_last=10, streams=["worker:w"])
        assert pruned["entries"] == 9_990
    daemon.end()
    temporary.end()
