"""Tasks of the queue q to start from."""

from tests.helpers.harness import Bench, Json

IN = {"tenant_id": "t", "project_id": "p", "queue": "q"}


def submit(bench: Bench, name: str | None = None, **params: object) -> Json:
    """Submit a task to the queue q."""
    named = {} if name is None else {"queue_task_id": name}
    return bench.call("queue.submit", **{**IN, **named, **params})


def claim(bench: Bench, runner: str = "r1", **params: object) -> list[Json]:
    """Claim from the queue q for a second."""
    given = {"queue": "q", "runner_id": runner, "lease_ms": 1000, **params}
    return list(bench.call("queue.claim", **given)["items"])
