"""The connection over which a daemon writes: whose host it is, the server's time, hints to others.

Each transaction begins with one look at all that another daemon may have changed of this one
(`take_pen`), in the same trip that takes the lock.

Where batches follow each other, the next one is begun in the trip that commits the last: while a
server is asked twice for each batch, nearly half of a batch is waiting for that. Only where nobody
else would have to wait for the lock meanwhile: this daemon has the database to itself, or so it
looks, and gives up at once where it does not get the lock. What was begun and is not needed at once
is taken back (`rest`). A commit that is done is never told to have failed for what was begun after
it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple

import psycopg
from psycopg import RawCursor
from psycopg.pq import TransactionStatus

from penholder_daemon.core.store import Row, Since, StoreFault, Write
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.dialect import translated
from penholder_daemon.shell.store.postgres.pen import (
    CHANNEL,
    TRY_PEN,
    Taken,
    read_taken,
    take_pen,
)
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.touched import Catalogue

_SOON_SECONDS = 0.001
"""A batch that begins so soon after the last one will have others behind it."""


class FirstLook(NamedTuple):
    """Whose transactions they are, which is looked at in the same trip that begins one."""

    host_id: str
    seen: Callable[[Taken], None]
    """Gets what was seen; what it raises, refuses the transaction."""


class ServingStore(PostgresStore):
    """One that belongs to a daemon; until it has a first look it is like any other."""

    def __init__(self, connect: Connect, catalogue: Catalogue) -> None:
        """Connect; raises StoreFault."""
        self.first_look: FirstLook | None = None
        self.tells_others = False
        """Whether a commit is told of, since others may wait for it."""
        self._server_ms: int | None = None
        self._begun: Taken | None = None
        """What was seen at the begin of the transaction that was begun ahead."""
        self._session = 0
        """Of which the last transaction was."""
        self._pos: int | None = None
        self.look_behind: tuple[str, tuple[int, int]] | None = None
        """What is to be looked for right behind the commit, in the same trip."""
        self.looked: list[Row] | None = None
        """What it has found."""
        self._is_busy = False
        self._committed_at = 0.0
        super().__init__(connect, catalogue)

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes; returns what others have done meanwhile."""
        if self.first_look is None:
            return super().begin_writing(known_pos)
        host_id, seen = self.first_look
        self._is_busy = perf_counter() - self._committed_at < _SOON_SECONDS
        taken = self._take_begun() or self._take_pen(host_id, known_pos)
        self._server_ms = taken.server_ms
        self._note_number(taken.number, taken.oldest)
        seen(taken)
        # Another server may stand behind another session, and count from elsewhere.
        is_another, self._session = self.sessions != self._session, self.sessions
        return taken.since._replace(heads=None) if is_another else taken.since

    def _take_pen(self, host_id: str, known_pos: int | None) -> Taken:
        _, [row] = self._begin_to_write(take_pen(host_id, known_pos))
        taken = read_taken(row)
        assert taken is not None  # it was waited for
        return taken

    def _take_begun(self) -> Taken | None:
        begun, self._begun = self._begun, None
        if begun is None or not self.in_transaction:
            return None
        self._transactions += 1
        self.subtransactions = 0
        return begun

    def rest(self) -> None:
        """Nothing follows at once: let go of what was begun for it."""
        if self._begun is not None:
            self._begun = None
            with suppress(StoreFault):
                self._execute("ROLLBACK")

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these and commit, all in one trip."""
        self._pos = pos
        super().commit_with(writes, pos)

    def _commit_in_one_trip(self, writes: Sequence[Write]) -> str | None:
        self._begun = None
        if self.first_look is None or not (writes or self.tells_others):
            return super()._commit_in_one_trip(writes)
        if self._is_busy and not self.tells_others:
            done = self._commit_and_begin(writes, self.first_look.host_id)
        else:
            done = self._commit_and_tell(writes)
        self._committed_at = perf_counter()
        return done

    def _commit_and_tell(self, writes: Sequence[Write]) -> str | None:
        committing, looking = self._new_cursors()
        look, self.look_behind = self.look_behind, None
        try:
            with self.connection.pipeline():
                self._add(writes)
                if self.tells_others:
                    self._cursor.execute(f"NOTIFY {CHANNEL}", prepare=False)
                committing.execute("COMMIT", prepare=False)
                if look is not None:
                    looking.execute(translated(look[0]).text, look[1])
            if look is not None:
                self.looked = looking.fetchall()
        except psycopg.Error:
            if committing.statusmessage != "COMMIT":
                raise
        return committing.statusmessage

    def _commit_and_begin(self, writes: Sequence[Write], host_id: str) -> str | None:
        committing, beginning = self._new_cursors()
        try:
            with self.connection.pipeline():
                self._add(writes)
                committing.execute("COMMIT", prepare=False)
                beginning.execute("BEGIN", prepare=False)
                beginning.execute(TRY_PEN, (host_id, self._pos))
            row = beginning.fetchone()
            begun = None if row is None else read_taken(row)
        except psycopg.Error:
            if committing.statusmessage != "COMMIT":
                raise
            begun = None
        if committing.statusmessage == "COMMIT" and begun is not None:
            self._begun = begun
        else:
            self._give_up_beginning()
        return committing.statusmessage

    def _new_cursors(self) -> tuple[RawCursor[Row], RawCursor[Row]]:
        """Make one for the commit and one for what follows it.

        Never one that was used: it would still say COMMIT of the last one when this one fails.
        """
        return connecting.cursor_of(self.connection), connecting.cursor_of(self.connection)

    def _give_up_beginning(self) -> None:
        if self.connection.info.transaction_status is not TransactionStatus.IDLE:
            with suppress(psycopg.Error):
                self._cursor.execute("ROLLBACK", prepare=False)

    @property
    def server_ms(self) -> int | None:
        """What the server's clock showed once the lock was had, where it is gone by."""
        return self._server_ms
