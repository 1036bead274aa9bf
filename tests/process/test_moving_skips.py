"""`--skip-bad`: what does not fit is left out and named in a file, and all the rest is moved."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.moving_programs import Moved, blackboard, execute, langbot, langbot_row, moving
from tests.helpers.programs import penholder

AT = "2026-01-02T03:04:05+00:00"
APPROVAL = (
    "INSERT INTO approval_requests VALUES ('{0}', '{1}', NULL, 'pending', 'tool.call', 'Go?',"
    f" '{{2}}', '{AT}', NULL, NULL, NULL, NULL, NULL)"
)


def _skipping(tmp_path: Path, source: str, path: Path) -> tuple[Moved, list[dict[str, str]]]:
    """Import with a new file for what is skipped; returns its lines too, and checks the file."""
    file = tmp_path / f"skipped-{len(list(tmp_path.iterdir()))}"
    ran = moving(tmp_path / "state", "import", source, str(path), f"--skip-bad={file}")
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert file.stat().st_mode & 0o777 == 0o600
    assert ran.json["skipped"] == len(lines)
    assert moving(tmp_path / "state", "import", source, str(path)).code == 1, "it is refused else"
    again = moving(
        tmp_path / "state", "import", source, str(path), f"--skip-bad={tmp_path / 'again'}"
    )
    assert again.added == {}
    (tmp_path / "again").unlink()
    return ran, lines


def _named(lines: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(line["table"], line["id"]) for line in lines}


def _rows(tmp_path: Path, table: str) -> list[dict[str, Any]]:
    exported = moving(tmp_path / "state", "export")
    lines = [json.loads(line) for line in exported.out.splitlines()[1:]]
    return [line["row"] for line in lines if line["table"] == table]


@pytest.mark.parametrize(
    ("set_", "why"),
    [
        ("data_json = '{\"a\": NaN}'", "no JSON"),
        ("data_json = '{\"a\": 1e400}'", "finite"),
        ("event_type = x'ff'", "str"),
        ("data_json = CAST(x'7bff7d' AS TEXT)", "column data_json is no UTF-8"),
        ("ts = 'yesterday'", "ISO 8601"),
        ("data_json = '{\"a\": \"' || hex(zeroblob(200000)) || '\"}'", "MAX_VALUE_BYTES"),
    ],
)
def test_one_bad_event_leaves_the_numbers_of_the_others(
    tmp_path: Path, state_db: Path, set_: str, why: str
) -> None:
    execute(state_db, f"UPDATE worker_events SET {set_} WHERE worker_id = 'w_1' AND event_seq = 2")
    ran, lines = _skipping(tmp_path, "subagent-cli", state_db)
    assert _named(lines) == {("worker_events", "ev_000000000003"), ("worker:w_1", "2")}
    assert why in lines[0]["why"]
    assert ran.added["events"] == 6
    entries = [row for row in _rows(tmp_path, "journal") if row["entry_id"] != "ev_0"]
    of_type = {row["entry_id"]: (row["seq"], row["type"]) for row in entries}
    assert of_type["ev_000000000005"] == (3, "output")
    assert of_type["skipped_worker:w_1_2"] == (2, "import.skipped")


def test_an_option_with_an_extra_field(tmp_path: Path, state_db: Path) -> None:
    good = '[{"id": "yes", "alias": "y", "label": "Yes"}]'
    bad = '[{"id": "yes", "alias": "y", "label": "Yes", "color": "red"}]'
    execute(state_db, APPROVAL.format("ap_1", "w_0", good), APPROVAL.format("ap_2", "w_0", bad))
    ran, lines = _skipping(tmp_path, "subagent-cli", state_db)
    assert _named(lines) == {("approval_requests", "ap_2")}
    assert "color" in lines[0]["why"]
    assert ran.added["approvals"] == 1


def test_what_belongs_to_a_skipped_row_is_skipped_too(tmp_path: Path, state_db: Path) -> None:
    execute(
        state_db,
        "UPDATE workers SET state = 'asleep' WHERE worker_id = 'w_1'",
        APPROVAL.format("ap_1", "w_1", "[]"),
        APPROVAL.format("ap_2", "nobody", "[]"),
    )
    ran, lines = _skipping(tmp_path, "subagent-cli", state_db)
    events = {("worker_events", f"ev_{number:012x}") for number in (1, 3, 5)}
    approvals = {("approval_requests", name) for name in ("ap_1", "ap_2")}
    assert _named(lines) == {("workers", "w_1"), *events, *approvals}
    assert (ran.added["workers"], ran.added["events"]) == (1, 3)


def test_an_older_owner_that_is_active(tmp_path: Path, state_db: Path) -> None:
    execute(state_db, "UPDATE controller_instances SET is_active = 1 WHERE epoch = 1")
    ran, lines = _skipping(tmp_path, "subagent-cli", state_db)
    assert _named(lines) == {("controller_instances", "ci_1")}
    assert ran.added["instances"] == 1


def test_a_missing_number_is_filled(tmp_path: Path, state_db: Path) -> None:
    execute(state_db, "DELETE FROM worker_events WHERE worker_id = 'w_0' AND event_seq = 2")
    path = tmp_path / "skipped"
    ran = moving(tmp_path / "state", "import", "subagent-cli", str(state_db), f"--skip-bad={path}")
    assert ran.added["events"] == 6
    assert json.loads(path.read_text("utf-8"))["id"] == "2"


def test_a_number_far_away_is_a_conflict_still(tmp_path: Path, state_db: Path) -> None:
    execute(state_db, "UPDATE worker_events SET event_seq = 1 << 60 WHERE event_seq = 3")
    path = tmp_path / "skipped"
    ran = moving(tmp_path / "state", "import", "subagent-cli", str(state_db), f"--skip-bad={path}")
    assert ran.code == 4
    assert not path.exists()


def test_a_blackboard(tmp_path: Path) -> None:
    path = blackboard(
        tmp_path / "b.db",
        briefs=[
            ("b3", "r1", "b4", None, 1, "r", "pending", None, None, 0, AT, AT),
            ("b4", "r1", "b3", None, 1, "r", "pending", None, None, 0, AT, AT),
            ("b5", "r1", "lost", None, 1, "r", "pending", None, None, 0, AT, AT),
            ("b6", "r1", None, "nowhere", 1, "r", "pending", None, None, 0, AT, AT),
            ("b7", "r1", None, None, 1, "r", "pending", "[NaN]", None, 0, AT, AT),
        ],
        events=[("e3", "r1", "b5", "spawned", None, AT), ("e4", "r1", None, "spawned", None, AT)],
    )
    ran, lines = _skipping(tmp_path, "blackboard", path)
    briefs = {("briefs", f"b{number}") for number in (3, 4, 5, 6, 7)}
    assert _named(lines) == {*briefs, ("events", "e3")}
    assert (ran.added["briefs"], ran.added["events"]) == (2, 3)


def test_langbot(tmp_path: Path) -> None:
    rows = (langbot_row(1), langbot_row(2), langbot_row(3, value_json="NaN", state_key="other"))
    ran, lines = _skipping(tmp_path, "langbot-state", langbot(tmp_path / "l.db", *rows))
    assert _named(lines) == {("agent_runner_state", "2"), ("agent_runner_state", "3")}
    assert ran.added["state_entries"] == 1


def test_nothing_is_moved_where_the_file_is_there_or_cannot_be_made(
    tmp_path: Path, state_db: Path
) -> None:
    execute(state_db, "UPDATE worker_events SET data_json = '{\"a\": NaN}' WHERE event_seq = 2")
    there = tmp_path / "there"
    there.write_text("mine")
    for path, why in ((there, "is there already"), (tmp_path / "no" / "file", "No such file")):
        words = ("import", "subagent-cli", str(state_db), f"--skip-bad={path}")
        ran = moving(tmp_path / "state", *words)
        assert ran.code == 1
        assert why in ran.err
        assert "Traceback" not in ran.err
        assert moving(tmp_path / "state", "export").out.count("\n") <= 1
    assert there.read_text() == "mine"


def test_by_the_command_line(daemon: DaemonProcess, tmp_path: Path, state_db: Path) -> None:
    daemon.end()
    execute(state_db, "UPDATE worker_events SET data_json = '{\"a\": NaN}' WHERE event_seq = 2")
    words = ("import", "subagent-cli", str(state_db), "--state-dir", str(daemon.state_dir))
    ran = penholder(daemon, *words, "--skip-bad", str(tmp_path / "skipped"), "--no-json")
    assert ran.code == 0, ran.err
    assert "4 skipped" in ran.out
    daemon.start()
    with daemon.connect() as control:
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
        items = control.call("event.list", worker_id="w_0")["items"]
    assert [each["type"] for each in items] == ["output", "import.skipped", "output"]
    with closing(sqlite3.connect(state_db)) as source:
        assert source.execute("SELECT COUNT(*) FROM worker_events").fetchone() == (6,)
