"""Tables that fit: a line a row, whatever there is to show and however narrow the terminal is.

Each column says how much it matters (`rank`, 0 the most) and how narrow it can still be read
(`least`). Where a table is too wide its columns first shrink to that, the ones that matter least
before the others; then those that matter least are left out, one after the other; what is left
over is given back to those that were cut. Without a limit nothing is cut.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from penholder.cli.terminal import cells, screen

_GAP = "  "


class Column(msgspec.Struct, frozen=True):
    """A column: its name, how much it matters, and what is kept of a value that is cut."""

    name: str
    rank: int = 5
    least: int = 8
    keep: cells.Keep = "start"
    is_state: bool = False
    is_optional: bool = False
    """Left out where no row has anything in it."""


Row = Sequence[str]


def lines(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    headings: bool = True,
    width: int | None = None,
    colours: bool = False,
) -> Iterator[str]:
    """Yield the lines of a table; a row has a text of one line for each column."""
    shown = _with_something(columns, rows)
    wide = {place: _natural(columns[place], place, rows, headings) for place in shown}
    widths = wide if width is None else _fitted(columns, wide, width)
    if headings:
        yield _line(columns, [column.name for column in columns], widths, colours=False)
    for row in rows:
        yield _line(columns, row, widths, colours=colours)


def _with_something(columns: Sequence[Column], rows: Sequence[Row]) -> list[int]:
    return [
        place
        for place, column in enumerate(columns)
        if not column.is_optional or any(row[place] not in ("", "-") for row in rows)
    ]


def _natural(column: Column, place: int, rows: Sequence[Row], headings: bool) -> int:
    """Return how wide a column is that shows all that it has."""
    longest = max((cells.width(row[place]) for row in rows), default=0)
    return max(longest, len(column.name)) if headings else longest


def _fitted(columns: Sequence[Column], wide: Mapping[int, int], width: int) -> dict[int, int]:
    """Shrink columns, and leave some out, until the table is no wider than that."""
    widths = dict(wide)
    by_rank = sorted(wide, key=lambda place: (-columns[place].rank, -place))
    for place in by_rank:
        widths[place] = min(wide[place], columns[place].least)
    for place in by_rank[:-1]:
        if _total(widths) <= width:
            break
        del widths[place]
    if _total(widths) > width:
        return dict.fromkeys(widths, width)
    for place in reversed(by_rank):
        if place in widths:
            widths[place] += min(wide[place] - widths[place], width - _total(widths))
    return widths


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def _line(columns: Sequence[Column], row: Row, widths: Mapping[int, int], *, colours: bool) -> str:
    places = sorted(widths)
    parts = []
    for place in places:
        column = columns[place]
        text = cells.fit(row[place], widths[place], column.keep)
        filled = text if place == places[-1] else cells.fill(text, widths[place])
        if colours and column.is_state:
            filled = screen.coloured(filled, screen.colour_of_state(row[place]))
        parts.append(filled)
    return _GAP.join(parts).rstrip()
