"""Times as people say them: how long ago, in the largest unit that says enough.

Nothing here asks a clock: `now` has to be of the one that the times are of, see `clock`.
"""

import argparse
import re
from datetime import datetime

from penholder.cli.terminal.text import printable

STALL_AFTER_S = 600.0
"""After how long without output a worker counts as silent, where nothing else was said."""
_GIVEN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")
_UNITS = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))
_LONGEST = 40
_FROM = {"w": 604_800 * 9, "d": 86_400 * 2, "h": 3_600 * 2, "m": 60 * 2}
"""From how many seconds on each unit is used: 90 s say more than 1 m."""


def seconds_since(time: str, now: datetime) -> float | None:
    """Return how many seconds ago a time was, less than 0 for one to come; None if it is none."""
    try:
        return (now - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return None  # a caller's own text, or a time without a zone


def since(time: str | None, now: datetime) -> str:
    """Write how long ago a time was; `-` for none, and as it is where it is no time."""
    if time is None:
        return "-"
    seconds = seconds_since(time, now)
    if seconds is None:
        return printable(time)
    return f"in {duration(-seconds)}" if seconds <= -1 else duration(seconds)


def duration(seconds: float) -> str:
    """Write a duration in one unit, rounded down: 45s, 12m, 3h, 5d, 20w."""
    whole = max(0, int(seconds))
    for unit_s, unit in _UNITS:
        if whole >= _FROM[unit]:
            return f"{whole // unit_s}{unit}"
    return f"{whole}s"


def parsed_duration(text: str) -> float:
    """Read a duration of the command line, such as 90, 90s, 10m, 1h30m or 2d, in seconds."""
    found = _GIVEN.fullmatch(text.strip().lower()) if len(text) <= _LONGEST else None
    if found is None or not any(found.groups()):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 10m, 1h30m or 2d")
    scale = (604_800, 86_400, 3_600, 60, 1)
    return sum(
        float(part) * unit_s for part, unit_s in zip(found.groups(), scale, strict=True) if part
    )
