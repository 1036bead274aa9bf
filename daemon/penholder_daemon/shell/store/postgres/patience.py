"""Ending connections over which the server says nothing for too long.

A server that is stopped, or whose machine does not answer while its network does, refuses nothing:
whoever asks it waits, and would wait for ever. No timeout of its own helps, and none of TCP's as
long as its kernel acknowledges what it gets. So each connection has a patience, and whoever waits
longer finds it lost: then it is like any other connection that was lost, so that everybody is told
by what is told of those.

Looked at from outside, twice a second, so that waiting itself costs nothing.
"""

import os
import socket
import threading
from contextlib import suppress
from time import monotonic
from weakref import WeakSet

import psycopg
import structlog

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.connection import Connection

log = structlog.get_logger()

_LOOK_SECONDS = 0.5
_LAST_SECONDS = 1.0
"""How long anything is waited for once the daemon is about to end."""


class Patience:
    """Looks after connections, on a thread of its own until it is closed."""

    def __init__(self) -> None:
        """Look after none yet."""
        self._connections: WeakSet[Connection] = WeakSet()
        self._is_ending = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="penholder-patience", daemon=True)

    def watching(self, connect: Connect, seconds: float | None = None) -> Connect:
        """Have each connection looked after; it waits so long, or as long as is said to it."""

        def connect_watched() -> Connection:
            if self._is_ending:
                raise StoreFault("the daemon is about to end")
            connection = connect()
            connection.patience_seconds = seconds
            self._connections.add(connection)
            return connection

        return connect_watched

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Have nobody wait for much longer: the daemon is about to end."""
        self._is_ending = True

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(_LOOK_SECONDS):
            for connection in tuple(self._connections):
                self._look_at(connection)

    def _look_at(self, connection: Connection) -> None:
        since, patience = connection.waits_since, connection.patience_seconds
        if self._is_ending:
            patience = min(_LAST_SECONDS, patience or _LAST_SECONDS)
        if since is None or patience is None or monotonic() - since < patience:
            return
        log.warning("PostgreSQL does not answer: a connection is given up", waited_s=patience)
        cut(connection)


def cut(connection: Connection) -> None:
    """End a connection that somebody else waits on, which closing it would not."""
    # It may end by itself at this moment, and then has no descriptor any more.
    with suppress(OSError, psycopg.Error):
        same = socket.socket(fileno=os.dup(connection.fileno()))
        with same:
            same.shutdown(socket.SHUT_RDWR)
