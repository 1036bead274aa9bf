"""The queue and a plain-Python model of it, driven side by side."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from penholder_protocol.errors import Fenced, PenholderError
from tests.unit.harness import Bench, Json
from tests.unit.running import findings

ENDED = ("completed", "failed", "canceled")
LANES = st.sampled_from(["fast", "slow"])
PAUSE_MS, LONGEST_JITTER = 300, 1.25


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


class Queue(RuleBasedStateMachine):
    """Every rule makes one call on both sides and compares what came of it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.bench = Bench()
        self.tasks: dict[str, Task] = {}
        self.is_paused = False

    @property
    def now_ms(self) -> int:
        """The one clock of the model; the bench moves both of its clocks together."""
        return self.bench.world.wall_ms

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
        delay_ms = 500 if delay else 0
        made = self.bench.call(
            "queue.submit", tenant_id="t", project_id="p", queue="q", lane=lane,
            priority=priority, max_attempts=tries, delay_ms=delay_ms, backoff_ms=PAUSE_MS,
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
            "lease_ms": 1000,
            "max_tasks": most,
        }
        items = self.bench.call("queue.claim", **given, lanes=lanes)["items"]
        assert [item["task"]["queue_task_id"] for item in items] == [task.name for task in due]
        for task, item in zip(due, items, strict=True):
            task.state, task.runner, task.attempts = "running", runner, task.attempts + 1
            assert item["lease"]["epoch"] > task.epoch
            task.epoch, task.token = item["lease"]["epoch"], item["lease"]["token"]
            task.lease_ends_ms = self.now_ms + 1000

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
            task.lease_ends_ms = self.now_ms + 1000
        elif act == "fail" and task.attempts < task.max_attempts:
            task.state, task.runner = "pending", None
            pause_ms = PAUSE_MS * 2 ** (task.attempts - 1)
            task.due_ms = self._due_ms(answer)
            assert pause_ms <= task.due_ms - self.now_ms <= pause_ms * LONGEST_JITTER
        else:
            task.state = "failed"

    def _act(self, act: str, proof: dict[str, object]) -> Json:
        try:
            if act == "heartbeat":
                return self.bench.call("queue.heartbeat", **proof, lease_ms=1000)
            if act == "complete":
                return self.bench.call("queue.complete", **proof)
            return self.bench.call("queue.fail", **proof, error="no", retry=act == "fail")
        except PenholderError as refusal:
            return type(refusal)

    def _due_ms(self, task: Json) -> int:
        """Turn the time that an answer shows back into the model's clock."""
        later = range(self.now_ms, self.now_ms + 5000)
        return next(
            ms for ms in later if self.bench.world.time_from_ms(ms) == task["not_before_at"]
        )

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

    @rule(milliseconds=st.sampled_from([1, 299, 300, 700, 1000]))
    def wait(self, milliseconds: int) -> None:
        """Let time pass, and the daemon look what fell due."""
        self.bench.world.pass_ms(milliseconds)
        self.bench.own("queue.free_due")
        self.expire()

    @invariant()
    def they_agree(self) -> None:
        """The list is the model's, in its order, and nothing in the tables contradicts itself."""
        listed = self.bench.call("queue.list", queue="q", limit=1000)["items"]
        expected = sorted(self.tasks.values(), key=lambda task: task.order)
        assert [
            (task["queue_task_id"], task["state"], task["attempts"], task["claimed_by"])
            for task in listed
        ] == [(task.name, task.state, task.attempts, task.runner) for task in expected]
        assert not findings(self.bench)


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
