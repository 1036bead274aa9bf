"""The queue and a plain-Python model of it, driven side by side."""

from dataclasses import dataclass
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from penholder_protocol.errors import Fenced, PenholderError
from tests.unit.file_bench import FileBench
from tests.unit.harness import Json
from tests.unit.machine import Machine, MortalBench, drive

ENDED = ("completed", "failed", "canceled")
LANES = st.sampled_from(["fast", "slow"])
LEASE, PAUSE, DELAY = 1000, 300, 500
"""In the machine's units of time."""
LONGEST_JITTER = 1.25


@dataclass
class Task:
    """What the model knows of a task."""

    name: str
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
    def order(self) -> tuple[int, str, str]:
        """Where it stands in the list."""
        return (-self.priority, self.created_at, self.name)


class Queue(Machine):
    """Every rule makes one call on both sides and compares what came of it."""

    unit_ms = 1000
    """So long that nothing falls due while the machine runs, where nobody turns the clock."""

    def __init__(self, bench: MortalBench) -> None:
        """Begin with tasks that are claimed and one that is not."""
        super().__init__(bench)
        self.tasks: dict[str, Task] = {}
        self.is_paused = False
        self.lease_ms = LEASE * self.unit_ms
        for lane, tries in (("fast", 3), ("fast", 1), ("slow", 2)):
            self.submit(lane, 0, tries, False)
        self.claim("r1", None, 2)

    @property
    def now_ms(self) -> int:
        """The one clock of the model; the bench moves both of its clocks together."""
        return self.bench.now_ms()

    def expire(self) -> None:
        """Do what the daemon does whenever a claim or its holder comes by."""
        for task in self.tasks.values():
            if task.state == "running" and task.lease_ends_ms <= self.now_ms:
                over = task.attempts >= task.max_attempts
                task.state, task.runner = ("failed", task.runner) if over else ("pending", None)
                task.due_ms = self.now_ms

    @rule(lane=LANES, priority=st.integers(-1, 1), tries=st.integers(1, 3), delay=st.booleans())
    def submit(self, lane: str, priority: int, tries: int, delay: bool) -> None:
        """Add a task."""
        delay_ms = DELAY * self.unit_ms if delay else 0
        backoff_ms = PAUSE * self.unit_ms
        made = self.bench.call(
            "queue.submit", tenant_id="t", project_id="p", queue="q", lane=lane,
            priority=priority, max_attempts=tries, delay_ms=delay_ms, backoff_ms=backoff_ms,
        )  # fmt: skip
        name = made["queue_task_id"]
        due_ms = self.now_ms + delay_ms
        self.tasks[name] = Task(name, lane, priority, made["created_at"], tries, due_ms)

    @rule(
        runner=st.sampled_from(["r1", "r2"]),
        lanes=st.none() | st.lists(LANES, min_size=1),
        most=st.integers(1, 3),
    )
    def claim(self, runner: str, lanes: list[str] | None, most: int) -> None:
        """Claim, and expect just the first that are due."""
        self.expire()
        due = [
            task
            for task in sorted(self.tasks.values(), key=lambda task: task.order)
            if task.state == "pending"
            and task.due_ms <= self.now_ms
            and (lanes is None or task.lane in lanes)
            and not self.is_paused
        ][:most]
        given: dict[str, object] = {
            "queue": "q",
            "runner_id": runner,
            "lease_ms": self.lease_ms,
            "max_tasks": most,
        }
        items = self.bench.call("queue.claim", **given, lanes=lanes)["items"]
        assert [item["task"]["queue_task_id"] for item in items] == [task.name for task in due]
        for task, item in zip(due, items, strict=True):
            task.state, task.runner, task.attempts = "running", runner, task.attempts + 1
            assert item["lease"]["epoch"] > task.epoch
            task.epoch, task.token = item["lease"]["epoch"], item["lease"]["token"]
            task.lease_ends_ms = self.now_ms + self.lease_ms

    @precondition(lambda self: any(task.epoch for task in self.tasks.values()))
    @rule(
        number=st.integers(0, 99),
        act=st.sampled_from(["complete", "fail", "give_up", "heartbeat"]),
        is_stale=st.booleans(),
    )
    def hold(self, number: int, act: str, is_stale: bool) -> None:
        """Do something that only the holder may do."""
        claimed = [task for task in self.tasks.values() if task.epoch]
        task = claimed[number % len(claimed)]
        epoch = task.epoch - 1 if is_stale else task.epoch
        proof: dict[str, object] = {
            "queue_task_id": task.name,
            "lease": {"epoch": epoch, "token": task.token},
        }
        has_time = task.lease_ends_ms > self.now_ms
        holds = task.state == "running" and has_time and not is_stale
        answer = self._act(act, proof)
        if not holds:
            assert answer is Fenced
            return
        # What a call takes back on its way stays taken back only if the call succeeds.
        self.expire()
        if act == "complete":
            task.state = "completed"
        elif act == "heartbeat":
            task.lease_ends_ms = self.now_ms + self.lease_ms
        elif act == "fail" and task.attempts < task.max_attempts:
            task.state, task.runner = "pending", None
            shortest_ms = PAUSE * self.unit_ms * 2 ** (task.attempts - 1)
            pause_ms = _ms_between(answer["updated_at"], answer["not_before_at"])
            assert shortest_ms <= pause_ms <= shortest_ms * LONGEST_JITTER
            task.due_ms = self.now_ms + pause_ms
        else:
            task.state = "failed"

    def _act(self, act: str, proof: dict[str, object]) -> Json:
        try:
            if act == "heartbeat":
                return self.bench.call("queue.heartbeat", **proof, lease_ms=self.lease_ms)
            if act == "complete":
                return self.bench.call("queue.complete", **proof)
            return self.bench.call("queue.fail", **proof, error="no", retry=act == "fail")
        except PenholderError as refusal:
            return type(refusal)

    @precondition(lambda self: self.tasks)
    @rule(number=st.integers(0, 99))
    def cancel(self, number: int) -> None:
        """Cancel a task, ended or not."""
        task = list(self.tasks.values())[number % len(self.tasks)]
        answer = self.bench.call("queue.cancel", queue_task_id=task.name)
        if task.state not in ENDED:
            task.state = "canceled"
        assert answer["state"] == task.state

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        """Pause or resume the queue."""
        self.bench.call("queue.pause" if paused else "queue.resume", queue="q")
        self.is_paused = paused

    def after_start(self) -> None:
        """Give every lease a fresh grace time."""
        for task in self.tasks.values():
            if task.state == "running":
                task.lease_ends_ms = self.now_ms + self.lease_ms

    @invariant()
    def they_agree(self) -> None:
        """The list is the model's, in its order."""
        listed = self.bench.call("queue.list", queue="q", limit=1000)["items"]
        expected = sorted(self.tasks.values(), key=lambda task: task.order)
        assert [
            (task["queue_task_id"], task["state"], task["attempts"], task["claimed_by"])
            for task in listed
        ] == [(task.name, task.state, task.attempts, task.runner) for task in expected]


class QueueInTime(Queue):
    """The same under a clock that the test turns: leases, pauses and delays run out."""

    bench: FileBench
    unit_ms = 1

    @rule(milliseconds=st.sampled_from([1, 299, 300, 700, 1000]))
    def wait(self, milliseconds: int) -> None:
        """Let time pass, and the daemon look what fell due."""
        self.bench.world.pass_ms(milliseconds)
        self.bench.own("queue.free_due")
        self.expire()


def _ms_between(earlier: str, later: str) -> int:
    passed = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return round(passed.total_seconds() * 1000)


def test_the_queue_agrees_with_a_model() -> None:
    drive(lambda: QueueInTime(FileBench()), examples=60, steps=30)
