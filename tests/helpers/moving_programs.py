"""The import and export programs as child processes of a test, and the sources that they read."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.helpers import own_programs

BLACKBOARD = {
    "runs": "run_id TEXT PRIMARY KEY, goal, status, created_at, updated_at",
    "workstreams": "workstream_id TEXT PRIMARY KEY, run_id REFERENCES runs, name, tier INTEGER,"
    " status, owner_agent_id, created_at, updated_at",
    "briefs": "brief_id TEXT PRIMARY KEY, run_id REFERENCES runs, parent_brief_id, workstream_id,"
    " tier INTEGER, role, status, payload, result, retry_count INTEGER, created_at, updated_at",
    "events": "event_id TEXT PRIMARY KEY, run_id REFERENCES runs, brief_id, kind, detail,"
    " created_at",
}
LANGBOT = {
    "agent_runner_state": "id INTEGER PRIMARY KEY, runner_id, binding_identity, scope, scope_key,"
    " state_key, value_json, bot_id, workspace_id, conversation_id, thread_id, actor_type,"
    " actor_id, subject_type, subject_id, created_at, updated_at",
}
SECOND = "2026-01-02T03:04:05.678901+00:00"
NAIVE = "2026-01-02 03:04:05.678901"


class Moved:
    """How an import or export ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        """Keep it."""
        self.code, self.out, self.err = code, out, err

    @property
    def added(self) -> dict[str, int]:
        """Return how many rows of which table were new."""
        return dict(self.json["added"])

    @property
    def present(self) -> dict[str, int]:
        """Return how many rows of which table were there already."""
        return dict(self.json["present"])

    @property
    def json(self) -> Any:
        """Read stdout as JSON; a run that failed fails the test."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def moving(state_dir: Path, *words: str, given: str | None = None) -> Moved:
    """Run the daemon package's program."""
    done = own_programs.run(
        f"{own_programs.DAEMON}.moving",
        [*words, "--json", "--state-dir", str(state_dir)],
        os.environ,
        given=None if given is None else given.encode(),
    )
    return Moved(done.returncode, done.stdout.decode(), done.stderr.decode())


def execute(path: Path, *statements: str) -> None:
    """Change a source database."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for sql in statements:
            connection.execute(sql)


def create(path: Path, tables: dict[str, str], rows: dict[str, list[tuple[object, ...]]]) -> None:
    """Make a source database."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in tables.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            for row in rows.get(table, []):
                connection.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)


def blackboard(path: Path, **more: list[tuple[object, ...]]) -> Path:
    """Make a blackboard: one run, a child brief that was written before its parent, two events."""
    rows: dict[str, list[tuple[object, ...]]] = {
        "runs": [("r1", "Build it", "active", SECOND, SECOND)],
        "workstreams": [("ws1", "r1", "Back end", 1, "blocked", None, SECOND, SECOND)],
        "briefs": [
            ("b2", "r1", "b1", None, 2, "coder", "pending", None, None, 0, SECOND, SECOND),
            ("b1", "r1", None, "ws1", 1, "lead", "done", '{"a": "\\u00e9"}', '{"ok": true}', 3,
             SECOND, SECOND),
        ],
        "events": [
            ("e2", "r1", "b1", "spawned", '{"n": 1}', SECOND),
            ("e1", "r1", None, "completed", None, SECOND),
        ],
    }  # fmt: skip
    create(path, BLACKBOARD, {table: found + more.get(table, []) for table, found in rows.items()})
    return path


def langbot_row(number: int, **given: object) -> tuple[object, ...]:
    """Make a row of LangBot's table."""
    row: dict[str, object] = {
        "id": number, "runner_id": "plugin:a/b", "binding_identity": "bot:1", "scope": "runner",
        "scope_key": f"k{number}", "state_key": "key", "value_json": '{"v": 1}', "bot_id": "bot",
        "workspace_id": None, "conversation_id": None, "thread_id": None, "actor_type": None,
        "actor_id": None, "subject_type": None, "subject_id": None, "created_at": NAIVE,
        "updated_at": NAIVE, **given,
    }  # fmt: skip
    return tuple(row.values())


def langbot(path: Path, *rows: tuple[object, ...]) -> Path:
    """Make a database as LangBot does, beside a table of its own."""
    create(path, {**LANGBOT, "bots": "id"}, {"agent_runner_state": list(rows)})
    return path
