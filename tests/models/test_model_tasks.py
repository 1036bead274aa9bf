"""Tasks and their messages against a plain model: any order of calls, with time passing."""

from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from penholder_daemon.core.caller import Caller
from tests.helpers.harness import CONTROLLER
from tests.helpers.tasks import STEPS
from tests.models.file_bench import FileBench
from tests.models.machine import Machine, MortalBench, drive

TASKS = st.sampled_from(["t1", "t2", "t3"])
STATES = st.sampled_from(sorted(STEPS))
CALLERS = st.sampled_from([None, "w1", "w2"])
LIMITS_MS = {"dead": 300_000, "stale": 120_000, "warn": 60_000}


@dataclass
class ModelTask:
    """What a task should be; `changed` counts the changes of all tasks."""

    state: str
    changed: int
    worker_id: str | None = None
    beaten_ms: int | None = None

    def stale(self, now_ms: int) -> str:
        """Say the level."""
        if self.state not in ("ASSIGNED", "WORKING"):
            return "ok"
        if self.beaten_ms is None:
            return "dead"
        age_ms = now_ms - self.beaten_ms
        return next((level for level, most in LIMITS_MS.items() if age_ms > most), "ok")


class Tasks(Machine):
    """The room and the model, side by side."""

    calls = (
        "task.create", "task.get", "task.list", "task.assign", "task.transition", "task.fail",
        "task.heartbeat", "message.list", "journal.read",
    )  # fmt: skip

    def __init__(self, bench: MortalBench) -> None:
        """Begin with two workers that are seated, each with a task."""
        super().__init__(bench)
        self.model: dict[str, ModelTask] = {}
        self.changes = 0
        self.told: list[tuple[str, str, str]] = []
        self.callers: dict[str | None, Caller] = {None: CONTROLLER}
        for worker_id in ("w1", "w2"):
            self.callers[worker_id] = self.bench.seated_worker(worker_id)
        for task_id, worker_id in (("t1", "w1"), ("t2", "w2")):
            self.create(task_id)
            self.assign(task_id, worker_id)

    def reach(self, task_id: str, caller: str | None) -> str | None:
        """Say what keeps a caller from a task."""
        if task_id not in self.model:
            return "TASK_NOT_FOUND"
        owner = self.model[task_id].worker_id
        return "DENIED" if caller is not None and owner != caller else None

    def change(self, task_id: str, state: str) -> None:
        """Count one more change."""
        self.changes += 1
        self.model[task_id].state = state
        self.model[task_id].changed = self.changes

    @rule(task_id=TASKS)
    def create(self, task_id: str) -> None:
        """Make a task."""
        expected = "TASK_EXISTS" if task_id in self.model else None
        self.call(expected, "task.create", task_id=task_id, branch="b", worktree="w")
        if expected is None:
            self.changes += 1
            self.model[task_id] = ModelTask("ASSIGNED", self.changes)
            self.told.append(("orchestrator", "task_assign", task_id))

    @rule(task_id=TASKS, worker_id=CALLERS)
    def assign(self, task_id: str, worker_id: str | None) -> None:
        """Give it to a worker or to none."""
        expected = None if task_id in self.model else "TASK_NOT_FOUND"
        self.call(expected, "task.assign", task_id=task_id, worker_id=worker_id)
        if expected is None:
            self.model[task_id].worker_id = worker_id
            self.told.append(("orchestrator", "worker_assigned", task_id))

    @rule(task_id=TASKS, expected=STATES, to=STATES, caller=CALLERS)
    def transition(self, task_id: str, expected: str, to: str, caller: str | None) -> None:
        """Take any step at all."""
        self._transition(task_id, expected, to, caller)

    @rule(task_id=TASKS, pick=st.integers(0, 5), caller=CALLERS)
    def go_on(self, task_id: str, pick: int, caller: str | None) -> None:
        """Take a step that is allowed, if there is one."""
        steps = sorted(STEPS[self.model[task_id].state]) if task_id in self.model else []
        if steps:
            to = steps[pick % len(steps)]
            self._transition(task_id, self.model[task_id].state, to, caller)

    def _transition(self, task_id: str, expected: str, to: str, caller: str | None) -> None:
        refusal = None if to in STEPS[expected] else "INVALID_TASK_TRANSITION"
        refusal = refusal or self.reach(task_id, caller)
        if refusal is None and self.model[task_id].state != expected:
            refusal = "STALE_STATE"
        params = {"task_id": task_id, "expected": expected, "to": to}
        self.call(refusal, "task.transition", self.callers[caller], **params)
        if refusal is None:
            self.change(task_id, to)
            self.told.append(("worker", "state_change", task_id))

    @rule(task_id=TASKS, caller=CALLERS)
    def fail(self, task_id: str, caller: str | None) -> None:
        """Fail it."""
        refusal = self.reach(task_id, caller)
        if refusal is None and self.model[task_id].state == "COMPLETED":
            refusal = "INVALID_TASK_TRANSITION"
        self.call(refusal, "task.fail", self.callers[caller], task_id=task_id)
        if refusal is None:
            self.change(task_id, "FAILED")
            self.told.append(("worker", "task_failed", task_id))

    @rule(task_id=TASKS, caller=CALLERS)
    def heartbeat(self, task_id: str, caller: str | None) -> None:
        """Beat."""
        refusal = self.reach(task_id, caller)
        self.call(refusal, "task.heartbeat", self.callers[caller], task_id=task_id)
        if refusal is None:
            self.model[task_id].beaten_ms = self.bench.now_ms()

    @invariant()
    def tasks_agree(self) -> None:
        """Compare the lists of the control socket and of each worker."""
        now_ms = self.bench.now_ms()
        ordered = sorted(self.model.items(), key=lambda each: -each[1].changed)
        for caller, peer in self.callers.items():
            items = self.pages("task.list", peer, limit=2)
            for task_id in ("t1", "t2", "t3"):
                found = self.call(self.reach(task_id, caller), "task.get", peer, task_id=task_id)
                own = [each for each in items if each["task_id"] == task_id]
                assert own == ([] if found is None else [found])
            assert [
                (each["task_id"], each["state"], each["worker_id"], each["stale"]) for each in items
            ] == [
                (task_id, task.state, task.worker_id, task.stale(now_ms))
                for task_id, task in ordered
                if caller in (None, task.worker_id)
            ]

    @invariant()
    def messages_agree(self) -> None:
        """Compare what was published, as a whole and for each task."""
        found = self.bench.call("journal.read", streams=["topic:*"], limit=1000)["items"]
        assert self.told == [
            (each["stream"].removeprefix("topic:"), each["type"], each["data"]["correlation_id"])
            for each in found
        ]
        for task_id in self.model:
            about = self.bench.call("message.list", topic="worker", correlation_id=task_id)
            assert [each["kind"] for each in about["items"]] == [
                kind for topic, kind, each in self.told if topic == "worker" and each == task_id
            ]


class TasksInTime(Tasks):
    """The same under a clock that the test turns: tasks grow stale."""

    bench: FileBench

    @rule(milliseconds=st.sampled_from([1, 59_999, 60_000, 60_001, 200_000]))
    def pass_time(self, milliseconds: int) -> None:
        """Let time pass."""
        self.bench.world.pass_ms(milliseconds)


def test_tasks_agree_with_a_model() -> None:
    drive(lambda: TasksInTime(FileBench()), histories=65, steps=40)
