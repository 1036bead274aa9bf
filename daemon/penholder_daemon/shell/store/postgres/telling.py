"""Which entries are told on this host: every one, in order, whoever has written it.

Others write too, and what they wrote is between what is written here. So entries are told from what
a batch has published only where that follows on what was told last; else they are read from the
journal, from there on, after the commit and not while others wait. Where they cannot be read now,
nothing is told now: a subscriber gets each, in order, or later.
"""

import structlog

from penholder_daemon.core import journal, positions
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Published
from penholder_daemon.shell.store.postgres.store import PostgresStore

log = structlog.get_logger()

_AT_ONCE = 1000


class Telling:
    """Goes on from what was told last."""

    def __init__(self, store: PostgresStore) -> None:
        """Begin behind what is there; raises StoreFault."""
        self._store = store
        self._told = positions.last(store)
        self.is_behind = False
        """Whether there are entries that nobody here was told of, as far as is known."""

    def heard_of(self, pos: int) -> None:
        """Note that the journal goes up to a position."""
        self.is_behind |= pos > self._told

    def without_a_gap(self, published: list[Published]) -> list[Published]:
        """Return what is to be told now that a batch has published these."""
        try:
            if self.is_behind or (published and published[0].entry.pos != self._told + 1):
                published = journal.published_after(self._store, self._told, _AT_ONCE)
                self.is_behind = len(published) == _AT_ONCE
        except StoreFault as fault:
            log.warning("entries are told later", reason=str(fault))
            self.is_behind = True
            return []
        if published:
            self._told = published[-1].entry.pos
        return published
