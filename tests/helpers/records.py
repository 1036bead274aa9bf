"""Records as a daemon answers them, for fakes of one."""

from typing import Any

from penholder_protocol import __version__

Json = dict[str, Any]
PONG = {"pong": True, "ts": "2026-01-31T12:00:00.000Z"}
CONTROLLER = {
    "controller_id": "c", "label": "l", "workspace_key": "/w", "created_at": "t", "updated_at": "t",
}  # fmt: skip


def worker(**fields: object) -> Json:
    """Make a record of a worker."""
    return {
        "worker_id": "w", "controller_id": "c", "host_id": "h", "label": "l", "launcher": "x",
        "profile": "p", "packs": [], "cwd": "/", "env": {}, "session_id": "s", "socket_path": "/s",
        "runtime_pid": None, "runtime_socket": None, "state": "idle",
        "recovery_state": "restartable", "active_turn_id": None, "heartbeat_at": None,
        "created_at": "t", "updated_at": "t", "stopped_at": None, "last_error": None, **fields,
    }  # fmt: skip


def handle(**fields: object) -> Json:
    """Make the answer of controller.acquire."""
    return {
        "controller_id": "c", "instance_id": "ci_1", "epoch": 7, "token": "secret-token",
        "pid": 1, "host_id": "h", "created_at": "t", "lease_expires_at": None, **fields,
    }  # fmt: skip


def release(**fields: object) -> Json:
    """Make the answer of controller.release."""
    return {
        "controller_id": "c", "released": True, "reason": None, "released_at": "t",
        "instance_id": "ci_1", "epoch": 7, **fields,
    }  # fmt: skip


def status(**fields: object) -> Json:
    """Make the answer of daemon.status."""
    return {
        "version": __version__, "pid": 1, "boot_id": "b", "started_at": "t", "state_dir": "/s",
        "runtime_dir": "/r", "sqlite_version": "3.54.1", "schema_version": 4, "workers": {},
        "connections": 1, "subscriptions": 0, "writer_queue": 0, "wal_bytes": 0, "db_bytes": 4096,
        "pos": 0, **fields,
    }  # fmt: skip


def approval(request_id: str = "ap", **fields: object) -> Json:
    """Make a record of an approval."""
    return {
        "request_id": request_id, "worker_id": "w", "turn_id": None, "state": "pending",
        "kind": "k", "message": "m", "options": [], "keep": False, "runtime_epoch": None,
        "created_at": "t", "deadline_at": None, "decided_at": None, "decision": None,
        "selected_option_id": None, "selected_alias": None, "note": None, **fields,
    }  # fmt: skip


def entry(pos: int) -> Json:
    """Make an entry."""
    return {
        "entry_id": f"ev_{pos}", "pos": pos, "stream": "worker:w", "seq": pos, "ts": "t",
        "type": "t", "turn_id": None, "data": {}, "raw": None, "request_id": None,
    }  # fmt: skip
