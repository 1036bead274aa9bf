"""Connections beside the one that writes for the rooms: some that read, one for bytes of blobs."""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import NoReturn

import psycopg

from penholder_daemon.core.store import Row, SqlValue, StoreFault, Write
from penholder_daemon.shell.store.backing import Clock
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.plans import BY_STATISTICS
from penholder_daemon.shell.store.postgres.store import PostgresStore

_VIEW = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ENDED = "57014"
_PATIENCE_SECONDS = 3.0
"""How much longer than its budget a query is waited for: the server ends it in time, if it can."""
_LEAST_LOCK_MS = 100


class PostgresReader(PostgresStore):
    """One that only reads: each transaction is one view, and a statement has so much time."""

    _clock: Clock | None = None
    _asked_at = 0.0
    """When the newest statement was sent (monotonic)."""

    def obey(self, clock: Clock) -> None:
        """Have every query ended, with an error, when its time is over.

        The server ends a statement, and here the next one is not begun.
        """
        self._clock = clock

    def _greet(self, connection: Connection) -> None:
        """Ask for nothing: no commit of a reader is found out about."""

    def _begin(self) -> None:
        budget_ms = 0 if self._clock is None else self._clock.budget_ms
        script = f"{_VIEW}; SET LOCAL statement_timeout = {budget_ms}"
        if budget_ms:
            # Who waits for a lock does not work: that is to be told, so it ends before the time
            # does. A quick query's time is shorter than any wait worth telling; it is tried again.
            lock_ms = max(_LEAST_LOCK_MS, budget_ms // 2)
            script = f"{script}; SET LOCAL lock_timeout = {lock_ms}"
        else:
            script = f"{script}; {BY_STATISTICS}"
        self._begin_by(lambda: self._run_script(script))
        # Without a budget it is upkeep, which takes as long as it takes.
        patience = budget_ms / 1000 + _PATIENCE_SECONDS
        self.connection.patience_seconds = patience if budget_ms else None

    def _commit(self, writes: Sequence[Write] = ()) -> None:
        del writes  # a reader has none
        # What was read is read, whatever becomes of the view that it was read from.
        if self.in_transaction:
            with suppress(StoreFault):
                self._execute("COMMIT")

    def fetch(self, text: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Do the same while there is time for it."""
        if self._clock is not None and self._clock.must_end():
            raise StoreFault("the time of this query is over")
        self._asked_at = monotonic()
        return super().fetch(text, values)

    def _refuse(self, error: psycopg.Error) -> NoReturn:
        # Somebody else may end a statement, too, which is no matter of how much it asks for.
        asked_ms = (monotonic() - self._asked_at) * 1000
        if (
            self._clock is not None
            and error.sqlstate == _ENDED
            and asked_ms >= self._clock.budget_ms
        ):
            self._clock.end()
        super()._refuse(error)

    @property
    def steps(self) -> int:
        """Nobody counts the steps of a reader."""
        return 0


class BesideStore(PostgresStore):
    """One that writes what no room does, so that nobody waits for it and it for nobody."""

    def _begin(self) -> None:
        self._begin_by(lambda: self._run_script("BEGIN"))
        [row] = self.fetch("SELECT pg_current_xact_id()::TEXT")
        self._transaction_id = int(str(row[0]))
