"""Boards, workstreams and briefs to start from, and the states that they have."""

from tests.helpers.harness import Bench, Json

NOW = "2026-01-01T00:00:00.000Z"
BOARD_STATES = ["pending", "active", "review", "done", "failed"]
WORKSTREAM_STATES = ["pending", "active", "blocked", "done", "failed"]
BRIEF_STATES = ["pending", "active", "done", "failed"]
KINDS = ["spawned", "completed", "failed", "escalated", "retried"]


def board(bench: Bench, board_id: str = "b1") -> Json:
    """Make a board."""
    return bench.call("board.create", board_id=board_id, goal=f"goal of {board_id}")


def workstream(bench: Bench, workstream_id: str | None = None, board_id: str = "b1") -> Json:
    """Make a workstream."""
    return bench.call(
        "workstream.create", board_id=board_id, workstream_id=workstream_id, name="n", tier=1
    )


def brief(
    bench: Bench, brief_id: str | None = None, board_id: str = "b1", **params: object
) -> Json:
    """Make a brief."""
    return bench.call(
        "brief.create",
        **{"board_id": board_id, "brief_id": brief_id, "tier": 1, "role": "r", **params},
    )
