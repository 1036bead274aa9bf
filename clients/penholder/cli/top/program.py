"""Starting it: which hosts, is there a terminal, and what is left of it afterwards."""

import os
from collections.abc import Sequence

from penholder.cli.top import theme
from penholder.cli.top.app import Top
from penholder.cli.top.feed.feed import Feed
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.desk import Desk


def run(hosts: Sequence[Host], controller_ids: dict[str, str] | None, stall_after_s: float) -> int:
    """Show these hosts until the person quits; of each all controllers, or one that is named."""
    feed = Feed(hosts, controller_ids)
    colours = theme.has_colours()
    # Where these are exported they say how wide the terminal was, and it may be resized.
    for each in ("COLUMNS", "LINES"):
        os.environ.pop(each, None)
    environment = dict(os.environ)
    if not colours:
        # What Textual draws by itself, such as a cursor, has no colours then either.
        os.environ["NO_COLOR"] = "1"
    desk = Desk(stall_after_s)
    top = Top(hosts, feed, colours=colours, environment=environment, desk=desk)
    try:
        top.run()
    finally:
        feed.close()
    return top.return_code or 0
