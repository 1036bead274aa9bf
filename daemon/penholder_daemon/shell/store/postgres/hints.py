"""Hearing that another daemon has committed, over the connection that writes.

The server tells whoever listens of each commit, by the number of its transaction (`take_pen` has it
do so). It is a hint that makes things fast, never relied on: what is told may be lost with its
connection, so everything is looked at once a second without any. Whoever may connect may tell, and
anything: what is no number of a transaction is taken for news.

A session is told of nothing while it is amid a transaction, so whoever writes all the time hears of
others with the end of its own. Numbers come in order under the lock of all who write. So what has a
lower one than this daemon's last transaction was seen by that, and is no news. Only a daemon that
has nothing to write is woken by it.

The first one is looked at at once. Those that follow within a moment are looked at together: were
every commit of sixteen daemons looked at by the fifteen others, looking would be most of what is
done.
"""

import psycopg

from penholder_daemon.shell.store.postgres.connection import Connection

CHANNEL = "penholder"
"""As `take_pen` names it."""
MOMENT_SECONDS = 0.003
_NOTHING, _ANYTHING = 0, 1 << 64
_MOST_DIGITS = 20
"""Of the number of a transaction, which has 64 bits."""


class Hints:
    """What others have told since the store was looked at."""

    def __init__(self) -> None:
        """Know nothing, so that there may be anything."""
        self._newest = _ANYTHING

    def listen(self, connection: Connection) -> None:
        """Listen over a new connection; raises psycopg.Error."""
        connection.add_notify_handler(self._note)
        connection.execute(f"LISTEN {CHANNEL}".encode())
        # What was told while nobody listened.
        self._newest = _ANYTHING

    def _note(self, notice: psycopg.Notify) -> None:
        self._newest = max(self._newest, _number(notice.payload))

    def take_in(self, connection: Connection) -> None:
        """Take in what has come while nothing was asked for."""
        try:
            connection.pgconn.consume_input()
        except psycopg.Error:
            # It is lost, as whoever looks finds out.
            self._newest = _ANYTHING
        connection.take_notices()

    def forget(self) -> None:
        """Hear of what is told from now on: what was told so far is about to be seen."""
        self._newest = _NOTHING

    def are_newer_than(self, number: int | None) -> bool:
        """Whether others have told of what a transaction, the last one here, has not seen."""
        return self._newest > (number or _NOTHING)


def _number(payload: str) -> int:
    is_number = payload.isascii() and payload.isdecimal() and len(payload) <= _MOST_DIGITS
    return int(payload) if is_number else _ANYTHING
