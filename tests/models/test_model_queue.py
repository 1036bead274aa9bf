"""The queue and a plain-Python model of it, driven side by side."""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from penholder_protocol.errors import Fenced, PenholderError
from tests.helpers.harness import Json
from tests.models.file_bench import FileBench
from tests.models.machine import MortalBench, drive
from tests.models.model_queue import ENDED, Task
from tests.models.queue_views import QueueViews

QUEUES = st.sampled_from(["q", "q", "q", "other"])
LANES = st.sampled_from(["fast", "slow"])
LEASE, PAUSE, DELAY = 1000, 300, 500
"""In the machine's units of time."""
LONGEST_JITTER = 1.25


class Queue(QueueViews):
    """Every rule makes one call on both sides and compares what came of it."""

    calls = (
        "queue.submit", "queue.submit_many", "queue.claim", "queue.wait", "queue.heartbeat",
        "queue.complete", "queue.fail", "queue.update_attempt", "queue.cancel", "queue.pause",
        "queue.resume",
    )  # fmt: skip
    unit_ms = 1000
    """So long that nothing falls due while the machine runs, where nobody turns the clock."""

    def __init__(self, bench: MortalBench) -> None:
        """Begin with tasks that are claimed and one that is not."""
        super().__init__(bench)
        self.lease_ms = LEASE * self.unit_ms
        for lane, tries in (("fast", 3), ("fast", 1), ("slow", 2)):
            self.submit("q", lane, 0, tries, False, 1)
        self.claim("q", "r1", None, 2, False)

    @property
    def now_ms(self) -> int:
        """The one clock of the model; the bench moves both of its clocks together."""
        return self.bench.now_ms()

    def expire(self) -> None:
        """Do what the daemon does whenever a claim or its holder comes by."""
        for task in self.tasks.values():
            if not task.is_held or task.lease_ends_ms > self.now_ms:
                continue
            if task.attempts < task.max_attempts:
                task.free(self.now_ms)
            else:
                task.state = "failed"

    @rule(
        queue=QUEUES, lane=LANES, priority=st.integers(-1, 1), tries=st.integers(1, 3),
        delay=st.booleans(), many=st.integers(1, 3),
    )  # fmt: skip
    def submit(
        self, queue: str, lane: str, priority: int, tries: int, delay: bool, many: int
    ) -> None:
        """Add a task, or some at once."""
        delay_ms = DELAY * self.unit_ms if delay else 0
        task: dict[str, object] = {
            "tenant_id": "t", "project_id": "p", "queue": queue, "lane": lane, "delay_ms": delay_ms,
            "priority": priority, "max_attempts": tries, "backoff_ms": PAUSE * self.unit_ms,
        }  # fmt: skip
        if many == 1:
            made = [self.bench.call("queue.submit", **task)]
        else:
            made = self.bench.call("queue.submit_many", tasks=[task] * many)["items"]
        assert len(made) == many
        for each in made:
            name, created_at = each["queue_task_id"], each["created_at"]
            due_ms = self.now_ms + delay_ms
            self.tasks[name] = Task(name, queue, lane, priority, created_at, tries, due_ms)

    @rule(
        queue=QUEUES,
        runner=st.sampled_from(["r1", "r2"]),
        lanes=st.none() | st.lists(LANES, min_size=1),
        most=st.integers(1, 3),
        waits=st.booleans(),
    )
    def claim(
        self, queue: str, runner: str, lanes: list[str] | None, most: int, waits: bool
    ) -> None:
        """Claim, and expect just the first that are due; where there is none, wait no time."""
        self.expire()
        due = [
            task
            for task in sorted(self.tasks.values(), key=lambda task: task.order)
            if (task.state, task.queue) == ("pending", queue)
            and task.due_ms <= self.now_ms
            and (lanes is None or task.lane in lanes)
            and not self.is_paused[queue]
        ][:most]
        given: dict[str, object] = {
            "queue": queue,
            "runner_id": runner,
            "lease_ms": self.lease_ms,
            "max_tasks": most,
            "lanes": lanes,
        }
        if waits:
            items = self.bench.call("queue.wait", **given, timeout_ms=0)["items"]
        else:
            items = self.bench.call("queue.claim", **given)["items"]
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
        holds = task.is_held and has_time and not is_stale
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
            task.free(self.now_ms)
            shortest_ms = PAUSE * self.unit_ms * 2 ** (task.attempts - 1)
            pause_ms = _ms_between(answer["updated_at"], answer["not_before_at"])
            assert shortest_ms <= pause_ms <= shortest_ms * LONGEST_JITTER
            task.due_ms += pause_ms
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

    @precondition(lambda self: self.tasks)
    @rule(
        number=st.integers(0, 99),
        state=st.sampled_from(["pending", "running", "running", *ENDED]),
        kind=st.sampled_from(["right", "right", "right", "none", "stale"]),
        path=st.sampled_from([None, "t/p/s"]),
    )
    def update_attempt(self, number: int, state: str, kind: str, path: str | None) -> None:
        """Say how an attempt stands elsewhere; only the holder may, where there is one."""
        task = list(self.tasks.values())[number % len(self.tasks)]
        refusal = None
        params: dict[str, object] = {}
        if kind != "none" and task.epoch:
            epoch = task.epoch - 1 if kind == "stale" else task.epoch
            params = {"lease": {"epoch": epoch, "token": task.token}}
            refusal = None if task.is_held and kind == "right" else "FENCED"
        elif task.is_held:
            refusal = "FENCE_REQUIRED"
        if task.state in ENDED:
            refusal = "QUEUE_TASK_TERMINAL"
        params |= {"queue_task_id": task.name, "state": state, "session_path": path}
        answer = self.call(refusal, "queue.update_attempt", **params, latest_attempt={"n": number})
        if refusal is not None:
            return
        assert answer["latest_attempt"] == {"n": number}
        assert answer["session_path"] == (path or self.found[task.name]["session_path"])
        if (task.state, state) == ("running", "pending"):
            task.free(self.now_ms)
        task.state = state

    @rule(queue=QUEUES, paused=st.booleans())
    def pause(self, queue: str, paused: bool) -> None:
        """Pause or resume a queue."""
        answer = self.bench.call("queue.pause" if paused else "queue.resume", queue=queue)
        assert answer == {"queue": queue, "paused": paused}
        self.is_paused[queue] = paused

    def after_start(self) -> None:
        """Give every lease a fresh grace time."""
        super().after_start()
        for task in self.tasks.values():
            if task.is_held:
                task.lease_ends_ms = self.now_ms + self.lease_ms


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
    drive(lambda: QueueInTime(FileBench()), histories=45, steps=30)
