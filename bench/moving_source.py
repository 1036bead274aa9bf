"""A database as subagent-cli keeps it, with so many events; for the benchmark and the tests."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

COLUMNS = {
    "controllers": "controller_id TEXT PRIMARY KEY, label, workspace_key, created_at, updated_at",
    "controller_instances": "instance_id TEXT PRIMARY KEY, controller_id REFERENCES controllers,"
    " epoch INTEGER, token, pid INTEGER, is_active INTEGER, created_at, released_at",
    "workers": "worker_id TEXT PRIMARY KEY, controller_id REFERENCES controllers, label, launcher,"
    " profile, packs_json, cwd, session_id, runtime_pid INTEGER, runtime_socket, state,"
    " recovery_state, active_turn_id, created_at, updated_at, stopped_at, last_error",
    "worker_events": "event_id TEXT PRIMARY KEY, worker_id REFERENCES workers, event_seq INTEGER,"
    " ts, event_type, turn_id, data_json, raw_json",
    "approval_requests": "request_id TEXT PRIMARY KEY, worker_id REFERENCES workers, turn_id,"
    " status, kind, message, options_json, created_at, decided_at, decision, selected_option_id,"
    " selected_alias, note",
    "handoff_snapshots": "snapshot_id TEXT PRIMARY KEY, worker_id REFERENCES workers,"
    " controller_id REFERENCES controllers, source_turn_id, handoff_path, checkpoint_path,"
    " created_at",
}
AT = "2026-01-02T03:04:05+00:00"
_BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def create(path: Path, *, workers: int = 2, events: int = 6) -> None:
    """Make the database: one controller in its second epoch, events of its workers in turn."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, columns in COLUMNS.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
        put(connection, "controllers", ("ctl_1", "Main", "/workspace", AT, AT))
        first = ("ci_1", "ctl_1", 1, "old-token", 10, 0, AT, AT)
        put(connection, "controller_instances", first)
        put(connection, "controller_instances", ("ci_2", "ctl_1", 2, "token", 11, 1, AT, None))
        for number in range(workers):
            put(connection, "workers", _worker(f"w_{number}"))
        made = (_event(number, workers) for number in range(events))
        connection.executemany("INSERT INTO worker_events VALUES (?,?,?,?,?,?,?,?)", made)


def put(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    """Add a row."""
    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def _worker(worker_id: str) -> tuple[object, ...]:
    packs = '["review", "caf\\u00e9"]'
    name = (worker_id, "ctl_1", f"Label of {worker_id}", "codex", "default", packs, "/workspace")
    return (*name, f"s-{worker_id}", 77, "/s", "running", "restartable", "turn_1", AT, AT, None, "")


def _event(number: int, workers: int) -> tuple[object, ...]:
    ts = (_BEGIN + timedelta(seconds=number // 10)).isoformat()
    data = f'{{"text": "line {number}", "stream": "stdout"}}'
    of_worker = (f"ev_{number:012x}", f"w_{number % workers}", number // workers + 1)
    return (*of_worker, ts, "output", "turn_1", data, None)
