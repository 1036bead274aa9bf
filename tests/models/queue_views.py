"""The queue as it is looked at, beside the model of it: lists, counts, what readers have seen.

What is done to it is `test_model_queue.py`'s.
"""

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.helpers.harness import Json
from tests.models.machine import Machine, MortalBench
from tests.models.model_queue import Task, counted

ALL_QUEUES = ("q", "other")
ALL_READERS = ("ann", "bob")
UNVERSIONED = ("version", "updated_at", "lease_expires_at")
"""What changes with the version, or with a heartbeat alone."""


class QueueViews(Machine):
    """What must agree, whatever was called."""

    calls: ClassVar[tuple[str, ...]] = (
        "queue.mark_read",
        "queue.get",
        "queue.list",
        "queue.stats",
        "queue.overview",
    )

    def __init__(self, bench: MortalBench) -> None:
        """Begin with nothing."""
        super().__init__(bench)
        self.tasks: dict[str, Task] = {}
        self.found: dict[str, Json] = {}
        """The tasks as they were listed last."""
        self.read: dict[tuple[str, str], int] = {}
        self.is_paused = dict.fromkeys(ALL_QUEUES, False)

    @precondition(lambda self: self.tasks)
    @rule(number=st.integers(0, 99), reader=st.sampled_from(ALL_READERS))
    def mark_read(self, number: int, reader: str) -> None:
        """See a task as it is now."""
        name = list(self.tasks)[number % len(self.tasks)]
        answer = self.bench.call("queue.mark_read", queue_task_id=name, reader_id=reader)
        self.read[reader, name] = answer["task_version"]
        assert answer["task_version"] == self.found[name]["version"]

    def of(self, queue: str | None) -> list[Task]:
        """Return the tasks of a queue, or of all, in the order of lists."""
        found = [task for task in self.tasks.values() if queue in (None, task.queue)]
        return sorted(found, key=lambda task: task.order)

    def after_start(self) -> None:
        """When a task falls due is told by the wall clock, which is read anew."""
        for task in self.pages("queue.list"):
            before = self.found.get(task["queue_task_id"])
            if before is not None:
                same = self.bench.with_times_of(before, task)
                assert _versioned(same) == _versioned(before)
                before["not_before_at"] = task["not_before_at"]

    @invariant()
    def they_agree(self) -> None:
        """The list is the model's, in its order; every change of a task has raised its version."""
        listed = self.pages("queue.list", limit=5)
        assert [
            (task["queue_task_id"], task["state"], task["attempts"], task["claimed_by"])
            for task in listed
        ] == [(task.name, task.state, task.attempts, task.runner) for task in self.of(None)]
        newest = max((task["version"] for task in self.found.values()), default=0)
        for task in listed:
            before = self.found.get(task["queue_task_id"])
            is_same = before is not None and _versioned(task) == _versioned(before)
            assert is_same or task["version"] > newest
        self.found = {task["queue_task_id"]: task for task in listed}
        self.views_agree()
        self.readers_agree()

    def views_agree(self) -> None:
        """Compare every task alone, and what is counted of each queue."""
        for name, task in self.found.items():
            assert self.bench.call("queue.get", queue_task_id=name) == task
        for queue in (None, *ALL_QUEUES):
            found = [self.found[task.name] for task in self.of(queue)]
            versions = [task["version"] for task in found]
            assert self.bench.call("queue.list", queue=queue)["items"] == found
            expected = {
                **counted(self.of(queue)),
                "queue": queue,
                "max_version": max(versions, default=0),
                "paused": None if queue is None else self.is_paused[queue],
            }
            stats = self.bench.call("queue.stats", queue=queue)
            assert stats == {**expected, "generated_at": stats["generated_at"]}
            overview = self.bench.call("queue.overview", queue=queue)
            assert overview["stats"] == {**stats, "generated_at": overview["generated_at"]}
            assert overview["items"] == found[:20]

    def readers_agree(self) -> None:
        """Compare what each reader has not seen, and what is new since a version."""
        for reader in ALL_READERS:
            for task in self.pages("queue.list", reader_id=reader):
                read = self.read.get((reader, task["queue_task_id"]))
                assert task["read_version"] == read
                assert task["unread"] == (read is None or read < task["version"])
        versions = sorted(task["version"] for task in self.found.values())
        since = versions[len(versions) // 2]
        newer = self.pages("queue.list", after_version=since, state="pending")
        assert newer == [
            task
            for task in self.found.values()
            if task["version"] > since and task["state"] == "pending"
        ]


def _versioned(task: Json) -> Json:
    return {name: value for name, value in task.items() if name not in UNVERSIONED}
