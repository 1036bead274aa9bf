"""The database file: its pragmas, its identity, its migrations, what its errors mean."""

import os
import stat
from pathlib import Path

import apsw
import msgspec
import pytest

from penholder_daemon import migrations
from penholder_daemon.core.store import Shape, StoreFault
from penholder_daemon.shell.disk.database_files import file_bytes
from penholder_daemon.shell.store import opening, wal_renewal
from penholder_daemon.shell.store.database import ApswStore, WriterStore
from penholder_daemon.shell.store.opening import (
    UnusableDatabase,
    UnwritableDatabase,
    open_reader,
    open_writer,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for a database."""
    return tmp_path / "penholder.db"


def _pragma(store: ApswStore, name: str) -> object:
    row = store.row(f"PRAGMA {name}")
    return None if row is None else row[0]


@pytest.mark.parametrize("name", ["penholder.db", "penholder.db-wal", "penholder.db-journal"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(UnusableDatabase, match=f"{name} is no file"):
        open_writer(tmp_path / "penholder.db")


def test_a_new_database_is_private_durable_and_known(path: Path) -> None:
    store = open_writer(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _pragma(store, "journal_mode") == "wal"
    assert _pragma(store, "synchronous") == 2  # FULL
    assert _pragma(store, "foreign_keys") == 1
    assert _pragma(store, "mmap_size") == 0
    assert _pragma(store, "application_id") == migrations.APPLICATION_ID
    assert _pragma(store, "user_version") == len(migrations.steps())
    tables = store.rows("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    loose = {name for name, strict in tables if not strict and not str(name).startswith("sqlite_")}
    assert loose == set()
    store.close()


def test_it_opens_again_and_nothing_is_migrated_twice(path: Path) -> None:
    first = open_writer(path)
    first.run("INSERT INTO streams (name, last_seq) VALUES ('daemon', 3)")
    first.close()
    again = open_writer(path)
    assert again.row("SELECT last_seq FROM streams") == (3,)
    assert migrations.apply(again) == len(migrations.steps())
    again.close()


def test_a_foreign_database_is_left_alone(path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE notes (x)")
    other.close()
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(UnusableDatabase, match="another program"):
        open_writer(path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_newer_schema_is_refused(path: Path) -> None:
    store = open_writer(path)
    store.run("PRAGMA user_version = 9999")
    store.close()
    with pytest.raises(UnusableDatabase, match="9999"):
        open_writer(path)


@pytest.mark.parametrize("content", [b"no database at all " * 100, b"x" * 4096])
def test_what_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UnusableDatabase):
        open_writer(path)


def test_an_sqlite_with_the_wal_reset_bug_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, refused in (("3.40.1", True), ("3.51.2", True), ("3.51.3", False)):
        monkeypatch.setattr(opening, "sqlite_version", lambda found=version: found)
        if refused:
            with pytest.raises(UnusableDatabase, match=version):
                open_writer(path)
        else:
            open_writer(path).close()


def test_a_reader_cannot_write(path: Path) -> None:
    writer = open_writer(path)
    reader = open_reader(path)
    with pytest.raises(StoreFault):
        reader.run("INSERT INTO streams (name, last_seq) VALUES ('x', 1)")
    writer.run("INSERT INTO streams (name, last_seq) VALUES ('x', 1)")
    assert reader.row("SELECT name FROM streams") == ("x",)
    reader.close()
    writer.close()


def test_a_mistake_of_ours_is_no_fault_of_the_store(path: Path) -> None:
    store = open_writer(path)
    with pytest.raises(apsw.SQLError):
        store.run("SELEC 1")
    with pytest.raises(apsw.ConstraintError):
        store.run("INSERT INTO journal (stream_id) VALUES (1)")
    store.close()


@pytest.mark.parametrize(
    ("error", "unknown"),
    [(apsw.FullError, False), (apsw.BusyError, False), (apsw.IOError, True)],
)
def test_only_an_io_error_leaves_the_outcome_unknown(
    error: type[apsw.Error], unknown: bool
) -> None:
    class Connection:
        system_errno = 0

        def execute(self, _sql: str, _values: object) -> object:
            raise error("broken")

    store = ApswStore(Connection())  # type: ignore[arg-type]  # a stand-in that only fails
    for use in (lambda: store.run("X"), lambda: store.row("X"), lambda: list(store.rows("X"))):
        with pytest.raises(StoreFault) as caught:
            use()
        assert caught.value.outcome_unknown is unknown


def _write_much(store: WriterStore, rows: int) -> None:
    for number in range(rows):
        store.run("INSERT INTO streams (name, last_seq) VALUES (?, 0)", f"s{number}" + "x" * 3000)
    store.run("DELETE FROM streams")


class _FullDisk(WriterStore):
    """A store whose log cannot be moved."""

    tries = 0

    def _checkpoint(self, mode: int) -> tuple[int, int]:
        self.tries += 1
        raise StoreFault(f"the disk is full (mode {mode})")


def test_a_checkpoint_that_failed_is_tried_again_after_a_while(path: Path) -> None:
    open_writer(path).close()
    store = _FullDisk(apsw.Connection(str(path)))
    store.run("CREATE TABLE large (x)")
    store.run(f"INSERT INTO large VALUES (randomblob({3000 * 4096}))")
    with pytest.raises(StoreFault):
        store.checkpoint_if_due(100.0)
    store.checkpoint_if_due(100.4)
    assert (store.tries, store.checkpoint_is_due(100.4)) == (1, False)
    with pytest.raises(StoreFault):
        store.checkpoint_if_due(100.6)
    store.close()


def test_the_write_ahead_log_is_checkpointed_when_it_has_grown(path: Path) -> None:
    store = open_writer(path)
    wal = path.with_name("penholder.db-wal")
    store.checkpoint_if_due(0)
    _write_much(store, 1500)
    grown = file_bytes(wal)
    assert not store.checkpoint_if_due(0)
    store.run("INSERT INTO streams (name, last_seq) VALUES ('last', 0)")
    assert grown > 8_000_000
    assert file_bytes(wal) <= grown  # begun anew from its start, not grown further
    assert file_bytes(path) > 4_000_000
    store.close()


def test_a_log_behind_a_long_view_costs_no_waiting_and_shrinks_after_it(path: Path) -> None:
    store = open_writer(path)
    store.connection.set_busy_handler(lambda _: pytest.fail("a checkpoint waited"))
    wal = path.with_name("penholder.db-wal")
    reader = open_reader(path)
    reader.run("BEGIN")
    reader.row("SELECT COUNT(*) FROM streams")
    now = 0.0
    while file_bytes(wal) < 70_000_000:
        now += 1
        _write_much(store, 1000)
        is_large = store.checkpoint_if_due(now)
    assert is_large
    reader.run("COMMIT")
    for _ in range(3):
        now += 1
        is_large = store.checkpoint_if_due(now)
    assert not is_large
    assert file_bytes(wal) == 0
    reader.close()
    store.close()


def test_file_bytes_of_nothing(tmp_path: Path) -> None:
    assert file_bytes(tmp_path / "none") == 0


def test_migrations_are_numbered_without_a_gap() -> None:
    names = [name for name, _ in migrations.steps()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


class _Shaped(msgspec.Struct):
    name: str
    is_on: bool
    words: list[str]
    more: dict[str, int] | None
    value: msgspec.Raw


def test_rows_become_records() -> None:
    shape = Shape(_Shaped, words="w.words")
    assert shape.columns == "name, is_on, w.words, more, value"
    read = shape.read(("n", 1, '["a"]', None, None))
    assert (read.name, read.is_on, read.words, read.more) == ("n", True, ["a"], None)
    assert bytes(read.value) == b"null"
    assert shape.read(("n", 0, "[]", '{"a":1}', '{"b":2}')).more == {"a": 1}


def test_the_log_is_renewed_under_the_write_lock_or_not_at_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_writer(path)
    _write_much(store, 10)
    wal = path.with_name("penholder.db-wal")
    before = wal.read_bytes()
    monkeypatch.setattr(opening, "BUSY_MS", 1)
    renewed: list[bool] = []

    def renew(*_: object) -> None:
        with pytest.raises(apsw.BusyError):
            other.execute("BEGIN IMMEDIATE")
        reader = open_reader(path)
        assert reader.row("SELECT COUNT(*) FROM streams") == (0,)
        reader.close()
        renewed.append(True)

    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(wal_renewal, "renew", lambda *_: pytest.fail("somebody may be writing"))
    with pytest.raises(UnwritableDatabase, match="locked"):
        open_writer(path)
    assert wal.read_bytes() == before
    other.execute("ROLLBACK")
    monkeypatch.setattr(wal_renewal, "renew", renew)
    open_writer(path).close()
    assert renewed == [True]
    other.close()
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_which_file_is_closed_to_the_daemon_is_said(tmp_path: Path) -> None:
    open_writer(tmp_path / "p.db").close()
    (tmp_path / "p.db").chmod(0)
    with pytest.raises(UnwritableDatabase, match=r"p\.db cannot be read and written by uid"):
        open_writer(tmp_path / "p.db")
