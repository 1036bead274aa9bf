"""What `penholder restore` will not take, with the reason of each; nothing changes by it."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.frozen.make import HERE
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import Ran, penholder

GOOD = HERE / "schema_4.db"


@pytest.fixture
def stopped(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that ran and is down."""
    daemon = DaemonProcess(short_dir)
    daemon.start()
    daemon.stop()
    yield daemon
    daemon.end()


@pytest.fixture
def file(short_dir: Path) -> Path:
    """Give a good backup that a test may spoil."""
    return Path(shutil.copy(GOOD, short_dir / "backup.db"))


def _content(directory: Path) -> dict[str, str]:
    """Return what is in every file; a lock is written by who takes it, -shm by who only reads."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file() and path.name not in ("penholder.lock", "penholder.db-shm")
    }


def _refused(daemon: DaemonProcess, file: Path, *reasons: str) -> Ran:
    before = _content(daemon.state_dir)
    ran = penholder(daemon, "restore", str(file))
    assert ran.code == 1
    for reason in (*reasons, "nothing was restored"):
        assert reason in ran.err
    assert _content(daemon.state_dir) == before
    return ran


def _execute(file: Path, *statements: str) -> None:
    connection = apsw.Connection(str(file))
    for sql in statements:
        connection.execute(sql)
    connection.close()


def test_a_file_that_is_not_there(stopped: DaemonProcess, short_dir: Path) -> None:
    _refused(stopped, short_dir / "none.db", "none.db cannot be read: No such file")


def test_a_symlink(stopped: DaemonProcess, file: Path) -> None:
    link = file.with_name("link.db")
    link.symlink_to(file)
    _refused(stopped, link, "is a symlink")


def test_a_directory(stopped: DaemonProcess, short_dir: Path) -> None:
    _refused(stopped, short_dir, "is a directory; expected was a backup")


def test_no_plain_file(stopped: DaemonProcess, short_dir: Path) -> None:
    os.mkfifo(short_dir / "pipe")
    _refused(stopped, short_dir / "pipe", "is no plain file")


def test_an_empty_file(stopped: DaemonProcess, file: Path) -> None:
    file.write_bytes(b"")
    _refused(stopped, file, "is empty")


@pytest.mark.parametrize("content", [b"a text", b"SQLite format 3\x00", b"x" * 8192])
def test_no_database(stopped: DaemonProcess, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    _refused(stopped, file, "is no SQLite database")


@pytest.mark.parametrize("share", [2, 3, 10])
def test_a_file_that_was_cut_off(stopped: DaemonProcess, file: Path, share: int) -> None:
    os.truncate(file, file.stat().st_size // share)
    _refused(stopped, file, str(file), "malformed")


def test_a_file_with_a_damaged_page(stopped: DaemonProcess, file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(40 * 1024)
        opened.write(b"\xff" * 4096)
    _refused(stopped, file, str(file))


def test_a_file_whose_header_is_damaged(stopped: DaemonProcess, file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(16)
        opened.write(b"\x00" * 84)
    _refused(stopped, file, str(file))


def test_a_database_of_another_program(stopped: DaemonProcess, file: Path) -> None:
    _execute(file, "PRAGMA application_id = 1")
    _refused(stopped, file, "is a database of another program")


def test_a_database_without_content(stopped: DaemonProcess, short_dir: Path) -> None:
    _execute(short_dir / "new.db", "CREATE TABLE t (x)", "DROP TABLE t")
    _refused(stopped, short_dir / "new.db", "holds no tables")


def test_a_newer_schema(stopped: DaemonProcess, file: Path) -> None:
    _execute(file, "PRAGMA user_version = 4711")
    _refused(stopped, file, "has schema 4711", "upgrade the program")


def test_rows_without_what_they_refer_to(stopped: DaemonProcess, file: Path) -> None:
    _execute(file, "DELETE FROM controllers")
    _refused(stopped, file, "damaged", "has no controllers")


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE workers SET state = 'dancing'", "workers_in_known_states"),
        ("DELETE FROM journal WHERE pos = 2", "streams_without_gap"),
        ("UPDATE fences SET epoch = epoch + 9", "owners_hold_the_newest_epoch"),
    ],
)
def test_a_broken_invariant(stopped: DaemonProcess, file: Path, statement: str, check: str) -> None:
    _execute(file, statement)
    _refused(stopped, file, f"is not sound: {check}")


def test_the_database_in_place(stopped: DaemonProcess) -> None:
    _refused(stopped, stopped.state_dir / "penholder.db", "is the database in place")


def test_another_name_of_the_database_in_place(stopped: DaemonProcess) -> None:
    """A restore that was cut off may have left one."""
    (stopped.state_dir / "backups").mkdir(mode=0o700)
    other = stopped.state_dir / "backups" / "replaced-20260101T000000.000Z.db"
    os.link(stopped.state_dir / "penholder.db", other)
    _refused(stopped, other, "is the database in place")


def test_a_database_in_place_that_is_a_symlink(stopped: DaemonProcess, file: Path) -> None:
    database = stopped.state_dir / "penholder.db"
    elsewhere = database.rename(database.with_name("elsewhere.db"))
    database.symlink_to(elsewhere)
    _refused(stopped, file, "is a symlink; it must be the database itself")


def test_while_a_daemon_runs(stopped: DaemonProcess, file: Path) -> None:
    stopped.start()
    ran = penholder(stopped, "restore", "--json", str(file))
    assert ran.code == 1
    told = json.loads(ran.err)["error"]["message"]
    assert f"pid {stopped.pid}" in told
    assert "`penholder down`" in told
    assert "`systemctl --user stop penholder.socket penholder.service`" in told
    with stopped.connect() as control:
        assert control.call("controller.list")["items"] == []


def test_wrong_use(stopped: DaemonProcess, file: Path) -> None:
    assert penholder(stopped, "restore").code == 2
    assert penholder(stopped, "restore", str(file), "--socket", "x").code == 2
    assert penholder(stopped, "restore", "--help").code == 0


def test_a_directory_of_backups_that_cannot_be(stopped: DaemonProcess, file: Path) -> None:
    (stopped.state_dir / "backups").write_text("mine")
    before = _content(stopped.state_dir)
    ran = penholder(stopped, "restore", str(file))
    assert (ran.code, "nothing was restored" in ran.err) == (11, True)
    assert _content(stopped.state_dir) == before


def test_what_a_former_restore_left_over_goes(stopped: DaemonProcess, file: Path) -> None:
    (stopped.state_dir / ".restoring.db").write_text("left over")
    (stopped.state_dir / ".restoring.db-wal").write_text("left over")
    assert penholder(stopped, "restore", str(file)).code == 0
    assert not list(stopped.state_dir.glob(".restoring*"))
