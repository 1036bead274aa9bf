"""Hearing that another daemon has committed, over a connection of its own.

The server tells whoever listens at each commit. It is a hint that makes things fast: what is told
may be lost with its connection, so everything is looked at once a second without any. Whoever hears
one looks at the tables; nothing but that is in it.

The first one is heard at once. Those that follow within a moment are heard together: were every
commit of sixteen daemons looked at by the fifteen others, looking would be most of what is done.
"""

import threading
from collections.abc import Callable

import psycopg
import structlog

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.patience import cut
from penholder_daemon.shell.store.postgres.pen import CHANNEL

log = structlog.get_logger()

_AGAIN_SECONDS = 1.0
_MOMENT_SECONDS = 0.003


class Hints:
    """Listens on a thread of its own until it is closed."""

    def __init__(self, connect: Connect, is_own: Callable[[int], bool]) -> None:
        """Listen to nobody yet; `is_own` knows the sessions of this daemon that write."""
        self._connect = connect
        self._is_own = is_own
        self._connection: Connection | None = None
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, heard: Callable[[], None]) -> None:
        """Begin; `heard` is called on the thread."""
        self._thread = threading.Thread(
            target=self._run, args=(heard,), name="penholder-hints", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the thread and its connection."""
        self._closing.set()
        if self._connection is not None:
            cut(self._connection)
        if self._thread is not None:
            self._thread.join()

    def _run(self, heard: Callable[[], None]) -> None:
        while not self._closing.is_set():
            try:
                self._listen(heard)
            except (StoreFault, psycopg.Error) as error:
                if not self._closing.is_set():
                    log.debug("hints of other daemons are not heard", reason=str(error))
            self._closing.wait(_AGAIN_SECONDS)

    def _listen(self, heard: Callable[[], None]) -> None:
        with self._connect() as connection:
            self._connection = connection
            # Set before it was seen, or seen before it was set: either way it ends.
            if self._closing.is_set():
                return
            connection.execute(f"LISTEN {CHANNEL}".encode())
            # What was told while nobody listened.
            heard()
            while not self._closing.is_set():
                # One, and all that have come with it.
                notices = list(connection.notifies(stop_after=1))
                if not all(self._is_own(notice.pid) for notice in notices):
                    heard()
                    self._closing.wait(_MOMENT_SECONDS)
