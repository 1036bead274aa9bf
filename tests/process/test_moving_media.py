"""Sources on media, and of kinds, that a database seldom is on: pipes, logs, nothing to write."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from bench import moving_source

from tests.helpers.moving_programs import execute, moving

_MOUNT = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


@pytest.fixture
def hot(tmp_path: Path) -> Path:
    """Give a database that a crash left: what was written last is in its log alone."""
    running = tmp_path / "running.db"
    moving_source.create(running)
    directory = tmp_path / "medium"
    directory.mkdir()
    with closing(sqlite3.connect(running)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE controllers SET label = 'In the log'")
        connection.commit()
        for suffix in ("", "-wal"):
            shutil.copy(f"{running}{suffix}", directory / f"state.db{suffix}")
    return directory / "state.db"


@pytest.mark.parametrize("source", ["subagent-cli", "blackboard", "langbot-state", "jsonl"])
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path, source: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ran = moving(tmp_path / "state", "import", source, str(pipe))
    assert ran.code == 1
    assert "no regular file" in ran.err or "is a named pipe" in ran.err


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_database(tmp_path: Path, device: str) -> None:
    ran = moving(tmp_path / "state", "import", "subagent-cli", device)
    assert ran.code == 1
    assert "no regular file" in ran.err


def test_a_log_is_read_and_nothing_is_left_beside_it(tmp_path: Path, hot: Path) -> None:
    before = {path: path.read_bytes() for path in hot.parent.iterdir()}
    ran = moving(tmp_path / "state", "import", "subagent-cli", str(hot))
    assert ran.added["controllers"] == 1
    assert "In the log" in moving(tmp_path / "state", "export").out
    assert {path: path.read_bytes() for path in hot.parent.iterdir()} == before


def test_one_that_is_open_is_read_beside_its_program(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    moving_source.create(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE controllers SET label = 'Just now'")
        connection.commit()
        assert moving(tmp_path / "state", "import", "subagent-cli", str(path)).code == 0
        connection.execute("UPDATE controllers SET label = 'Later'")
        connection.commit()
    assert "Just now" in moving(tmp_path / "state", "export").out


needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root can mount read-only"
)


def _read_only(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run an import that finds the directory on a medium that cannot be written."""
    return subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", _MOUNT, str(directory),
         sys.executable, "-m", "penholder_daemon.moving", *words, "--json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@needs_mounts
@pytest.mark.parametrize("has_index", [False, True])
def test_a_log_on_a_read_only_medium_is_read(tmp_path: Path, hot: Path, has_index: bool) -> None:
    if has_index:
        hot.with_name("state.db-shm").write_bytes(b"")
    words = ("import", "subagent-cli", str(hot), "--state-dir", str(tmp_path / "state"))
    ran = _read_only(hot.parent, *words)
    assert ran.returncode == 0, ran.stderr
    assert "In the log" in moving(tmp_path / "state", "export").out


def _with_journal(directory: Path) -> Path:
    """Make a database that a crash left amid a change, in the older way of SQLite."""
    running, path = directory / "running.db", directory / "state.db"
    moving_source.create(running)
    with closing(sqlite3.connect(running, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("PRAGMA cache_spill = ON")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE filler (x)")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)"
            " INSERT INTO filler SELECT hex(randomblob(100)) FROM n"
        )
        for suffix in ("", "-journal"):
            shutil.copy(f"{running}{suffix}", f"{path}{suffix}")
    return path


def test_a_journal_that_must_be_undone_is_explained(tmp_path: Path) -> None:
    directory = tmp_path / "medium"
    directory.mkdir()
    path = _with_journal(directory)
    ran = moving(tmp_path / "state", "import", "subagent-cli", str(path))
    assert ran.code == 1
    assert "a journal of an interrupted change beside it" in ran.err
    assert "open it once with its own program" in ran.err


@needs_mounts
def test_also_where_nothing_can_be_written(tmp_path: Path) -> None:
    directory = tmp_path / "medium"
    directory.mkdir()
    path = _with_journal(directory)
    words = ("import", "subagent-cli", str(path), "--state-dir", str(tmp_path / "state"))
    ran = _read_only(directory, *words)
    assert ran.returncode == 1
    assert "copy state.db and state.db-journal to where they can be written" in ran.stderr


def test_what_is_written_meanwhile_is_refused(tmp_path: Path, hot: Path) -> None:
    """A trigger of the import's own cannot be had, so what it compares is looked at by itself."""
    from penholder_daemon.moving.skipping import Skipping
    from penholder_daemon.moving.source import open_source
    from penholder_daemon.moving.subagent_cli import PROGRAM
    from penholder_daemon.refusals import Refused

    with open_source(hot, PROGRAM, Skipping()) as source:
        source.check_unchanged()
        execute(hot, "UPDATE controllers SET label = 'Meanwhile'")
        with pytest.raises(Refused, match="was written while it was read"):
            source.check_unchanged()


def test_what_has_no_lines_is_not_held_whole(tmp_path: Path) -> None:
    file = tmp_path / "zeros"
    file.touch()
    os.truncate(file, 1 << 40)
    ran = moving(tmp_path / "state", "import", "jsonl", str(file))
    assert (ran.code, "line 1 is longer than any of an export" in ran.err) == (1, True)
