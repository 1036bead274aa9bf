"""All panes at once: what is on the screen, as rows, of facts, choices, a size and a moment."""

from datetime import datetime

import msgspec

from penholder.cli.top.drawing import bars, detail, inbox, layout, workers
from penholder.cli.top.drawing.rows import Row
from penholder.cli.top.model.desk import Desk
from penholder.cli.top.model.fleet import Fleet


class Said(msgspec.Struct, frozen=True):
    """What the line of messages tells."""

    text: str = ""
    is_wrong: bool = False


def draw(
    fleet: Fleet, desk: Desk, size: tuple[int, int], now: datetime, said: Said
) -> dict[str, list[Row]]:
    """Draw every pane, by its name, from top to bottom; together they have the size's lines."""
    width, lines = size
    message = bars.message(said.text, said.is_wrong, width)
    if lines < layout.FEWEST_FOR_ALL:
        message = message[:1]
    shares = layout.heights(
        lines - len(message) + 1,
        desk.focus,
        desk.is_zoomed,
        inbox.rows_wanted(fleet, desk, width),
        workers.rows_wanted(fleet, desk),
    )
    return {
        "top": [bars.top(fleet, desk, width, now)],
        "inbox": inbox.draw(fleet, desk, width, shares.inbox, now),
        "workers": workers.draw(fleet, desk, width, shares.workers, now),
        "detail": detail.draw(fleet, desk, width, shares.detail, now),
        "message": message,
        "keys": [bars.keys(desk, width)],
    }


NAMES = ("top", "inbox", "workers", "detail", "message", "keys")
