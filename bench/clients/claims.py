"""A client that claims a task of a queue, completes it, and claims the next."""

from bench.clients.line import Line
from bench.clients.turns import Turn

LEASE_MS = 60_000


def make_turn(path: str, queue: str, runner_id: str) -> Turn:
    """Claim and complete one task each turn; raises RuntimeError when there is none."""
    line = Line(path)

    def step() -> None:
        claimed = line.ask("queue.claim", queue=queue, runner_id=runner_id, lease_ms=LEASE_MS)
        match claimed:
            case {"items": [{"task": {"queue_task_id": task_id}, "lease": lease}]}:
                proof = {"epoch": lease["epoch"], "token": lease["token"]}
                line.ask("queue.complete", queue_task_id=task_id, lease=proof)
            case _:
                raise RuntimeError("the queue has run dry")

    return step
