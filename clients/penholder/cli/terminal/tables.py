"""Records for people: one a line in a list, or one alone with a field a line."""

import sys
from collections.abc import Iterable, Sequence

from penholder.cli.terminal import ages, grid, kinds, screen
from penholder.cli.terminal.clock import Now
from penholder.cli.terminal.text import Record, plain


def print_record(record: Record, now: Now) -> None:
    """Print one record, a field a line."""
    width = max(map(len, record), default=0)
    print_lines(f"{name:<{width}}  {_whole(name, value, now)}" for name, value in record.items())


def print_list(items: Sequence[Record], kind: str, now: Now, *, headings: bool = True) -> None:
    """Print records as a table, or that there are none."""
    if not items:
        if headings:
            print("none")
        return
    shown = kinds.columns_of(kind, items)
    rows = [[_short(field, item.get(field), now) for field, _ in shown] for item in items]
    print_grid([column for _, column in shown], rows, headings=headings)


def print_grid(
    columns: Sequence[grid.Column], rows: Sequence[grid.Row], *, headings: bool = True
) -> None:
    """Print a table that fits where it is printed."""
    print_lines(
        grid.lines(
            columns,
            rows,
            headings=headings,
            width=screen.columns(),
            colours=screen.has_colours(),
        )
    )


def print_lines(lines: Iterable[str]) -> None:
    """Print lines at once: a call for each would be most of the time of a long list."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _short(field: str, value: object, now: Now) -> str:
    if kinds.is_time(field) and isinstance(value, str):
        return ages.since(value, now())
    return plain(value)


def _whole(field: str, value: object, now: Now) -> str:
    text = plain(value)
    if not kinds.is_time(field) or not isinstance(value, str):
        return text
    age = ages.since(value, now())
    if age == text:
        return text
    return f"{text} ({age})" if age.startswith("in ") else f"{text} ({age} ago)"
