"""A real daemon that finds a database of another version: an older one, a newer one."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from penholder_daemon import migrations
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.daemon_process import DaemonProcess

OLD = 3
CANNOT_START = 78


@pytest.fixture
def older(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaemonProcess]:
    """Give a daemon that is not started yet, on a database of an earlier schema."""
    daemon = DaemonProcess(short_dir)
    daemon.state_dir.mkdir(mode=0o700)
    steps = migrations.steps()
    monkeypatch.setattr(migrations, "steps", lambda: steps[:OLD])
    store = open_writer(daemon.state_dir / "penholder.db")
    store.run(
        "INSERT INTO controllers (controller_id, label, workspace_key, created_at, updated_at)"
        " VALUES ('old', 'l', 'w', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')"
    )
    store.close()
    monkeypatch.undo()
    yield daemon
    daemon.end()


def _start(daemon: DaemonProcess, *wrapper: str) -> tuple[int, str]:
    """Start it where it is expected to end by itself; returns its exit status and words."""
    done = subprocess.run(
        [*wrapper, *daemon.command], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


def _version(database: Path) -> int:
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    (version,) = next(connection.execute("PRAGMA user_version"))
    connection.close()
    return int(version)


def test_an_older_database_is_copied_and_upgraded(older: DaemonProcess) -> None:
    older.start()
    with older.connect() as control:
        assert control.call("controller.get", controller_id="old")["label"] == "l"
        assert control.call("daemon.status")["schema_version"] == len(migrations.steps())
        assert control.call("daemon.verify", deep=True)["ok"] is True
    (copy,) = (older.state_dir / "backups").iterdir()
    assert re.fullmatch(rf"before-schema-{len(migrations.steps())}-\d.*Z\.db", copy.name)
    assert _version(copy) == OLD
    older.restart()
    assert list((older.state_dir / "backups").iterdir()) == [copy]


@pytest.mark.skipif(
    shutil.which("strace") is None, reason="strace is not installed; it fills the disk"
)
def test_a_full_disk_keeps_it_from_starting(older: DaemonProcess) -> None:
    strace = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=link,linkat")
    full = ("-e", "inject=link,linkat:error=ENOSPC")
    status, said = _start(older, *strace, *full)
    assert status == CANNOT_START
    assert f"schema {OLD} and must be upgraded to {len(migrations.steps())}" in said
    assert "No space left on device" in said
    assert "nothing was changed" in said
    assert _version(older.state_dir / "penholder.db") == OLD
    assert list((older.state_dir / "backups").iterdir()) == []
    older.start()


def test_a_newer_database_is_refused(older: DaemonProcess) -> None:
    database = older.state_dir / "penholder.db"
    connection = apsw.Connection(str(database))
    connection.execute("PRAGMA user_version = 4711")
    connection.close()
    before = database.read_bytes()
    status, said = _start(older)
    assert status == CANNOT_START
    assert "has schema 4711" in said
    assert f"knows up to {len(migrations.steps())}" in said
    assert "upgrade the program" in said
    assert database.read_bytes() == before
