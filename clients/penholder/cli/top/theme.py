"""What styles look like: sixteen colours of the terminal's own palette, or none at all.

The background is the terminal's. Without colours what matters is told by bold, dim, reverse and
underline, and by letters and signs in any case.
"""

import curses
import os
from functools import cache

from rich.style import Style

_COLOURED = {
    "red": Style(color="red"),
    "green": Style(color="green"),
    "yellow": Style(color="yellow"),
    "blue": Style(color="blue"),
    "title": Style(color="cyan", bold=True),
}
_PLAIN = {
    "dim": Style(dim=True),
    "bold": Style(bold=True),
    "title": Style(bold=True),
    "chosen": Style(reverse=True),
    "found": Style(underline=True, bold=True),
}
_FEWEST_COLOURS = 8


def has_colours() -> bool:
    """Tell whether the terminal shows colours, and is wanted to."""
    if os.environ.get("NO_COLOR"):
        return False
    try:
        curses.setupterm()
        return curses.tigetnum("colors") >= _FEWEST_COLOURS
    except curses.error:
        return False  # of a terminal that nobody knows nothing is expected


@cache
def style(words: str, colours: bool) -> Style:
    """Return what a style looks like, which is one or more words."""
    found = Style()
    named = words.split()
    for word in named:
        found += _PLAIN.get(word, Style())
        # Turned around, a colour would be one more background beside that of the row.
        if colours and "chosen" not in named:
            found += _COLOURED.get(word, Style())
    return found
