"""Upgrades of the database: all of it or nothing, and only after a copy of it as it was."""

import errno
import stat
from pathlib import Path

import apsw
import pytest

from penholder_daemon import migrations
from penholder_daemon.shell.disk import backups, copying
from penholder_daemon.shell.store.opening import UnusableDatabase, open_reader, open_writer

STEPS = migrations.steps()
GOOD = ("9998_more", "CREATE TABLE more (x INTEGER) STRICT; INSERT INTO more VALUES (1);")
BAD = ("9999_bad", "CREATE TABLE worse (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a database of the newest schema with a row in it."""
    path = tmp_path / "penholder.db"
    store = open_writer(path)
    store.run("INSERT INTO streams (name, last_seq) VALUES ('daemon', 0)")
    store.close()
    return path


def _add_steps(monkeypatch: pytest.MonkeyPatch, *steps: tuple[str, str]) -> None:
    monkeypatch.setattr(migrations, "steps", lambda: [*STEPS, *steps])


def _content(path: Path) -> tuple[object, list[object]]:
    """Return the schema's number and every table with its rows."""
    reader = open_reader(path)
    version = migrations.version(reader)
    tables = reader.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")
    names = [str(row[0]) for row in tables]
    rows: list[object] = [(name, list(reader.rows(f"SELECT * FROM {name}"))) for name in names]
    reader.close()
    return version, rows


def _kept(path: Path) -> list[Path]:
    return sorted(backups.directory_of(path).glob("*"))


def test_a_new_database_needs_no_copy(path: Path) -> None:
    open_writer(path).close()
    assert not backups.directory_of(path).exists()


def test_a_step_is_applied_after_a_copy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _content(path)
    _add_steps(monkeypatch, GOOD)
    store = open_writer(path)
    assert migrations.version(store) == len(STEPS) + 1
    assert store.row("SELECT x FROM more") == (1,)
    store.close()
    (copy,) = _kept(path)
    assert copy.name.startswith(f"before-schema-{len(STEPS) + 1}-")
    assert backups.BEFORE_UPGRADE.fullmatch(copy.name)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    assert _content(copy) == before


def test_a_step_that_fails_half_way_leaves_everything_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _content(path)
    _add_steps(monkeypatch, GOOD, BAD)
    with pytest.raises(UnusableDatabase, match=r"cannot be upgraded from schema \d+ to \d+.*as it"):
        open_writer(path)
    assert _content(path) == before
    monkeypatch.undo()
    open_writer(path).close()


def test_what_a_crash_left_of_a_database_is_upgraded_too(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is only in the write-ahead log is in the copy as well."""
    crashed = open_writer(path)
    crashed.run("INSERT INTO streams (name, last_seq) VALUES ('in the log', 0)")
    _add_steps(monkeypatch, GOOD)
    open_writer(path).close()
    (copy,) = _kept(path)
    assert ("in the log",) in list(open_reader(copy).rows("SELECT name FROM streams"))
    crashed.close()


@pytest.mark.parametrize("where", ["sync", "fill"])
def test_without_a_copy_nothing_is_upgraded(
    path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def be_full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = _content(path)
    _add_steps(monkeypatch, GOOD)
    backups.directory_of(path).mkdir()
    monkeypatch.setattr(copying, where, be_full)
    with pytest.raises(UnusableDatabase, match=r"No space left.*nothing was changed"):
        open_writer(path)
    assert _content(path) == before
    assert _kept(path) == []


def test_a_copy_that_is_damaged_is_not_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_writer(path)
    store.run("PRAGMA foreign_keys = OFF")
    store.run("INSERT INTO messages VALUES (77, 88, 1, 'k', NULL)")
    store.close()
    before = _content(path)
    _add_steps(monkeypatch, GOOD)
    with pytest.raises(UnusableDatabase, match=r"damaged.*messages"):
        open_writer(path)
    assert _content(path) == before
    assert _kept(path) == []


def test_a_directory_of_backups_that_is_a_file_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.directory_of(path).write_text("mine")
    _add_steps(monkeypatch, GOOD)
    with pytest.raises(UnusableDatabase, match="backups"):
        open_writer(path)
    assert backups.directory_of(path).read_text() == "mine"


def test_only_the_newest_copies_are_kept_and_nothing_else_goes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = backups.directory_of(path)
    directory.mkdir()
    old = [f"before-schema-{n}-2020010{n}T000000.000Z.db" for n in (9, 2, 3)]
    others = [
        "before-schema-1-notes.txt", "penholder-20200101T000000.000Z.db", "mine.db",
        "replaced-20200101T000000.000Z.db", "before-schema-1-20190101T000000.000Z.db.old",
    ]  # fmt: skip
    left_over = ".before-schema-4-20200101T000000.000Z.db.partial"
    for name in [*old, *others, left_over]:
        directory.joinpath(name).write_text("old")
    directory.joinpath("before-schema-1-20190101T000000.000Z.db").mkdir()
    _add_steps(monkeypatch, GOOD)
    open_writer(path).close()
    names = {each.name for each in _kept(path)}
    assert set(others) < names
    assert left_over not in names
    assert {name for name in old if name in names} == {old[0], old[2]}
    assert directory.joinpath("before-schema-1-20190101T000000.000Z.db").is_dir()


def test_the_copy_of_this_upgrade_stays_though_the_clock_was_set_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = backups.directory_of(path)
    directory.mkdir()
    later = [f"before-schema-{n}-9999010{n}T000000.000Z.db" for n in (1, 2, 3)]
    for name in later:
        directory.joinpath(name).write_text("old")
    before = _content(path)
    _add_steps(monkeypatch, GOOD)
    open_writer(path).close()
    (copy,) = [each for each in _kept(path) if each.name not in later]
    assert _content(copy) == before
    assert [each.name for each in _kept(path) if each != copy] == later[1:]


def test_an_older_program_names_both_versions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_writer(path)
    store.run(f"PRAGMA user_version = {len(STEPS) + 3}")
    store.close()
    wanted = rf"has schema {len(STEPS) + 3}.*penholder \d.*up to {len(STEPS)}: upgrade the program"
    with pytest.raises(UnusableDatabase, match=wanted):
        open_writer(path)


def test_a_database_that_is_refused_is_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _add_steps(monkeypatch, BAD)
    with pytest.raises(UnusableDatabase):
        open_writer(path)
    assert not path.with_name("penholder.db-wal").exists()
    apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY).close()
