"""An awaited line to the daemon: one connection, made when needed, and the calls over it.

The same as the blocking one is for threads, except that many calls may be open at once. So a
connection that fails fails for all of them, each asks its own `Call` whether it is sent again, and
the first that comes back makes the next connection, for which the others wait.

A pause between two attempts ends when the line is closed, not when it is over.
"""

from collections.abc import Callable

from msgspec import Raw

from penholder._awaited.loop import Connection, Loop
from penholder._shared.call import Call
from penholder._shared.failures import ConnectionLost
from penholder._shared.reach import Reach
from penholder._shared.request_ids import RequestIds
from penholder_protocol.errors import PenholderError
from penholder_protocol.jsonrpc import Incoming


class AsyncLine:
    """A socket, and the connection to it while there is one."""

    def __init__(
        self,
        reach: Reach,
        request_ids: RequestIds,
        loop: Loop,
        forget: Callable[["AsyncLine"], None],
        wants_entries: bool,
    ) -> None:
        """Connect to nothing yet; `forget` is told when this is closed."""
        self._reach = reach
        self._request_ids = request_ids
        self._loop = loop
        self._forget = forget
        self._wants_entries = wants_entries
        self._connection: Connection | None = None
        self._connecting = loop.lock()
        self._closed = loop.event()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    async def exchange(self, call: Call) -> Raw:
        """Carry out a call, over as many connections as it takes."""
        while True:
            try:
                connection = await self._connected()
                return await connection.exchange(call)
            except (OSError, PenholderError) as failure:
                self._check_open()
                delay = call.delay_after(failure, self._loop.now())
            await self._loop.pause(delay, self._closed)

    async def notice(self) -> Incoming:
        """Wait for the next journal notification; raises ConnectionLost."""
        if self._connection is None:
            raise ConnectionLost("not connected")
        return await self._connection.notice()

    def hang_up(self) -> None:
        """Close the connection; the next call makes another."""
        if self._connection is not None:
            self._connection.close("the client hung up")

    def close(self) -> None:
        """Close for good; calls that are under way fail at once."""
        self._closed.set()
        self.hang_up()
        self._forget(self)

    async def _connected(self) -> Connection:
        if (connection := self._living()) is not None:
            await self._loop.check_cancelled()
            return connection
        # One at a time: the others find the connection that the first has made.
        async with self._connecting:
            self._check_open()
            if (connection := self._living()) is not None:
                return connection
            self._connection = connection = await self._connect()
            # It may have been closed while it was connecting, when there was nothing to hang up.
            if self._closed.is_set():
                self.hang_up()
                self._check_open()
            return connection

    async def _connect(self) -> Connection:
        with self._reach.reaching() as path:
            return await self._loop.connect(path, self._request_ids, self._wants_entries)

    def _living(self) -> Connection | None:
        connection = self._connection
        return connection if connection is not None and connection.is_open else None

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise ConnectionLost("the client is closed")
