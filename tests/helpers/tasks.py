"""Tasks to start from, and the steps that they may take: from the contract, not from the code."""

from tests.helpers.harness import Bench, Json

STEPS = {
    "ASSIGNED": {"WORKING", "FAILED"},
    "WORKING": {"IN_REVIEW", "CONFLICTED", "FAILED"},
    "CONFLICTED": {"IN_REVIEW", "WORKING", "FAILED"},
    "IN_REVIEW": {"APPROVED", "WORKING", "FAILED"},
    "APPROVED": {"COMPLETED", "WORKING", "FAILED"},
    "COMPLETED": set(),
    "FAILED": {"ASSIGNED"},
}

PATHS = {
    "ASSIGNED": [],
    "WORKING": ["WORKING"],
    "CONFLICTED": ["WORKING", "CONFLICTED"],
    "IN_REVIEW": ["WORKING", "IN_REVIEW"],
    "APPROVED": ["WORKING", "IN_REVIEW", "APPROVED"],
    "COMPLETED": ["WORKING", "IN_REVIEW", "APPROVED", "COMPLETED"],
    "FAILED": ["FAILED"],
}


def create(bench: Bench, task_id: str = "t1", state: str = "ASSIGNED", **params: object) -> Json:
    """Make a task and take it to a state."""
    needed = {"task_id": task_id, "branch": "main", "worktree": "/src"}
    task = bench.call("task.create", **{**needed, **params})
    for to in PATHS[state]:
        task = bench.call("task.transition", task_id=task_id, expected=task["state"], to=to)
    return task


def listed(bench: Bench, **params: object) -> list[str]:
    """Return the ids of a list."""
    return [task["task_id"] for task in bench.call("task.list", **params)["items"]]
