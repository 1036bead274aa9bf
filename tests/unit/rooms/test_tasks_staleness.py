"""How long a task has not been heard of: never stored, always as of the answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder_daemon.core.rules import Rules, Staleness
from penholder_protocol import errors
from tests.helpers.harness import Bench
from tests.helpers.tasks import STEPS, create, listed

LEVELS = ["ok", "warn", "stale", "dead"]


def _level(bench: Bench, task_id: str = "t1") -> str:
    found: str = bench.call("task.get", task_id=task_id)["stale"]
    return found


@pytest.mark.parametrize("state", STEPS)
def test_only_what_is_assigned_or_worked_on_grows_stale(bench: Bench, state: str) -> None:
    create(bench, state=state)
    grows = state in ("ASSIGNED", "WORKING")
    assert _level(bench) == ("dead" if grows else "ok")
    bench.call("task.heartbeat", task_id="t1")
    assert _level(bench) == "ok"
    bench.world.pass_ms(10_000_000)
    assert _level(bench) == ("dead" if grows else "ok")


@pytest.mark.parametrize(
    ("age_ms", "level"),
    [
        (0, "ok"),
        (60_000, "ok"),
        (60_001, "warn"),
        (120_000, "warn"),
        (120_001, "stale"),
        (300_000, "stale"),
        (300_001, "dead"),
    ],
)
def test_a_level_holds_past_its_threshold(bench: Bench, age_ms: int, level: str) -> None:
    create(bench)
    bench.call("task.heartbeat", task_id="t1")
    bench.world.pass_ms(age_ms)
    assert _level(bench) == level
    assert listed(bench, stale=level) == ["t1"]
    for other in set(LEVELS) - {level}:
        assert listed(bench, stale=other) == []


def test_reading_changes_nothing_and_time_alone_does(bench: Bench) -> None:
    create(bench)
    bench.call("task.heartbeat", task_id="t1")
    before = bench.dump()
    bench.world.pass_ms(200_000)
    assert _level(bench) == "stale"
    assert bench.dump() == before


def test_the_wall_clock_counts_and_one_that_was_set_back_is_no_age(bench: Bench) -> None:
    create(bench)
    bench.call("task.heartbeat", task_id="t1")
    bench.world.wall_ms -= 3_600_000
    assert _level(bench) == "ok"
    bench.world.wall_ms += 3_600_000
    bench.world.uptime_ms += 10_000_000
    assert _level(bench) == "ok"


def test_a_retry_keeps_its_heartbeat(bench: Bench) -> None:
    create(bench)
    beaten = bench.call("task.heartbeat", task_id="t1")["heartbeat_at"]
    bench.call("task.fail", task_id="t1")
    bench.world.pass_ms(400_000)
    task = bench.call("task.transition", task_id="t1", expected="FAILED", to="ASSIGNED")
    assert (task["heartbeat_at"], task["stale"]) == (beaten, "dead")


def test_thresholds_come_from_the_settings(bench: Bench) -> None:
    bench.world.rules = Rules(staleness=Staleness(warn_ms=1, stale_ms=2, dead_ms=3))
    create(bench)
    bench.call("task.heartbeat", task_id="t1")
    found = []
    for _ in range(5):
        found.append(_level(bench))
        bench.world.pass_ms(1)
    assert found == ["ok", "ok", "warn", "stale", "dead"]


def test_an_unknown_level_is_wrong(bench: Bench) -> None:
    refusal = bench.refused(errors.InvalidParams, "task.list", stale="gone")
    assert refusal.details["known"] == LEVELS


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 400_000) | st.none(), min_size=1, max_size=8))
def test_filtered_lists_are_the_whole_list_in_parts(ages: list[int | None]) -> None:
    """What a filter finds is what the unfiltered list says; a walk of pages finds no less."""
    bench = Bench()
    bench.world.wall_ms += 400_000
    for number, age_ms in enumerate(ages):
        create(bench, f"t{number}", "WORKING" if number % 3 else "CONFLICTED")
        if age_ms is not None:
            bench.world.wall_ms -= age_ms
            bench.call("task.heartbeat", task_id=f"t{number}")
            bench.world.wall_ms += age_ms
    tasks = bench.call("task.list")["items"]
    for level in LEVELS:
        wanted = [task["task_id"] for task in tasks if task["stale"] == level]
        assert listed(bench, stale=level) == wanted
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = bench.call("task.list", stale=level, limit=2, cursor=cursor)
            seen += [task["task_id"] for task in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == wanted
