"""A database is written over or cut off under its daemon: nothing is acknowledged into it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.programs import penholder
from tests.helpers.waiting import until


def _copy_an_older_one_over_it(database: Path, older: Path) -> None:
    shutil.copyfile(older, database)


def _cut_off(database: Path, _older: Path) -> None:
    os.truncate(database, 0)


def _cut_off_the_log(database: Path, _older: Path) -> None:
    os.truncate(f"{database}-wal", 0)


@pytest.mark.parametrize("meddle", [_copy_an_older_one_over_it, _cut_off, _cut_off_the_log])
def test_nothing_is_acknowledged_into_a_database_that_was_changed_in_place(
    daemon: DaemonProcess, meddle: Callable[[Path, Path], None]
) -> None:
    database = daemon.state_dir / "penholder.db"
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        control.call("event.append", worker_id="w", type="before")
        older = Path(str(penholder(daemon, "backup").json["path"]))
        meddle(database, older)
        assert control.refusal("event.append", worker_id="w", type="lost") == "STORE_FAILED"
        health = control.call("daemon.health")
        assert (health["ready"], "`penholder restore`" in health["message"]) == (False, True)
        assert control.refusal("event.append", worker_id="w", type="lost") == "STORE_FAILED"
    doctor = penholder(daemon, "doctor")
    assert "`penholder restore`" in doctor.out + doctor.err
    left = database.read_bytes()
    daemon.stop()
    daemon.spawn()
    assert daemon.wait() == 78
    assert "written over or cut off" in daemon.log()
    assert database.read_bytes() == left
    assert penholder(daemon, "restore", str(older)).code == 0
    daemon.start()
    with daemon.connect() as control:
        assert _types(control) == ["before"]


def _types(control: RawConnection) -> list[str]:
    return [event["type"] for event in control.call("event.list", worker_id="w")["items"]]


def test_one_that_is_changed_while_nobody_writes_is_told_of_by_itself(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        os.truncate(daemon.state_dir / "penholder.db-wal", 0)
        until(lambda: not control.call("daemon.health")["ready"])
        until(lambda: "cut off under the daemon" in control.call("daemon.health")["message"])


def _put_aside(database: Path) -> None:
    database.rename(database.with_name("aside"))


def _empty(database: Path) -> None:
    shutil.copyfile(database, database.with_name("aside"))
    os.truncate(database, 0)


@pytest.mark.parametrize("meddle", [_put_aside, _empty])
def test_no_database_is_made_beside_what_is_left_of_one(
    daemon: DaemonProcess, meddle: Callable[[Path], None]
) -> None:
    """SQLite would delete the log, in which everything is, and the daemon the bytes of blobs."""
    database = daemon.state_dir / "penholder.db"
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        blob_id = control.call("blob.put", bytes_base64="aGk=", last=True)["blob_id"]
        control.call("event.append", worker_id="w", type="before", blobs=[blob_id])
    daemon.kill()
    meddle(database)
    daemon.spawn()
    assert daemon.wait() == 78
    assert f"still {database}-wal and {daemon.state_dir}/blobs" in daemon.log()
    database.with_name("aside").rename(database)
    daemon.start()
    with daemon.connect() as control:
        assert _types(control) == ["before"]
        assert control.call("blob.get", blob_id=blob_id)["bytes_base64"] == "aGk="


def test_beside_blobs_one_is_made_once_they_are_moved_away(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call("blob.put", bytes_base64="aGk=", last=True)
    daemon.stop()
    (daemon.state_dir / "penholder.db").unlink()
    daemon.spawn()
    assert daemon.wait() == 78
    assert f"still {daemon.state_dir}/blobs: put it back" in daemon.log()
    (daemon.state_dir / "blobs").rename(daemon.state_dir / "old")
    daemon.start()
    with daemon.connect() as control:
        assert control.call("journal.position")["pos"] == 0
