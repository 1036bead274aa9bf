"""Workers as worker.overview tells of them, and entries about them, made by hand."""

import json

import msgspec
from msgspec import Raw

from penholder_protocol.nouns import Entry, WorkerOverview
from tests.helpers.fake_daemon import Json
from tests.helpers.timelines import at


def worker(worker_id: str = "w", **more: object) -> Json:
    """Return a worker's record as JSON."""
    return {
        "worker_id": worker_id, "controller_id": "c", "label": f"make-{worker_id}",
        "launcher": "l", "profile": "p", "packs": [], "cwd": "/", "env": {}, "session_id": "s",
        "socket_path": "/s", "runtime_pid": 1, "runtime_socket": None, "state": "running",
        "recovery_state": "attached", "active_turn_id": None, "heartbeat_at": None,
        "created_at": at(0), "updated_at": at(0), "stopped_at": None, "last_error": None,
        "host_id": "h", **more,
    }  # fmt: skip


def overview_json(worker_id: str = "w", **more: object) -> Json:
    """Return what is told of a worker, as JSON; what is no field of it is one of the worker's."""
    seen: Json = {
        "pending_approvals": 0, "last_output_at": None, "last_text": None, "last_event": None,
        "last_data": None, "summary": None,
    }  # fmt: skip
    own = {name: value for name, value in more.items() if name in seen}
    others = {name: value for name, value in more.items() if name not in seen}
    return {**seen, **own, "worker": worker(worker_id, **others)}


def overview(worker_id: str = "w", **more: object) -> WorkerOverview:
    """Return what is told of a worker."""
    told = msgspec.json.encode(overview_json(worker_id, **more))
    return msgspec.json.decode(told, type=WorkerOverview)


def entry(pos: int, stream: str, type_: str, s: float = 1, **data: object) -> Entry:
    """Return an entry."""
    return Entry(
        entry_id=f"ev_{pos}", pos=pos, stream=stream, seq=pos, ts=at(s), type=type_, turn_id=None,
        data=Raw(json.dumps(data).encode()), raw=Raw(b"null"), request_id=None,
    )  # fmt: skip
