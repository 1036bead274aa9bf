"""Which columns a list of each kind of record has, the ones that matter most first.

What is not named here shows all fields that have something in them.
"""

from collections.abc import Iterable, Sequence

from penholder.cli.terminal.grid import Column
from penholder.cli.terminal.text import Record

_ID_CELLS = 24
"""Ids that the daemon makes have 23 characters."""
_SHORT_ID_CELLS = 9
_STATE_CELLS = len("waiting_approval")
"""The longest state: what is cut of one may be what tells it from another."""
_TIMES = ("ts", "heartbeat_at")

_FIELDS = {
    "Worker": "worker_id label state last_error runtime_pid controller_id created_at",
    "Controller": "controller_id label workspace_key created_at",
    "Instance": "controller_id epoch pid is_active created_at released_at instance_id",
    "Event": "event_seq type data ts turn_id",
    "Entry": "pos stream type data ts seq",
    "Approval": "request_id message state worker_id kind decision created_at",
    "BriefNode": "level brief_id role state tier parent_brief_id",
    "Brief": "brief_id role state tier parent_brief_id workstream_id created_at",
    "Board": "board_id goal state created_at",
    "Workstream": "workstream_id name state tier owner_agent_id",
    "Handoff": "snapshot_id worker_id handoff_path checkpoint_path created_at",
    "Run": "run_id state claimed_by failure_message project_id backend_profile created_at",
    "RunEvent": "seq type payload created_at",
    "Command": "command_id type state payload created_at",
    "QueueTask": "queue_task_id title state queue lane priority attempts claimed_by error",
    "SessionSummary": "session_id title state attention last_activity_at backend_profile",
    "Runner": "runner_id heartbeat_at metadata registered_at",
    "Input": "seq kind data acked created_at",
}


def columns_of(kind: str, items: Sequence[Record]) -> list[tuple[str, Column]]:
    """Return the fields of these records that a list shows, each with its column."""
    named = _FIELDS[kind].split() if kind in _FIELDS else list(_filled(items))
    return [(field, _column(field, rank)) for rank, field in enumerate(named)]


def is_time(field: str) -> bool:
    """Tell whether a field is a time, which a list shows as how long ago it was."""
    return field in _TIMES or field.endswith("_at")


def _column(field: str, rank: int) -> Column:
    is_id = field.endswith("_id") or field == "stream"
    least = (_ID_CELLS if rank == 0 else _SHORT_ID_CELLS) if is_id else _least(field)
    name = field.removesuffix("_at") if is_time(field) else field
    return Column(
        name=name,
        rank=rank,
        # What a column is called is worth no more than the column: it is left out as a whole.
        least=max(least, len(name)),
        keep="end" if is_id else "start",
        is_state=field == "state",
    )


def _least(field: str) -> int:
    if field == "state":
        return _STATE_CELLS
    return 24 if field in ("message", "data", "payload", "title", "goal") else 6


def _filled(items: Iterable[Record]) -> Iterable[str]:
    """Name the fields that say something in any of the records."""
    listed = list(items)
    names = dict.fromkeys(name for item in listed for name in item)
    return [name for name in names if any(item.get(name) not in (None, [], {}) for item in listed)]
