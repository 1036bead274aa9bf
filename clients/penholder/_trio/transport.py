"""trio-jsonrpc's transport over a Unix socket: one JSON text a line, sent by a task of its own.

`send` only queues, so it never waits, cannot be cancelled in the middle of a frame, and may be
called by many tasks; what has gathered goes out in one write. Who is alone has nothing to gather
with: what it sends is given to the kernel without a turn of that task (`send_at_once`).

The socket is the standard library's. Those of trio ask the kernel first and wait where it has
nothing: right for who expects much, but here one answer is expected at a time, so waiting comes
first.
"""

import socket

import trio
from trio_jsonrpc.transport import BaseTransport, TransportClosed

from penholder._awaited.connecting import connect_at_once
from penholder._shared.reading import next_frame
from penholder_protocol.framing import Framer

_CHUNK_BYTES = 1 << 16


class UnixTransport(BaseTransport):
    """Frames over one connected socket."""

    def __init__(self, connected: socket.socket) -> None:
        """Own the socket, which does not block, from now on."""
        self._socket = connected
        self._framer = Framer()
        self._frames = self._framer.feed(b"")
        self._outbox: list[bytes] = []
        self._has_outgoing = trio.Event()
        self._is_sending = False
        self._is_closed = False

    async def recv(self) -> bytes:
        """Return the next frame; raises TransportClosed at the end of the stream."""
        while (frame := next_frame(self._frames)) is None:
            if self._socket.fileno() < 0:
                raise TransportClosed("the connection is closed")
            try:
                await trio.lowlevel.wait_readable(self._socket)
                chunk = self._socket.recv(_CHUNK_BYTES)
            except BlockingIOError:
                continue
            except (OSError, trio.ClosedResourceError) as error:
                raise TransportClosed(str(error)) from None
            if not chunk:
                raise TransportClosed("the daemon closed the connection")
            self._frames = self._framer.feed(chunk)
        return frame

    async def send(self, data: bytes) -> None:
        """Queue a frame; raises TransportClosed when nothing can be sent any more."""
        if self._is_closed:
            raise TransportClosed("the connection is closed")
        self._outbox.append(data)
        self._has_outgoing.set()

    def send_at_once(self, data: bytes) -> bool:
        """Send a frame now, if nothing is before it; tells whether it was taken."""
        if self._is_closed or self._outbox or self._is_sending:
            return False
        try:
            sent = self._socket.send(data)
        # Whether it is full or broken is found out by who sends what is queued.
        except OSError:
            return False
        if sent < len(data):
            self._outbox.append(data[sent:])
            self._has_outgoing.set()
        return True

    async def keep_sending(self) -> None:
        """Send what is queued until the connection ends."""
        while not self._is_closed:
            await self._has_outgoing.wait()
            # All before anything is awaited: what is queued from now on goes out with the next one.
            data, self._outbox, self._has_outgoing = b"".join(self._outbox), [], trio.Event()
            self._is_sending = True
            try:
                await self._send_all(data)
            except (OSError, trio.ClosedResourceError):
                self._is_closed = True  # what was answered before can still be read
            self._is_sending = False

    async def _send_all(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._socket)

    def close(self) -> None:
        """Close at once; whoever waits in `recv` gets TransportClosed."""
        self._is_closed = True
        self._has_outgoing.set()
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()


async def open_transport(path: str) -> UnixTransport:
    """Connect to a socket; raises OSError."""
    await trio.lowlevel.checkpoint()
    return UnixTransport(connect_at_once(path))
