"""One connection of the client under asyncio: a protocol that its transport calls back.

Sending is the transport's: it never waits, and is never cut off in the middle of a frame. What is
read is taken at once, in the loop's own turn, so a task is woken only by its answer.

A cancelled task cannot take back what it has sent: its answer still comes, and is dropped as one
that nobody knows. A wait would go on in the daemon for nothing, so that is told to end it.

Notifications wait for who takes them, and until then nothing more is read: the daemon sees that its
peer lags, in place of memory that fills here. Of a chunk that was read already the rest waits, too.

A transport that cannot send any more gives up reading as well, with answers still in the socket,
among them why the daemon has hung up. So the rest is read here before the connection is over.
"""

import asyncio
import socket
from collections import deque
from contextlib import suppress

from msgspec import Raw

from penholder._awaited.open_requests import OpenRequests, cancellation, is_of_journal
from penholder._shared.call import Call
from penholder._shared.failures import ConnectionLost, NotUnderstood
from penholder._shared.reading import incoming, next_frame
from penholder._shared.request_ids import RequestIds
from penholder_protocol.errors import PenholderError
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Incoming

_CHUNK_BYTES = 1 << 16
_CLOSED = "the daemon closed the connection"


class Connection(asyncio.Protocol):
    """One connected socket, over which any number of calls may be open."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connected: socket.socket,
        request_ids: RequestIds,
        wants_entries: bool,
    ) -> None:
        """Be called by a transport, which owns the socket."""
        self._loop = loop
        self._socket = connected
        self._wants_entries = wants_entries
        self._requests = OpenRequests(request_ids)
        self._framer = Framer()
        self._frames = self._framer.feed(b"")
        self._notices: deque[Incoming] = deque()
        self._has_notices = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether a request may still be answered."""
        return self._requests.lost is None

    async def exchange(self, call: Call) -> Raw:
        """Send a call once and wait for its result; raises its error, or ConnectionLost."""
        answered: asyncio.Future[None] = self._loop.create_future()

        def wake() -> None:
            # The task may have been cancelled, and not have had its turn since.
            if not answered.done():
                answered.set_result(None)

        request = self._requests.begin(call, self._loop.time(), wake)
        try:
            self._transport.write(request.frame)
            call.sent = True
            await answered
            return request.result()
        except asyncio.CancelledError:
            if call.is_wait and self.is_open:
                self._transport.write(cancellation(request))
            raise
        finally:
            self._requests.forget(request)

    async def notice(self) -> Incoming:
        """Wait for the next journal notification; raises ConnectionLost."""
        # Taken by the task in its own turn: a cancelled one takes none.
        while not self._notices:
            if self._requests.lost is not None:
                raise self._requests.kind(self._requests.lost)
            self._has_notices.clear()
            await self._has_notices.wait()
        taken = self._notices.popleft()
        self._read_on()
        return taken

    def close(self, why: str, kind: type[ConnectionLost] = ConnectionLost) -> None:
        """Close at once, which open requests get to hear."""
        if self.is_open:
            self._requests.end(why, kind)
            self._notices.clear()
            self._has_notices.set()
            self._transport.abort()

    # --- what the transport calls ------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have what sends."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        if self.is_open:
            self._frames = self._framer.feed(data)
            self._read_on()

    def eof_received(self) -> None:
        """The daemon has hung up; the transport closes by itself."""
        self.close(_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take what is still to be read, and fail what was not answered."""
        # What nobody has taken comes again, after what was handed out.
        self._wants_entries = False
        self._notices.clear()
        self._read_on()
        with suppress(OSError):
            while self.is_open and (chunk := self._socket.recv(_CHUNK_BYTES)):
                self.data_received(chunk)
        self.close(_CLOSED if exc is None else str(exc))

    # --- reading -------------------------------------------------------------------------------
    def _read_on(self) -> None:
        """Take messages, up to a notification that has to be waited for."""
        try:
            while not self._notices and (frame := next_frame(self._frames)) is not None:
                self._take(incoming(frame))
        except (NotUnderstood, PenholderError) as fault:
            self.close(str(fault), NotUnderstood)
            return
        if self._notices:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _take(self, message: Incoming) -> None:
        if message.method is None:
            self._requests.take(message)
        elif self._wants_entries and is_of_journal(message):
            self._notices.append(message)
            self._has_notices.set()
