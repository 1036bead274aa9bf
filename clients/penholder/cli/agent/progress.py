"""The `summary` event: told when something has changed, and at most once a second."""

import time
from collections.abc import Callable

from penholder.cli.agent import told
from penholder.cli.agent.summary import Folding
from penholder.cli.agent.timers import Timers
from penholder.cli.workers.summaries import title_of
from penholder_protocol.nouns import NewEvent

_EVERY_S = 1.0


class Progress:
    """What there is to tell of an agent at a glance, and when it was told last."""

    def __init__(self, folding: Folding, timers: Timers, put: Callable[[NewEvent], None]) -> None:
        """Tell nothing yet."""
        self.folding = folding
        self._timers = timers
        self._put = put
        self._told_at = 0.0

    def touch(self) -> None:
        """Tell it now, or as soon as the last is old enough."""
        due_s = self._told_at + _EVERY_S - time.monotonic()
        if due_s <= 0:
            self.tell()
        elif not self._timers.has(told.SUMMARY):
            self._timers.after(due_s, told.SUMMARY, self.tell)

    def tell(self) -> None:
        """Tell it now."""
        self._timers.cancel(told.SUMMARY)
        self._told_at = time.monotonic()
        now = self.folding.now
        now.title = title_of(now)
        self._put(told.event(told.SUMMARY, now))
