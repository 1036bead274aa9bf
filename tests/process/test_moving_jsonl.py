"""Out and in again: an export read into an empty database gives the same export."""

import fcntl
import json
import stat
from pathlib import Path
from typing import Any

import apsw
import pytest
from bench import moving_source

from penholder_daemon.moving.jsonl import NOTES
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.moving_programs import blackboard, langbot, langbot_row, moving
from tests.helpers.programs import penholder


@pytest.fixture
def lived_in(short_dir: Path, tmp_path: Path) -> Path:
    """Give a state directory with something in most tables, numbers ahead of rows among it."""
    daemon = DaemonProcess(short_dir)
    moving_source.create(tmp_path / "state.db")
    moving(daemon.state_dir, "import", "subagent-cli", str(tmp_path / "state.db"))
    moving(daemon.state_dir, "import", "blackboard", str(blackboard(tmp_path / "b.db")))
    keys = (langbot_row(1), langbot_row(2, state_key="a\0b"))
    moving(daemon.state_dir, "import", "langbot-state", str(langbot(tmp_path / "l.db", *keys)))
    daemon.start()
    with daemon.connect() as control:
        worker_id = make_worker(control)
        key = {"idempotency_key": "once"}
        control.call("event.append", worker_id=worker_id, type="t", data={"é": "\0"}, **key)
        control.call("message.publish", topic="t", kind="k", payload={})
        ids = {"tenant_id": "t", "project_id": "p"}
        session = {"session_id": "s"}
        run = {**ids, "backend_profile": "b", "session_ref": session}
        run_id = control.call("run.create", **run)["run_id"]
        control.call("run.claim", run_id=run_id, runner_id="r", lease_ms=60_000)
        control.call("command.create", run_id=run_id, type="turn")
        control.call("queue.submit", **ids, queue="q")
        control.call("daemon.prune", keep_last=1, streams=["worker:w_0"])
        control.call("worker.stop", worker_id=worker_id)
        control.call("worker.remove", worker_id=worker_id)
    daemon.stop()
    return daemon.state_dir


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_out_and_in_again_is_equal(lived_in: Path, short_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    assert moving(lived_in, "export", str(file)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "jsonl" in path.name] == [file.name]
    text = file.read_text()
    assert moving(lived_in, "export").out == text
    other = DaemonProcess(short_dir / "other")
    header, *rows = _lines(text)
    assert sum(header["tables"].values()) == len(rows)
    filled = {table for table, count in header["tables"].items() if count}
    assert {"idempotency", "sessions", "leases", "messages", "queue_tasks", "commands"} <= filled

    dry = moving(other.state_dir, "import", "jsonl", str(file), "--dry-run")
    assert not other.state_dir.exists()
    done = moving(other.state_dir, "import", "jsonl", "-", given=text)
    assert done.added == dry.added == {t: n for t, n in header["tables"].items() if n}
    assert moving(other.state_dir, "export").out == text

    other.start()
    with other.connect() as control:
        assert control.call("daemon.verify", deep=True)["findings"] == []
        assert control.call("journal.position")["pos"] == header["sequences"]["journal"]
        assert control.refusal("event.list", worker_id="w_0") == "CURSOR_GONE"
    other.end()


def test_tables_come_in_the_order_of_the_schema(lived_in: Path) -> None:
    header, *rows = _lines(moving(lived_in, "export").out)
    database = apsw.Connection(str(lived_in / "penholder.db"))
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    known = [row[0] for row in database.execute(sql) if row[0] not in NOTES]
    database.close()
    assert list(header["tables"]) == known
    written = [row["table"] for row in rows]
    assert written == sorted(written, key=known.index)


def test_of_which_hosts_it_was_is_not_in_it(lived_in: Path) -> None:
    header, *rows = _lines(moving(lived_in, "export").out)
    assert "hosts" not in header["tables"]
    of_hosts = [each["row"]["host_id"] for each in rows if "host_id" in each["row"]]
    assert of_hosts
    assert {*of_hosts} == {None}
    subjects = [each["row"].get("subject", "") for each in rows]
    assert not [each for each in subjects if each.startswith("host:")]


def test_an_export_replaces_no_file(lived_in: Path, tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    file.write_text("mine")
    ran = moving(lived_in, "export", str(file))
    assert ran.code == 1
    assert "is there already" in ran.err
    assert "nothing was written" in ran.err
    assert file.read_text() == "mine"


def test_what_a_killed_export_left_is_gone_with_the_next(lived_in: Path, tmp_path: Path) -> None:
    partial = tmp_path / ".export.jsonl.partial"
    partial.write_text("half of it\n" * 100_000)
    with partial.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = moving(lived_in, "export", str(tmp_path / "export.jsonl"))
        assert (ran.code, "wait for its end" in ran.err) == (1, True)
    assert moving(lived_in, "export", str(tmp_path / "export.jsonl")).code == 0
    assert (tmp_path / "export.jsonl").read_text() == moving(lived_in, "export").out
    assert list(tmp_path.glob(".*")) == []


def test_only_an_empty_database_takes_it(lived_in: Path, tmp_path: Path) -> None:
    text = moving(lived_in, "export").out
    ran = moving(lived_in, "import", "jsonl", "-", given=text)
    assert ran.code == 1
    assert "is not empty: table streams" in ran.err
    assert moving(lived_in, "export").out == text


def test_a_database_that_was_only_started_is_empty(lived_in: Path, short_dir: Path) -> None:
    text = moving(lived_in, "export").out
    (short_dir / "other").mkdir()
    other = DaemonProcess(short_dir / "other")
    other.start()
    with other.connect() as control:
        control.call("controller.list")
    other.stop()
    moving(other.state_dir, "import", "jsonl", "-", given=text)
    assert moving(other.state_dir, "export").out == text


def _changed_header(text: str, **changes: object) -> str:
    header, _, rest = text.partition("\n")
    return json.dumps({**json.loads(header), **changes}) + "\n" + rest


def test_lines_that_are_not_right(lived_in: Path, tmp_path: Path) -> None:
    text = moving(lived_in, "export").out
    lines = text.splitlines(keepends=True)
    of_events = next(n for n, line in enumerate(lines) if line.startswith('{"table":"journal",'))
    sequences = json.loads(lines[0])["sequences"]
    wrong = {
        "": "line 1 is not the header",
        "no JSON\n": "line 1 is not the header",
        _changed_header(text, format="other"): "the format is 'other'",
        _changed_header(text, schema_version=999): "schema 999",
        _changed_header(text, tables={}): "expected were the tables",
        _changed_header(text, sequences={**sequences, "journal": 1}): "the sequence of journal",
        _changed_header(text, sequences={**sequences, "workers": 1 << 53}): "`$.sequences[...]`",
        _changed_header(text, sequences={**sequences, "workers": 1 << 70}): "`$.sequences[...]`",
        "".join(lines[:-1]): "the header says",
        text[: len(text) - 9]: f"line {len(lines)} is not a row",
        text + lines[-1]: f"line {len(lines) + 1}: a row",
        text + '{"table":"nowhere","row":{}}\n': "a row of 'nowhere'",
        text.replace('"entry_id":', '"entry":'): "a row of 'entry_ids'",
        text.replace('"turn_id":', '"turn":'): f"line {of_events + 1}: a row of 'journal'",
        text.replace('"pos":2,', '"pos":"two",'): "does not fit",
        "".join(line for line in lines if '"worker_id":"w_0"' not in line): "the header says",
    }
    for given, why in wrong.items():
        ran = moving(tmp_path / "state", "import", "jsonl", "-", given=given)
        assert ran.code == 1, why
        assert why in ran.err
        assert "Traceback" not in ran.err


def test_the_command_line_pipes_one_into_the_other(lived_in: Path, short_dir: Path) -> None:
    daemon, other = DaemonProcess(short_dir), str(short_dir / "other")
    file = short_dir / "all.jsonl"
    assert penholder(daemon, "export", str(file)).code == 0
    said = penholder(daemon, "import", "jsonl", str(file), "--state-dir", other, "--no-json")
    assert said.code == 0
    assert "rows added" in said.out
    assert penholder(daemon, "export", "--state-dir", other).out == file.read_text()
