"""Sixteen runners, one queue, random kills: every task is completed once, by a living holder."""

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.helpers import soak
from tests.helpers.daemon_process import DaemonProcess, RawConnection

RUNNERS = 16
TASKS = soak.many(4_000, 20_000)
KILLS = soak.many(20, 40)
LEASE_MS = 700

RUNNER = """
import sys
from penholder.blocking import Client
from penholder_protocol.errors import Fenced
from penholder_protocol.nouns import LeaseProof

client = Client(sys.argv[1])
while True:
    claimed = client.queue.wait(
        queue="q", runner_id=sys.argv[2], lease_ms=int(sys.argv[3]), max_tasks=20, timeout_ms=2000
    )
    if not claimed.items:
        if client.queue.stats(queue="q").by_state.get("completed", 0) == int(sys.argv[4]):
            break
        continue
    for each in claimed.items:
        proof = LeaseProof(epoch=each.lease.epoch, token=each.lease.token)
        try:
            client.queue.complete(
                queue_task_id=each.task.queue_task_id, lease=proof,
                result={"runner": sys.argv[2], "epoch": each.lease.epoch},
            )
        except Fenced:
            # Too slow: somebody else has it now, and will complete it.
            continue
"""


def _start(socket: Path, name: str) -> "subprocess.Popen[bytes]":
    arguments = [str(socket), name, str(LEASE_MS), str(TASKS)]
    return subprocess.Popen([sys.executable, "-c", RUNNER, *arguments])


def _submit(control: RawConnection) -> None:
    for first in range(0, TASKS, 1000):
        tasks = [
            {
                "queue_task_id": f"t{number}", "tenant_id": "t", "project_id": "p", "queue": "q",
                "max_attempts": 1_000_000,
            }
            for number in range(first, first + 1000)
        ]  # fmt: skip
        control.call("queue.submit_many", tasks=tasks[:500])
        control.call("queue.submit_many", tasks=tasks[500:])


def _completions(control: RawConnection) -> Counter[str]:
    """Count the completions of each task in the queue's stream."""
    found: Counter[str] = Counter()
    after = 0
    while True:
        page = control.call(
            "journal.read", streams=["queue:q"], types=["completed"], after=after, limit=1000
        )
        if page["pos"] == after:
            return found
        found.update(entry["data"]["queue_task_id"] for entry in page["items"])
        after = page["pos"]


def test_every_task_is_completed_once_by_a_living_holder(daemon: DaemonProcess) -> None:
    rng = random.Random(1)
    with daemon.connect() as control:
        _submit(control)
        runners = [_start(daemon.control_socket, f"r{number}") for number in range(RUNNERS)]
        for kill in range(KILLS):
            target = TASKS * (kill + 1) // (KILLS + 2)
            while control.call("queue.stats", queue="q")["by_state"].get("completed", 0) < target:
                assert any(runner.poll() is None for runner in runners)
            victim = rng.randrange(RUNNERS)
            runners[victim].kill()
            runners[victim].wait(timeout=30)
            runners[victim] = _start(daemon.control_socket, f"r{victim}-{kill}")
        assert [runner.wait(timeout=120) for runner in runners] == [0] * RUNNERS
        assert control.call("queue.stats", queue="q")["by_state"] == {"completed": TASKS}
        completions = _completions(control)
        assert len(completions) == TASKS
        assert set(completions.values()) == {1}
        assert control.call("daemon.verify")["ok"] is True
