"""When a turn has ended of an agent that only says what it is at."""

import pytest

from penholder.cli.agent.acp.v2 import StateUpdate
from penholder.cli.agent.course import Course


def ends(*steps: str) -> list[int]:
    """Return after which steps a turn has ended."""
    course, found = Course(), []
    for number, step in enumerate(steps):
        ended = None
        if step == "sent":
            course.sent()
        elif step == "canceled":
            course.canceled()
        elif step == "taken":
            ended = course.taken()
        else:
            ended = course.take(StateUpdate(step))
        if ended is not None:
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("sent taken running idle", [3]),
        ("sent running taken idle", [3]),
        ("sent running idle taken", [3]),
        ("sent taken running requires_action running idle", [5]),
        ("sent taken requires_action idle idle", [3]),
        ("idle sent idle taken idle running idle", [6]),
        ("running sent taken idle", [3]),
        ("running sent idle taken running idle", [5]),
        ("sent running idle running taken idle", [5]),
        ("running idle", []),
        ("sent taken running", []),
        ("sent taken running unknown idle", [4]),
        ("sent taken running idle running idle", [3]),
        ("sent canceled taken idle", [3]),
        ("sent taken canceled running idle", [4]),
        ("canceled sent taken idle running idle", [5]),
    ],
)  # fmt: skip
def test_a_turn_has_ended_when_it_is_idle_after_it_was_at_it(steps: str, found: list[int]) -> None:
    assert ends(*steps.split()) == found
