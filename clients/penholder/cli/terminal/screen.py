"""How wide what we print may be, and whether it may have colours.

`$COLUMNS` goes first, then the terminal; a pipe has no width, and gets whole lines. Colours are for
terminals that know them: not with NO_COLOR (no-color.org), and not where TERM is dumb.
"""

import os
import sys
from contextlib import suppress

_RESET = "\x1b[0m"
_NARROWEST = 20
_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}
_OF_STATES = {
    "running": "green",
    "claimed": "green",
    "active": "green",
    "waiting_approval": "yellow",
    "pending": "yellow",
    "blocked": "yellow",
    "canceling": "yellow",
    "starting": "blue",
    "error": "red",
    "failed": "red",
    "lost": "red",
    "expired": "red",
    "stopped": "dim",
    "done": "dim",
    "completed": "dim",
    "canceled": "dim",
}


def columns() -> int | None:
    """Return how many cells a line has; None where there is no limit."""
    given = os.environ.get("COLUMNS", "")
    if given.isascii() and given.isdigit() and int(given) > 0:
        return max(_NARROWEST, int(given))
    try:
        found = os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        return None
    # A terminal that was never told its size says 0.
    return max(_NARROWEST, found) if found else None


def page_width(default: int = 80) -> int:
    """Return a width for prose, which has one in a pipe too."""
    return columns() or default


def tell_who_types(text: str) -> None:
    """Say who speaks to a word that programs start, where a person did: else it seems to hang."""
    with suppress(OSError):  # no stdin, or no stderr to say it on
        if os.isatty(0):
            print(text, file=sys.stderr, flush=True)


def has_colours() -> bool:
    """Tell whether stdout shows colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("", "dumb"):
        return False
    return sys.stdout.isatty()


def coloured(text: str, colour: str | None) -> str:
    """Put a text between the codes of a colour."""
    return text if colour is None else f"\x1b[{_CODES[colour]}m{text}{_RESET}"


def colour_of_state(state: str) -> str | None:
    """Return the colour that a state is shown in."""
    return _OF_STATES.get(state)
