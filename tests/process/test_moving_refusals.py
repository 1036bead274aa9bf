"""What is not moved, and that it is said: damaged and foreign files, rows, conflicts."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from bench import moving_source

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.moving_programs import blackboard, execute, langbot, langbot_row, moving
from tests.helpers.programs import penholder


def refused(state_dir: Path, source: str, path: Path, code: int = 1) -> str:
    """Return why an import is refused; nothing of it may be left."""
    ran = moving(state_dir, "import", source, str(path))
    assert ran.code == code, ran.out
    assert "Traceback" not in ran.err
    exported = moving(state_dir, "export")
    assert exported.code == 1 or exported.out.count("\n") == 1
    return ran.err


def test_files_that_are_no_such_database(tmp_path: Path, state_db: Path) -> None:
    state_dir, text, empty = tmp_path / "state", tmp_path / "text", tmp_path / "empty"
    text.write_text("no database at all, though long enough to be one")
    empty.write_bytes(b"")
    assert "no SQLite database" in refused(state_dir, "subagent-cli", text)
    assert "no SQLite database" in refused(state_dir, "subagent-cli", empty)
    assert "No such file" in refused(state_dir, "subagent-cli", tmp_path / "absent")
    assert "directory" in refused(state_dir, "subagent-cli", tmp_path)
    for absent in (tmp_path / "absent", tmp_path / "absent" / "below"):
        assert f'"{absent}: No such file' in refused(state_dir, "jsonl", absent)
    assert "lacks table runs" in refused(state_dir, "blackboard", state_db)
    assert "agent_runner_state" in refused(state_dir, "langbot-state", state_db)
    execute(state_db, "ALTER TABLE workers RENAME COLUMN cwd TO pwd")
    assert "lacks columns cwd in table workers" in refused(state_dir, "subagent-cli", state_db)


def test_a_database_of_an_older_version_is_read(tmp_path: Path, state_db: Path) -> None:
    execute(
        state_db,
        *(f"ALTER TABLE workers DROP COLUMN {name}"
          for name in ("runtime_pid", "runtime_socket", "active_turn_id")),
    )  # fmt: skip
    assert moving(tmp_path / "state", "import", "subagent-cli", str(state_db)).added["workers"] == 2


def test_damaged_files(tmp_path: Path) -> None:
    source = tmp_path / "large.db"
    moving_source.create(source, events=500)
    content = bytearray(source.read_bytes())
    content[4096 * 3 : 4096 * 12] = b"\xff" * (4096 * 9)
    source.write_bytes(content)
    assert "is damaged" in refused(tmp_path / "state", "subagent-cli", source)
    shutil.copyfile(source, cut := tmp_path / "cut.db")
    with cut.open("r+b") as file:
        file.truncate(5000)
    why = refused(tmp_path / "state", "subagent-cli", cut)
    assert "damaged" in why or "cannot be read" in why


ROWS = {
    "UPDATE workers SET state = 'asleep'": ("workers", "asleep"),
    "UPDATE workers SET worker_id = 'a/b' WHERE worker_id = 'w_0'": ("damaged", "workers"),
    "UPDATE workers SET packs_json = '{'": ("w_0", "packs_json"),
    "UPDATE controllers SET created_at = 'yesterday'": ("ctl_1", "ISO 8601"),
    "UPDATE worker_events SET data_json = '[1]' WHERE event_id LIKE '%3'": (
        "ev_000000000003", "data_json",
    ),
    "UPDATE worker_events SET data_json = '{\"a\": NaN}' WHERE event_id LIKE '%3'": (
        "ev_000000000003", "invalid character",
    ),
    "UPDATE worker_events SET data_json = '{\"a\": \"' || hex(zeroblob(200000)) || '\"}'": (
        "ev_000000000000", "MAX_VALUE_BYTES",
    ),
    "UPDATE worker_events SET event_type = x'ff'": ("ev_000000000000", "str"),
    "UPDATE controller_instances SET is_active = 1 WHERE epoch = 1": ("ci_1", "epoch 1"),
    "INSERT INTO worker_events SELECT 'ev_x', 'nobody', 1, ts, 't', NULL, '{}', NULL"
    " FROM worker_events LIMIT 1": ("damaged", "worker_events"),
}  # fmt: skip


@pytest.mark.parametrize("sql", ROWS)
def test_rows_that_the_daemon_would_not_take(tmp_path: Path, state_db: Path, sql: str) -> None:
    if sql.startswith("UPDATE controller_instances"):
        execute(state_db, "DELETE FROM worker_events")
    execute(state_db, sql)
    why = refused(tmp_path / "state", "subagent-cli", state_db)
    for word in ROWS[sql]:
        assert word in why


def test_a_missing_number_of_an_event(tmp_path: Path, state_db: Path) -> None:
    execute(state_db, "DELETE FROM worker_events WHERE worker_id = 'w_0' AND event_seq = 2")
    why = refused(tmp_path / "state", "subagent-cli", state_db, code=4)
    assert "number 3 of worker:w_0, which ends with 1" in why


def test_briefs_whose_ancestors_do_not_end(tmp_path: Path) -> None:
    at = "2026-01-01T00:00:00+00:00"
    row = ("r1", "p", None, 1, "role", "pending", None, None, 0, at, at)
    lost = blackboard(tmp_path / "lost.db", briefs=[("b3", *row)])
    assert "no brief 'p' above it" in refused(tmp_path / "state", "blackboard", lost)
    circle = blackboard(tmp_path / "circle.db")
    execute(circle, "UPDATE briefs SET parent_brief_id = 'b2' WHERE brief_id = 'b1'")
    assert "ancestor of itself" in refused(tmp_path / "state", "blackboard", circle)
    strange = blackboard(tmp_path / "strange.db")
    execute(strange, "UPDATE briefs SET workstream_id = 'nowhere'")
    assert "would not be sound" in refused(tmp_path / "state", "blackboard", strange)


def test_two_rows_of_langbot_that_mean_the_same_value(tmp_path: Path) -> None:
    twins = langbot(tmp_path / "twins.db", langbot_row(1), langbot_row(2))
    assert "same value as row 1" in refused(tmp_path / "state", "langbot-state", twins)
    nobody = langbot(tmp_path / "nobody.db", langbot_row(7, scope="actor"))
    why = refused(tmp_path / "state", "langbot-state", nobody)
    assert "row 7" in why
    assert "actor.id" in why


CONFLICTS = {
    "UPDATE workers SET state = 'stopped' WHERE worker_id = 'w_0'": (
        "worker 'w_0'", "state is 'running' here, 'stopped' there",
    ),
    "UPDATE controller_instances SET token = 'other' WHERE epoch = 2": (
        "fence 'controller:ctl_1'", "token_hash",
    ),
    "UPDATE worker_events SET data_json = '{}' WHERE event_seq = 2 AND worker_id = 'w_1'": (
        "entry 2 of worker:w_1", "ev_000000000003",
    ),
    "UPDATE controllers SET label = 'Other'": ("controller 'ctl_1'", "'Other' there"),
}  # fmt: skip


@pytest.mark.parametrize("sql", CONFLICTS)
def test_other_content_under_the_same_id(tmp_path: Path, state_db: Path, sql: str) -> None:
    state_dir = tmp_path / "state"
    moving(state_dir, "import", "subagent-cli", str(state_db))
    before = moving(state_dir, "export").out
    execute(state_db, sql)
    ran = moving(state_dir, "import", "subagent-cli", str(state_db))
    assert ran.code == 4
    for word in CONFLICTS[sql]:
        assert word in ran.err
    assert "other" not in ran.err.partition("token_hash")[2]
    assert moving(state_dir, "export").out == before


def test_a_worker_that_was_removed_does_not_return(short_dir: Path, state_db: Path) -> None:
    daemon = DaemonProcess(short_dir)
    execute(state_db, "UPDATE workers SET state = 'stopped'")
    moving(daemon.state_dir, "import", "subagent-cli", str(state_db))
    daemon.start()
    with daemon.connect() as control:
        fence = {"epoch": 2, "token": "token"}
        control.call("worker.remove", worker_id="w_0", fence=fence)
    daemon.stop()
    ran = moving(daemon.state_dir, "import", "subagent-cli", str(state_db))
    assert ran.code == 4
    assert "'w_0' was here once" in ran.err


def test_what_is_still_in_the_log_of_a_source_is_read(tmp_path: Path, state_db: Path) -> None:
    """A program that still runs has its newest rows beside its database file."""
    with closing(sqlite3.connect(state_db)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE controllers SET label = 'newest'")
        connection.commit()
        assert state_db.with_name("state.db-wal").stat().st_size > 0
        moving(tmp_path / "state", "import", "subagent-cli", str(state_db))
    assert "newest" in moving(tmp_path / "state", "export").out


def test_wrong_words(short_dir: Path) -> None:
    daemon = DaemonProcess(short_dir)
    assert penholder(daemon, "import", "other-cli", "x").code == 2
    assert penholder(daemon, "import", "blackboard").code == 2
    assert penholder(daemon, "import", "blackboard", "x", "--dry").code == 2
    assert penholder(daemon, "import", "--help").code == 0
    assert penholder(daemon, "export").code == 1
    assert "there is no database" in penholder(daemon, "export").err
