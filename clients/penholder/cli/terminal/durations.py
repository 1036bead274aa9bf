"""Durations as people type them: 45s, 10m, 2h, 1h30m, 3d, 1w."""

import re

from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.text import printable

_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_PART = re.compile(r"([0-9]{1,9})([smhdw])")
_WHOLE = re.compile(r"(?:[0-9]{1,9}[smhdw])+")
_LONGEST_CHARACTERS = 60
_LONGEST_S = 100 * 366 * 86_400


def seconds(text: str, flag: str) -> int:
    """Read a duration above 0; raises Usage, which names the flag."""
    shown = printable(text[:_LONGEST_CHARACTERS])
    if len(text) > _LONGEST_CHARACTERS or not _WHOLE.fullmatch(text):
        raise Usage(f"{flag}: {shown!r} is no duration; write 45s, 10m, 2h, 1h30m, 3d or 1w")
    total = sum(int(count) * _UNITS_S[unit] for count, unit in _PART.findall(text))
    if not 0 < total <= _LONGEST_S:
        raise Usage(f"{flag}: {shown!r} must be above 0 and at most 100 years")
    return total
