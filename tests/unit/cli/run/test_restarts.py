"""When a command is started again: by policy, with waits that double, without a clock."""

import pytest

from penholder.cli.run.child import exit_of
from penholder.cli.run.restarts import Policy, Restarts

ENDED = exit_of(0)
FAILED = exit_of(3)
KILLED = exit_of(-9)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("never", [None] * 3), ("on-failure", [None, 1, 1]), ("always", [1, 1, 1])],
)
def test_the_policy_says_after_which_end(policy: Policy, expected: list[float | None]) -> None:
    assert [Restarts(policy).wait_s(how, 0) for how in (ENDED, FAILED, KILLED)] == expected


def test_each_wait_is_twice_the_one_before_up_to_a_minute() -> None:
    restarts = Restarts("always")
    waits = [restarts.wait_s(FAILED, 59.9) for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_minute_of_life_begins_anew() -> None:
    restarts = Restarts("always")
    assert [restarts.wait_s(FAILED, lived_s) for lived_s in (0, 0, 60, 0, 0)] == [1, 2, 1, 2, 4]


def test_an_end_that_nobody_saw_is_a_failure() -> None:
    assert [Restarts(p).applies(None) for p in ("never", "on-failure", "always")] == [
        False, True, True,
    ]  # fmt: skip
