"""The ticks of the axis of time: a few round moments. `page.js` does the same when it zooms."""

from datetime import timedelta

from penholder.cli.timeline.clock import Clock

MOST = 8
DAY_MS = 86_400_000
STEPS_MS = (
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(1_000, 2_000, 5_000, 10_000, 15_000, 30_000),
    *(60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000),
    *(3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000),
    *(DAY_MS * days for days in (1, 2, 7, 14, 28, 91, 364, 3_640)),
)


def ticks(clock: Clock) -> list[tuple[int, str]]:
    """Return moments on the axis and what is written there."""
    span_ms = clock.end_ms - clock.begin_ms
    step_ms = next((step for step in STEPS_MS if span_ms <= step * MOST), STEPS_MS[-1])
    offset_ms = offset(clock)
    first = -(-(clock.begin_ms + offset_ms) // step_ms) * step_ms - offset_ms
    return [
        (ms, _label(clock, ms, step_ms, offset_ms))
        for ms in range(first, clock.end_ms + 1, step_ms)
    ]


def offset(clock: Clock) -> int:
    """Return how far the picture's zone is from UTC at its end, in milliseconds."""
    distance = clock.at(clock.end_ms).utcoffset() or timedelta()
    return distance // timedelta(milliseconds=1)


def _label(clock: Clock, ms: int, step_ms: int, offset_ms: int) -> str:
    at = clock.at(ms)
    if (ms + offset_ms) % DAY_MS == 0 or step_ms >= DAY_MS:
        return f"{at:%Y-%m-%d}"
    if step_ms >= 60_000:
        return f"{at:%H:%M}"
    return f"{at:%H:%M:%S}" if step_ms >= 1_000 else f"{at:%H:%M:%S}.{ms % 1000:03}"
