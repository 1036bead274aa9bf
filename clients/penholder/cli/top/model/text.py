"""Text from workers, made harmless and short before anything else is done with it.

It may hold anything: escape sequences that move the cursor, letters that turn the direction of
writing, a thousand accents on one letter, a megabyte without a space. Colours are left out, since
most programs mean no harm by them and their codes are unreadable; every other control character is
written as an escape. Nothing of it is ever markup: rows are drawn from plain text.
"""

import re
import unicodedata

from penholder.cli.terminal.text import printable

MAX_LINE_CHARACTERS = 2_000
"""Kept of one line; what was cut ends in `…`."""
MAX_SHORT_CHARACTERS = 200
_MOST_MARKS = 2
_TAB = 4
_CUT = "…"
_LINE_ENDS = re.compile(r"[\r\n]+")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*[mK]")


def clean(text: str, most: int = MAX_LINE_CHARACTERS) -> str:
    """Write text as one line that is safe on a terminal and not longer than `most`."""
    begin = text[: most * 2]
    if begin.isascii() and begin.isprintable():
        return begin if len(begin) <= most else begin[: most - 1] + _CUT
    safe = _few_marks(printable(_COLOUR.sub("", begin).expandtabs(_TAB)))
    is_whole = len(begin) == len(text) and len(safe) <= most
    return safe if is_whole else safe[: most - 1] + _CUT


def last_line(text: str) -> str:
    """Return the last line that is not blank; a return begins a line anew, as progress bars do."""
    return next((line for line in reversed(_LINE_ENDS.split(text)) if line.strip()), "")


def overwritten(line: str) -> str:
    """Return what a terminal shows of a line after its returns."""
    kept = line.rstrip("\r")
    return kept.rpartition("\r")[2]


def _few_marks(text: str) -> str:
    """Leave out all but the first few marks on a letter: they would be drawn over other lines."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
