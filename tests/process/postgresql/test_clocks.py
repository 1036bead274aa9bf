"""Two daemons on one server, one of them on a machine whose wall clock is an hour behind."""

from datetime import UTC, datetime

from tests.helpers.histories import hosts
from tests.helpers.postgresql import Server

_TASK = {"tenant_id": "t", "project_id": "p", "queue": "q"}


def _off_s(told: str) -> float:
    return abs((datetime.now(UTC) - datetime.fromisoformat(told)).total_seconds())


def test_hosts_whose_clocks_lie_apart_order_and_judge_alike(server: Server, url: str) -> None:
    with (
        hosts.running(server, url, (0, -3600)) as (here, behind),
        here.connect() as first,
        behind.connect() as second,
    ):
        for name, control in (("4", first), ("3", second), ("2", first), ("1", second)):
            made = control.call("queue.submit", queue_task_id=name, **_TASK)
            assert _off_s(made["created_at"]) < 60
            assert _off_s(control.call("rpc.ping")["ts"]) < 60
        claimed = second.call(
            "queue.claim", queue="q", runner_id="r", lease_ms=60_000, max_tasks=10
        )["items"]
        assert [each["task"]["queue_task_id"] for each in claimed] == ["4", "3", "2", "1"]
        for control, other, task_id in ((first, second, "t1"), (second, first, "t2")):
            control.call("task.create", task_id=task_id, branch="b", worktree="w")
            control.call("task.heartbeat", task_id=task_id)
            assert other.call("task.get", task_id=task_id)["stale"] == "ok"
