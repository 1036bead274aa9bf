"""Records of the tasks room: pieces of work on their way through review."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import StaleLevel, TaskState, Time


class Task(Record, frozen=True, kw_only=True):
    """One piece of work; `stale` says how long it has not been heard of, as of this answer."""

    task_id: told.TaskId
    state: TaskState
    branch: str
    worktree: str
    description: str | None
    worker_id: told.WorkerId | None
    created_at: Time
    state_changed_at: Time
    heartbeat_at: Time | None
    stale: StaleLevel
