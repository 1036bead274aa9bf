"""What the model of the queue knows of a task, and of the queues that tasks are in.

`test_model_queue.py` drives it and the rooms side by side.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.helpers.harness import Json

ENDED = ("completed", "failed", "blocked", "canceled")


@dataclass
class Task:
    """What the model knows of a task."""

    name: str
    queue: str
    lane: str
    priority: int
    created_at: str
    max_attempts: int
    due_ms: int
    state: str = "pending"
    attempts: int = 0
    runner: str | None = None
    epoch: int = 0
    token: str = ""
    lease_ends_ms: int = 0

    @property
    def is_held(self) -> bool:
        """Whether a runner has it; a call may also say of a task that nobody has that it runs."""
        return self.state == "running" and self.runner is not None

    @property
    def order(self) -> tuple[int, str, str]:
        """Where it stands in the list."""
        return (-self.priority, self.created_at, self.name)

    def free(self, now_ms: int) -> None:
        """Let it be claimed again, now."""
        self.state, self.runner, self.due_ms = "pending", None, now_ms


def counted(tasks: Iterable[Task]) -> Json:
    """Count tasks as `queue.stats` does."""
    by_state = Counter(task.state for task in tasks)
    by_lane = Counter(task.lane for task in tasks)
    return {"total": by_state.total(), "by_state": dict(by_state), "by_lane": dict(by_lane)}
