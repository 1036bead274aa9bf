"""The connection over which a daemon writes: whose host it is, the server's time, hints to others.

A batch is two trips. Each transaction begins with one look at all that another daemon may have
changed of this one (`TAKE_PEN`), in the trip that takes the lock. And what was written, the commit
and the look at what others have written go in the other one. A commit that is done is never told to
have failed for what stands behind it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg

from penholder_daemon.core.store import Row, Since, StoreFault, Write
from penholder_daemon.migrations import postgresql_schema
from penholder_daemon.shell.store.postgres import connecting
from penholder_daemon.shell.store.postgres.connecting import NOT_WHOLE, Connect
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.dialect import translated
from penholder_daemon.shell.store.postgres.hints import Hints
from penholder_daemon.shell.store.postgres.pen import TAKE_PEN, Taken, read_taken
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.touched import Catalogue
from penholder_daemon.shell.store.postgres.trips import Trip


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
        """Whether transactions that begin now are told of when they are committed."""
        self._hints = Hints()
        self._server_ms: int | None = None
        self._session = 0
        """Of which the last transaction was."""
        self.look_behind: tuple[str, tuple[int, int]] | None = None
        """What is to be looked for right behind the commit, in the same trip."""
        self.looked: list[Row] | None = None
        """What it has found."""
        super().__init__(connect, catalogue)

    def _greet(self, connection: Connection) -> None:
        super()._greet(connection)
        self._hints.listen(connection)
        if self.first_look is not None:
            _require_known_schema(connection)

    def take_in_hints(self) -> None:
        """Take in what others have told while nothing was asked for."""
        self._hints.take_in(self.connection)

    def forget_hints(self) -> None:
        """Hear of what others tell from now on: all that they have written is about to be seen."""
        self._hints.forget()

    @property
    def is_hinted(self) -> bool:
        """Whether others have told of what was not seen here."""
        return self._hints.are_newer_than(self._transaction_id)

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes; returns what others have done meanwhile."""
        if self.first_look is None:
            return super().begin_writing(known_pos)
        host_id, seen = self.first_look
        taken = self._begin_to_write(lambda: self._take_pen(host_id, known_pos))
        self._hints.forget()
        self._server_ms = taken.server_ms
        self._note_number(taken.number, taken.oldest)
        seen(taken)
        # Another server may stand behind another session, and count from elsewhere.
        is_another, self._session = self.sessions != self._session, self.sessions
        return taken.since._replace(heads=None) if is_another else taken.since

    def _take_pen(self, host_id: str, known_pos: int | None) -> Taken:
        trip = Trip(self.connection)
        trip.add("BEGIN")
        trip.add_each(TAKE_PEN, [(host_id, known_pos, self.tells_others)])
        try:
            trip.go()
        except psycopg.Error as error:
            self._refuse(error)
        [row] = trip.rows(-1)
        return read_taken(row)

    def _commit_in_one_trip(self, writes: Sequence[Write]) -> bool:
        trip = self._trip_with(writes)
        trip.add("COMMIT")
        look, self.look_behind = self.look_behind, None
        if look is not None:
            trip.add_each(translated(look[0]).text, [look[1]])
        try:
            trip.go()
        except psycopg.Error:
            if not trip.has_committed:
                raise
        else:
            self.looked = None if look is None else trip.rows(-1)
        return trip.has_committed

    def look(self, asked: Sequence[tuple[str, Row]]) -> list[list[Row]]:
        """Ask for several things in one trip, outside of any transaction."""
        trip = Trip(self.connection)
        for sql, values in asked:
            trip.add_each(translated(sql).text, [values])
        try:
            trip.go()
        except psycopg.Error as error:
            self._refuse(error)
        return [trip.rows(at) for at in range(len(asked))]

    @property
    def server_ms(self) -> int | None:
        """What the server's clock showed once the lock was had, where it is gone by."""
        return self._server_ms


def _require_known_schema(connection: Connection) -> None:
    """Refuse one that a newer program has changed while this daemon was cut off."""
    [found] = connecting.run_script(connection, "SELECT version FROM schema_version")
    if not found:
        raise StoreFault(NOT_WHOLE)
    [[version]] = found
    if version != str(postgresql_schema()):
        raise StoreFault(
            f"the database has schema {version!s} by now, and this program knows"
            f" {postgresql_schema()}: start the daemon by the newer program"
        )
