"""Which entries are told on this host: every one, in order, whoever has written it.

Others write too, and what they wrote is between what is written here. So entries are told from what
a batch has published only where that follows on what was told last; else they are read from the
journal, from there on, after the commit and not while others wait. Where they cannot be read now,
nothing is told now: a subscriber gets each, in order, or later.
"""

from collections.abc import Sequence

import structlog

from penholder_daemon.core import journal, positions
from penholder_daemon.core.store import Row, StoreFault
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
        self.has_more = False
        """Whether the last look found as many as one may, so that the next finds more at once."""

    def heard_of(self, pos: int) -> None:
        """Note that the journal goes up to a position."""
        self.is_behind |= pos > self._told

    @property
    def look(self) -> tuple[str, tuple[int, int]]:
        """What finds the entries that are to be told."""
        return journal.PUBLISHED_AFTER, (self._told, _AT_ONCE)

    def without_a_gap(
        self, published: list[Published], looked: Sequence[Row] | None
    ) -> list[Published]:
        """Return what is to be told now that a batch has published these.

        `looked` is what `look` has found since, where somebody has looked with it.
        """
        try:
            if looked is None and (
                self.is_behind or (published and published[0].entry.pos != self._told + 1)
            ):
                looked = list(self._store.rows(journal.PUBLISHED_AFTER, self._told, _AT_ONCE))
        except StoreFault as fault:
            log.warning("entries are told later", reason=str(fault))
            self.is_behind, self.has_more = True, False
            return []
        if looked is not None:
            published = journal.published(looked)
            self.is_behind = self.has_more = len(published) == _AT_ONCE
        if published:
            self._told = published[-1].entry.pos
        return published
