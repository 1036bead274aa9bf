"""What all requests of one server share.

It brings nothing that the first answer does not need: the way to the daemon, and all that is
imported for it, is made when a request first asks for it.
"""

import threading
from typing import TYPE_CHECKING

from penholder.cli.mcp.setup import Setup

if TYPE_CHECKING:
    from penholder.cli.mcp.holding import Holding
    from penholder.cli.mcp.link import Link


class Desk:
    """The setup, the way to the daemon, and what is owned there."""

    def __init__(self, setup: Setup) -> None:
        """Ask nobody yet."""
        self.setup = setup
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._holding: Holding | None = None

    @property
    def link(self) -> "Link":
        """The way to the daemon."""
        with self._lock:
            if self._link is None:
                from penholder.cli.mcp.link import Link  # noqa: PLC0415 - long to import

                self._link = Link(self.setup)
            return self._link

    @property
    def holding(self) -> "Holding":
        """The controller that is owned."""
        with self._lock:
            if self._holding is None:
                from penholder.cli.mcp.holding import Holding  # noqa: PLC0415 - long to import

                self._holding = Holding(self.setup, self.link)
            return self._holding

    def release(self, within_s: float) -> None:
        """Let go of what is owned, for so long at most: its lease ends by itself, too."""
        if self._holding is not None:
            release = threading.Thread(target=self._holding.release, daemon=True)
            release.start()
            release.join(within_s)
