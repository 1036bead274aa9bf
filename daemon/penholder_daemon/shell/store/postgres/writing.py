"""The connection that writes to PostgreSQL, with its committer.

The server may go and come back while the daemon runs. The store connects anew by itself, with the
next transaction; until then mutations are refused and it is tried once a second, also where nobody
writes. No restart is needed, not even where nobody knows whether a commit was made: what the server
holds does not depend on this process, so it is just read again.

What may have happened while there was no connection is looked at under the lock.

- Another daemon may have served, by the clocks of another machine. Whether it has, no row tells for
  sure; so after each loss of the connection leases get their full time anew (`others_wrote`), as
  after any time in which nobody could renew.
- It may have taken this host for gone. Then the row of the host is not what this daemon has made of
  it (`_see_that_host_is_ours`). The batch is refused, all that was known is forgotten, and the host
  is registered anew under its next epoch.
- Entries may have been committed that nobody here has heard of: another daemon's, or those of a
  commit of which nobody knew. Subscribers must get each, in order. So what is told goes on from
  what was told last, and a gap is read from the journal before anything behind it is told
  (`_without_a_gap`). If it cannot be read now, nothing is told now.

A transaction makes a bounded number of savepoints: past 64 the server keeps them elsewhere, and
everybody who reads pays for that.
"""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import NamedTuple

import structlog
from psycopg.sql import SQL, Literal

from penholder_daemon.core import journal, positions
from penholder_daemon.core.commit import Answer, BatchOutcome, Committer, nothing_written
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.store import Row, StoreFault
from penholder_daemon.core.transaction import Published
from penholder_daemon.shell.store.backing import MakeCommitter
from penholder_daemon.shell.store.fault_changes import logged
from penholder_daemon.shell.store.postgres.store import FirstLook, PostgresStore

log = structlog.get_logger()

MOST_SAVEPOINTS = 60
_TOLD_AT_ONCE = 1000
_AGAIN_SECONDS = 1.0
_LOOK_SECONDS = 1.0
_MEASURE_SECONDS = 60.0
_OWN_ROW = SQL("SELECT state, started_at FROM hosts WHERE host_id = {} FOR SHARE")
_FENCED = (
    "another daemon has taken this host for gone while the database could not be reached; it is"
    " registered anew"
)


class Own(NamedTuple):
    """What a daemon knows itself by, and the call that keeps its host registered."""

    host_id: str
    started_at: str
    keep: Invocation


class PostgresWriting:
    """Implements `WritingConnection`."""

    def __init__(self, store: PostgresStore, make_committer: MakeCommitter, own: Own) -> None:
        """Go on from where the journal stands; raises StoreFault."""
        self._store = store
        self._sessions = store.sessions
        self._own = own
        self._told = positions.last(store)
        self._is_behind = False
        """Whether there are entries that nobody here was told of, as far as is known."""
        self._is_registered = self._is_fenced = False
        self._tried_at = self._looked_at = 0.0
        self._measured_at = perf_counter()
        self._progressed_at = perf_counter()
        self.database_bytes = _size_of(store)
        own_row = _OWN_ROW.format(Literal(own.host_id)).as_string(None)
        store.first_look = FirstLook(own_row, self._see_that_host_is_ours)
        self._committer: Committer = make_committer(store)

    @property
    def progressed_at(self) -> float:
        """When it last got on with something: while the server is at work, that is now."""
        return perf_counter() if self._store.is_waited_for else self._progressed_at

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._committer.fault

    @property
    def checkpoint_is_due(self) -> bool:
        """The server has its own."""
        return False

    def checkpoint(self) -> None:
        """Do nothing: the server has its own."""

    def close(self) -> None:
        """Close the connection."""
        self._store.close()

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch as `Committer.run` does; waiting is what it is for."""
        del waits  # it is never in the loop
        if not self._may_try():
            return nothing_written(batch, self._committer.fault or "")
        return self._done(
            lambda: self._committer.run(self._bounded(batch), answered, heard_ms),
        )

    def heartbeat(self) -> BatchOutcome:
        """See whether writing works again, and whether anything is to be told."""
        self._progressed_at = perf_counter()
        if not self._may_try():
            return BatchOutcome([])
        return self._done(self._look)

    def _look(self) -> BatchOutcome:
        if self._committer.fault is None and self._progressed_at - self._looked_at > _LOOK_SECONDS:
            self._looked_at = self._progressed_at
            try:
                self._is_behind = positions.last(self._store) > self._told
                self._look_at_size()
            except StoreFault:
                # What it is, and that it is told, is the committer's business.
                return self._committer.run([])
        return self._committer.heartbeat()

    def _look_at_size(self) -> None:
        if self._looked_at - self._measured_at > _MEASURE_SECONDS:
            self._measured_at = self._looked_at
            self.database_bytes = _size_of(self._store)

    def _may_try(self) -> bool:
        """Whether it is not just now that the server could not be reached."""
        now = perf_counter()
        if not self._store.connection.closed or self._committer.fault is None:
            return True
        if now - self._tried_at < _AGAIN_SECONDS:
            return False
        self._tried_at = now
        return True

    def _bounded(self, batch: Iterable[Invocation]) -> Iterator[Invocation]:
        for call in batch:
            yield call
            # Asked when its work is done: what is not taken now, waits for the next batch.
            if self._store.subtransactions >= MOST_SAVEPOINTS:
                return

    def _done(self, act: Callable[[], BatchOutcome]) -> BatchOutcome:
        outcome = logged(self._committer, act)
        if self._is_fenced:
            self._is_fenced = False
            log.warning("this host was taken for gone, and is registered anew")
            again = self._committer.run([self._own.keep])
            outcome.published += again.published
            outcome.effects += again.effects
        outcome.published = self._without_a_gap(outcome.published)
        self._progressed_at = perf_counter()
        return outcome

    # --- whose host it is ---------------------------------------------------------------------
    def _see_that_host_is_ours(self, found: Row | None) -> None:
        if self._store.sessions != self._sessions:
            self._sessions = self._store.sessions
            self._committer.others_wrote()
        if found == ("active", self._own.started_at):
            self._is_registered = True
        elif self._is_registered:
            self._is_registered, self._is_fenced = False, True
            raise StoreFault(_FENCED)

    # --- what is told -------------------------------------------------------------------------
    def _without_a_gap(self, published: list[Published]) -> list[Published]:
        try:
            if self._is_behind or (published and published[0].entry.pos != self._told + 1):
                published = journal.published_after(self._store, self._told, _TOLD_AT_ONCE)
                self._is_behind = len(published) == _TOLD_AT_ONCE
        except StoreFault as fault:
            log.warning("entries are told later", reason=str(fault))
            self._is_behind = True
            return []
        if published:
            self._told = published[-1].entry.pos
        return published


def _size_of(store: PostgresStore) -> int:
    [row] = store.rows("SELECT pg_database_size(current_database())")
    return int(str(row[0]))
