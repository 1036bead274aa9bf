"""The ticks of the axis of time."""

from datetime import UTC, timedelta, timezone
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.timeline.axis import MOST, STEPS_MS, offset, ticks
from penholder.cli.timeline.clock import Clock

NOON_MS = 1_767_268_800_000


def labels(begin_ms: int, span_ms: int, hours: float = 0) -> list[str]:
    """Return what is written on an axis."""
    zone = timezone(timedelta(hours=hours))
    return [label for _, label in ticks(Clock(begin_ms, begin_ms + span_ms, zone))]


def test_ticks_are_round() -> None:
    assert labels(NOON_MS + 1, 40) == [
        f"12:00:00.{ms:03}" for ms in (5, 10, 15, 20, 25, 30, 35, 40)
    ]
    assert labels(NOON_MS, 60_000)[:2] == ["12:00:00", "12:00:10"]
    assert labels(NOON_MS, 7_200_000)[:2] == ["12:00", "12:15"]
    assert labels(NOON_MS, 86_400_000)[-2:] == ["09:00", "12:00"]
    assert labels(NOON_MS, 86_400_000 * 30)[:2] == ["2026-01-08", "2026-01-15"]


def test_midnight_says_the_day_of_its_zone() -> None:
    assert labels(NOON_MS, 86_400_000)[4] == "2026-01-02"
    assert labels(NOON_MS, 86_400_000, hours=5.5)[2] == "2026-01-02"


@given(st.integers(0, 4 * 10**12), st.integers(1, 86_400_000 * 3_000), st.integers(-12, 14))
def test_any_time_has_a_few_ticks_within(begin_ms: int, span_ms: int, hours: int) -> None:
    clock = Clock(begin_ms, begin_ms + span_ms, timezone(timedelta(hours=hours)))
    found = [ms for ms, _ in ticks(clock)]
    assert len(found) <= MOST + 1
    assert all(begin_ms <= ms <= begin_ms + span_ms for ms in found)
    gaps = {later - earlier for earlier, later in pairwise(found)}
    assert gaps <= set(STEPS_MS)
    assert len(gaps) <= 1


def test_the_zone_is_told() -> None:
    east = Clock(0, 1, timezone(timedelta(hours=-3, minutes=-30)))
    assert (east.zone_name, offset(east)) == ("UTC-03:30", -12_600_000)
    assert Clock(0, 1, UTC).zone_name == "UTC"
