"""How many rows each pane gets of a terminal's."""

import msgspec

from penholder.cli.top.model.desk import PaneName

BARS = 3
"""The line on top and two below."""
FEWEST_FOR_ALL = 14
"""With fewer lines only the pane that has the keys is shown."""
_MOST_OF_INBOX = 0.4
_LEAST = 3
_LEAST_OF_DETAIL = 5


class Heights(msgspec.Struct, frozen=True):
    """The rows of each pane, its title among them; 0 where it is not shown."""

    inbox: int
    workers: int
    detail: int


def heights(lines: int, focus: PaneName, is_zoomed: bool, inbox_rows: int, rows: int) -> Heights:
    """Share the lines of a terminal; inbox and workers would fill `inbox_rows` and `rows`."""
    available = max(1, lines - BARS)
    if is_zoomed or lines < FEWEST_FOR_ALL:
        return Heights(**{each: available if each == focus else 0 for each in _NAMES})
    inbox = min(1 + inbox_rows, max(_LEAST, int(available * _MOST_OF_INBOX)))
    left = available - inbox
    # The workers' pane has a line of headings, too; what it does not fill is the stream's.
    workers = min(2 + max(rows, 1), max(_LEAST, left - max(_LEAST_OF_DETAIL, left // 3)))
    return Heights(inbox, workers, left - workers)


_NAMES: tuple[PaneName, ...] = ("inbox", "workers", "detail")
