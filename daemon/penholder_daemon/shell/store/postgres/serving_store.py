"""The connection over which a daemon writes: whose host it is, the server's time, hints to others.

A batch is two trips. Each transaction begins with one look at all that another daemon may have
changed of this one (`TAKE_PEN`), in the trip that takes the lock. And what was written, the hint to
others, the commit and the look at what others have written go in the other one. A commit that is
done is never told to have failed for what stands behind it.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg

from penholder_daemon.core.store import Row, Since, Write
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.dialect import translated
from penholder_daemon.shell.store.postgres.pen import (
    CHANNEL,
    TAKE_PEN,
    Taken,
    read_taken,
)
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
        """Whether a commit is told of, since others may wait for it."""
        self._server_ms: int | None = None
        self._session = 0
        """Of which the last transaction was."""
        self.look_behind: tuple[str, tuple[int, int]] | None = None
        """What is to be looked for right behind the commit, in the same trip."""
        self.looked: list[Row] | None = None
        """What it has found."""
        super().__init__(connect, catalogue)

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes; returns what others have done meanwhile."""
        if self.first_look is None:
            return super().begin_writing(known_pos)
        host_id, seen = self.first_look
        taken = self._begin_to_write(lambda: self._take_pen(host_id, known_pos))
        self._server_ms = taken.server_ms
        self._note_number(taken.number, taken.oldest)
        seen(taken)
        # Another server may stand behind another session, and count from elsewhere.
        is_another, self._session = self.sessions != self._session, self.sessions
        return taken.since._replace(heads=None) if is_another else taken.since

    def _take_pen(self, host_id: str, known_pos: int | None) -> Taken:
        trip = Trip(self.connection)
        trip.add("BEGIN")
        trip.add_each(TAKE_PEN, [(host_id, known_pos)])
        try:
            trip.go()
        except psycopg.Error as error:
            self._refuse(error)
        [row] = trip.rows(-1)
        return read_taken(row)

    def _commit_in_one_trip(self, writes: Sequence[Write]) -> bool:
        trip = self._trip_with(writes)
        if self.tells_others:
            trip.add(f"NOTIFY {CHANNEL}")
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

    @property
    def server_ms(self) -> int | None:
        """What the server's clock showed once the lock was had, where it is gone by."""
        return self._server_ms
