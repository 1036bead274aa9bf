"""Another file has the name of one of the daemon's: it is neither read nor written, nor waited for.

SQLite opens files by their names. Beside another database it would read our log as that one's, or
delete it as nobody's.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.programs import penholder
from tests.helpers.waiting import until


def _write_past_a_backup(daemon: DaemonProcess) -> Path:
    """Have a backup, and a log that is not of it: what came between is in the database alone."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        backup = Path(str(control.call("daemon.backup")["path"]))
        control.call("event.append", worker_id="w", type="before")
    daemon.stop()
    daemon.start()
    with daemon.connect() as control:
        control.call("event.append", worker_id="w", type="last")
    return backup


def _types(control: RawConnection) -> list[str]:
    return [event["type"] for event in control.call("event.list", worker_id="w")["items"]]


def _empty(database: Path, _backup: Path) -> None:
    database.touch()


def _older(database: Path, backup: Path) -> None:
    shutil.copy(backup, database)


def _pipe(database: Path, _backup: Path) -> None:
    os.mkfifo(database)


def _link(database: Path, _backup: Path) -> None:
    database.symlink_to("ours")


@pytest.mark.parametrize("put", [_empty, _older, _pipe, _link])
def test_nothing_is_read_of_what_has_the_databases_name(
    daemon: DaemonProcess, put: Callable[[Path, Path], None]
) -> None:
    database = daemon.state_dir / "penholder.db"
    backup = _write_past_a_backup(daemon)
    with daemon.connect() as control:
        ours = database.rename(daemon.state_dir / "ours")
        put(database, backup)
        for method in ("journal.position", "daemon.backup", "daemon.verify"):
            error = control.error(method)
            assert error["data"]["code"] == "STORE_FAILED"
            assert "put the files back" in error["message"]
        ours.replace(database)
        assert _types(control) == ["before", "last"]
        control.call("event.append", worker_id="w", type="again")
        control.call("daemon.backup")
    daemon.restart()
    with daemon.connect() as control:
        assert _types(control) == ["before", "last", "again"]


@pytest.mark.parametrize("end", [DaemonProcess.stop, DaemonProcess.kill])
def test_our_log_is_not_played_into_a_database_that_was_put_in_the_place_of_ours(
    daemon: DaemonProcess, end: Callable[[DaemonProcess], object]
) -> None:
    database = daemon.state_dir / "penholder.db"
    backup = _write_past_a_backup(daemon)
    with daemon.connect() as control:
        shutil.copy(database, daemon.state_dir / "copy")
        (daemon.state_dir / "copy").replace(database)
        assert control.refusal("event.append", worker_id="w", type="lost") == "STORE_FAILED"
    end(daemon)
    daemon.spawn()
    assert daemon.wait() == 78
    assert "was replaced, written over or cut off" in daemon.log()
    assert penholder(daemon, "restore", str(backup)).code == 0
    daemon.start()
    with daemon.connect() as control:
        assert _types(control) == []
        assert control.call("daemon.verify", deep=True)["ok"]


def test_a_database_that_is_put_back_is_started_with_as_ever(daemon: DaemonProcess) -> None:
    database = daemon.state_dir / "penholder.db"
    mark = daemon.state_dir / "penholder.db-changed"
    _write_past_a_backup(daemon)
    ours = database.rename(daemon.state_dir / "ours")
    shutil.copy(ours, database)
    until(mark.exists)
    ours.replace(database)
    until(lambda: not mark.exists())
    daemon.restart()
    with daemon.connect() as control:
        assert _types(control) == ["before", "last"]


def test_a_log_is_not_played_into_a_backup_that_was_copied_beside_it(
    daemon: DaemonProcess,
) -> None:
    database = daemon.state_dir / "penholder.db"
    backup = _write_past_a_backup(daemon)
    daemon.kill()
    shutil.copy(backup, database)
    log = Path(f"{database}-wal").read_bytes()
    daemon.spawn()
    assert daemon.wait() == 78
    assert "is a backup, and the log beside it" in daemon.log()
    assert (database.read_bytes(), Path(f"{database}-wal").read_bytes()) == (
        backup.read_bytes(),
        log,
    )
    assert penholder(daemon, "restore", str(backup)).code == 0
    daemon.start()
    with daemon.connect() as control:
        assert _types(control) == []
        assert control.call("daemon.verify", deep=True)["ok"]


@pytest.mark.parametrize("name", ["penholder.db", "penholder.db-wal"])
def test_a_link_to_the_database_or_its_log_is_refused(daemon: DaemonProcess, name: str) -> None:
    _write_past_a_backup(daemon)
    daemon.kill()
    path = daemon.state_dir / name
    real = path.rename(daemon.state_dir.with_name(name))
    path.symlink_to(real)
    daemon.spawn()
    assert daemon.wait() == 78
    assert f"{path} is a symlink" in daemon.log()
    real.replace(path)
    daemon.start()
    with daemon.connect() as control:
        assert _types(control) == ["before", "last"]


def test_what_lies_among_the_backups_is_in_nobodys_way(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        control.call("daemon.backup")
    backups = daemon.state_dir / "backups"
    time = "20260131T120000.000Z"
    # Put away to where nothing is now, as on a disk that is not mounted.
    (backups / f"replaced-{time}.db").symlink_to("/nowhere/at/all")
    (backups / f"penholder-{time}.db.blobs").touch()
    os.mkfifo(backups / f".penholder-{time}.db.blobs.partial")
    daemon.restart()
    with daemon.connect() as control:
        control.call("daemon.backup")
