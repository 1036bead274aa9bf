"""Moving in: what other programs kept is served by the daemon, with its ids, numbers and times."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench import moving_source

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.moving_programs import blackboard, execute, langbot, langbot_row, moving
from tests.helpers.programs import penholder

AT = "2026-01-02T03:04:05.000Z"
SECOND = "2026-01-02T03:04:05.678Z"


@pytest.fixture
def daemon(short_dir: Path) -> DaemonProcess:
    """Give a daemon that does not run yet."""
    return DaemonProcess(short_dir)


@pytest.fixture
def state_db(tmp_path: Path) -> Path:
    """Give a database of subagent-cli."""
    path = tmp_path / "state.db"
    moving_source.create(path)
    execute(
        path,
        "INSERT INTO approval_requests VALUES ('ap_1', 'w_0', NULL, 'decided', 'tool.call', 'Go?',"
        ' \'[{"id": "yes", "alias": "y"}]\', \'2026-01-02T03:04:05+00:00\','
        " '2026-01-02T04:04:05+01:00', 'y', 'yes', 'y', NULL)",
        "INSERT INTO handoff_snapshots VALUES ('hs_1', 'w_1', 'ctl_1', 't', '/h', '/c',"
        " '2026-01-02T03:04:05+00:00')",
    )
    return path


def test_the_owner_of_subagent_cli_goes_on(daemon: DaemonProcess, state_db: Path) -> None:
    before = state_db.read_bytes()
    moved = penholder(daemon, "import", "subagent-cli", str(state_db))
    assert moved.json["added"] == {
        "controllers": 1, "instances": 2, "fences": 1, "workers": 2, "events": 6,
        "approvals": 1, "handoffs": 1,
    }  # fmt: skip
    assert state_db.read_bytes() == before
    assert [path.name for path in state_db.parent.iterdir()] == ["state.db"]
    daemon.start()
    with daemon.connect() as control:
        worker = control.call("worker.get", worker_id="w_0")
        assert (worker["state"], worker["packs"], worker["created_at"]) == (
            "running", ["review", "café"], AT,
        )  # fmt: skip
        assert (worker["runtime_pid"], worker["active_turn_id"]) == (77, "turn_1")
        events = control.call("event.list", worker_id="w_1")["items"]
        assert [(each["event_id"], each["event_seq"], each["ts"]) for each in events] == [
            (f"ev_{number:012x}", seq, AT) for seq, number in enumerate((1, 3, 5), 1)
        ]
        assert [each["pos"] for each in events] == [2, 4, 6]
        assert events[0]["data"] == {"text": "line 1", "stream": "stdout"}
        [seen, _] = control.call("worker.overview")["items"]
        assert (seen["last_output_at"], seen["last_text"]) == (events[-1]["ts"], "line 5")
        approval = control.call("approval.get", request_id="ap_1")
        assert (approval["state"], approval["decided_at"]) == ("decided", AT)
        assert control.call("handoff.latest", worker_id="w_1")["snapshot_id"] == "hs_1"
        fence = {"epoch": 2, "token": "token"}
        assert control.call("controller.validate", controller_id="ctl_1", **fence)["valid"]
        stale = control.error(
            "worker.heartbeat", worker_id="w_0", fence={"epoch": 1, "token": "old-token"}
        )
        assert (stale["data"]["code"], stale["data"]["details"]["current_epoch"]) == ("FENCED", 2)
        added = control.call("event.append", worker_id="w_1", type="t", fence=fence)
        assert (added["event_seq"], added["pos"]) == (4, 7)
        assert (
            control.call("controller.acquire", controller_id="ctl_1", takeover=True)["epoch"] == 3
        )
        assert control.call("daemon.verify", deep=True) == {"ok": True, "findings": []}
    daemon.end()


def test_a_board_is_what_the_blackboard_was(daemon: DaemonProcess, tmp_path: Path) -> None:
    path = blackboard(tmp_path / "blackboard.db")
    execute(path, "PRAGMA journal_mode = WAL")
    moved = moving(daemon.state_dir, "import", "blackboard", str(path))
    assert moved.added == {"boards": 1, "workstreams": 1, "briefs": 2, "events": 2}
    assert not path.with_name("blackboard.db-wal").exists()
    daemon.start()
    with daemon.connect() as control:
        summary = control.call("board.summary", board_id="r1")
        assert (summary["state"], summary["created_at"]) == ("active", SECOND)
        assert summary["briefs_by_state"] == {"pending": 1, "done": 1}
        assert summary["events_by_kind"] == {"spawned": 1, "completed": 1}
        [root] = control.call("brief.tree", board_id="r1")["items"]
        assert (root["brief_id"], root["payload"], root["retry_count"]) == ("b1", {"a": "é"}, 3)
        assert [each["brief_id"] for each in root["children"]] == ["b2"]
        events = control.call("board.events", board_id="r1")["items"]
        assert [(each["event_id"], each["seq"], each["detail"]) for each in events] == [
            ("e2", 1, {"n": 1}), ("e1", 2, {}),
        ]  # fmt: skip
        assert control.call("daemon.verify")["ok"]
    daemon.end()


def test_a_runner_finds_what_langbot_kept(daemon: DaemonProcess, tmp_path: Path) -> None:
    actor = {"scope": "actor", "actor_type": "person", "actor_id": "a:1", "value_json": "null"}
    path = langbot(tmp_path / "langbot.db", langbot_row(1), langbot_row(2, **actor))
    moved = moving(daemon.state_dir, "import", "langbot-state", str(path))
    assert moved.added == {"state_entries": 2, "bindings": 1}
    daemon.start()
    at = {"runner_id": "plugin:a/b", "binding_identity": "bot:1", "key": "key"}
    context = {"bot_id": "bot", "actor": {"type": "person", "id": "a:1"}}
    with daemon.connect() as control:
        found = control.call("state.get", scope="runner", context=context, **at)
        assert (found["value"], found["updated_at"]) == ({"v": 1}, SECOND)
        stored_null = control.call("state.get", scope="actor", context=context, **at)
        assert (stored_null["found"], stored_null["value"]) == (True, None)
        assert not control.call("state.get", scope="runner", context={}, **at)["found"]
        control.call("state.bind", runner_id="plugin:a/b", binding_id="bot:1", enable_state=False)
    daemon.stop()
    again = moving(daemon.state_dir, "import", "langbot-state", str(path))
    assert (again.added, again.present) == ({}, {"state_entries": 2, "bindings": 1})


def test_twice_adds_nothing_and_later_rows_are_added(tmp_path: Path, state_db: Path) -> None:
    state_dir, board = tmp_path / "state", blackboard(tmp_path / "blackboard.db")
    langbot_db = langbot(tmp_path / "langbot.db", langbot_row(1))
    sources = {"subagent-cli": state_db, "blackboard": board, "langbot-state": langbot_db}
    for name, path in sources.items():
        first = moving(state_dir, "import", name, str(path))
        again = moving(state_dir, "import", name, str(path))
        assert (again.added, again.present) == ({}, first.added)
    before = moving(state_dir, "export").out
    execute(state_db, "INSERT INTO worker_events VALUES ('ev_new', 'w_0', 4,"
            " '2026-01-03T00:00:00+00:00', 't', NULL, '{}', '[1]')")  # fmt: skip
    assert moving(state_dir, "import", "subagent-cli", str(state_db)).added == {"events": 1}
    added = set(moving(state_dir, "export").out.splitlines()) - set(before.splitlines())
    # The entry and its id, the counts of the header, and where the stream ends.
    assert len(added) == 4


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path, state_db: Path) -> None:
    state_dir = tmp_path / "state"
    dry = moving(state_dir, "import", "subagent-cli", str(state_db), "--dry-run")
    assert dry.json["dry_run"]
    assert not state_dir.exists()
    assert moving(state_dir, "import", "subagent-cli", str(state_db)).added == dry.added
    board = blackboard(tmp_path / "blackboard.db")
    before = moving(state_dir, "export").out
    assert moving(state_dir, "import", "blackboard", str(board), "--dry-run").added["briefs"] == 2
    assert moving(state_dir, "export").out == before


def test_events_keep_their_numbers_though_a_clock_went_back(
    daemon: DaemonProcess, state_db: Path
) -> None:
    execute(state_db, "UPDATE worker_events SET ts = '2025-01-01T00:00:00Z' WHERE event_seq = 2")
    moving(daemon.state_dir, "import", "subagent-cli", str(state_db))
    daemon.start()
    with daemon.connect() as control:
        events = control.call("event.list", worker_id="w_0")["items"]
        assert [each["event_seq"] for each in events] == [1, 2, 3]
        assert [each["pos"] for each in events] == sorted(each["pos"] for each in events)
        assert control.call("daemon.verify")["ok"]
    daemon.end()


def test_nothing_moves_while_a_daemon_runs(daemon: DaemonProcess, state_db: Path) -> None:
    daemon.start()
    for words in (("import", "subagent-cli", str(state_db)), ("export",)):
        refused = penholder(daemon, *words, "--no-json")
        assert refused.code == 1
        assert f"pid {daemon.pid}" in refused.err
        assert "penholder down" in refused.err
    daemon.end()


def test_a_bar_is_drawn_for_people_only(tmp_path: Path, state_db: Path) -> None:
    terminal, other_end = os.openpty()
    command = [sys.executable, "-m", "penholder_daemon.moving", "import", "subagent-cli"]
    command += [str(state_db), "--state-dir", str(tmp_path / "state")]
    done = subprocess.run(command, stderr=other_end, stdout=subprocess.PIPE, check=True)
    os.close(other_end)
    assert b"from subagent-cli" in os.read(terminal, 65_536)
    os.close(terminal)
    assert json.loads(done.stdout)["added"]["events"] == 6
    assert moving(tmp_path / "state", "import", "subagent-cli", str(state_db)).err == ""


def test_errors_are_json_where_that_was_asked(daemon: DaemonProcess) -> None:
    words = ("import", "blackboard", "/no/such/file")
    assert penholder(daemon, *words).err.startswith("penholder: /no/such/file cannot be opened")
    error = json.loads(penholder(daemon, *words, "--json").err)["error"]
    assert error["data"]["code"] == "COMMAND_FAILED"
