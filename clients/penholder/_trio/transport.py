"""trio-jsonrpc's transport over a Unix socket: one JSON text a line, sent by a task of its own.

`send` only queues, so it never waits, cannot be cancelled in the middle of a frame, and may be
called by many tasks; what has gathered goes out in one write.
"""

import trio
from trio_jsonrpc.transport import BaseTransport, TransportClosed

from penholder._shared.address import connectable
from penholder_protocol.framing import Framer

_CHUNK_BYTES = 1 << 16


class UnixTransport(BaseTransport):
    """Frames over one connected socket."""

    def __init__(self, stream: trio.SocketStream) -> None:
        """Own the stream from now on."""
        self._stream = stream
        self._framer = Framer()
        self._frames = self._framer.feed(b"")
        self._outbox: list[bytes] = []
        self._has_outgoing = trio.Event()
        self._is_closed = False

    async def recv(self) -> bytes:
        """Return the next frame; raises TransportClosed at the end of the stream."""
        while (frame := next(self._frames, None)) is None:
            try:
                chunk = await self._stream.receive_some(_CHUNK_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise TransportClosed(str(error)) from None
            if not chunk:
                raise TransportClosed("the daemon closed the connection")
            self._frames = self._framer.feed(bytes(chunk))
        return frame

    async def send(self, data: bytes) -> None:
        """Queue a frame; raises TransportClosed when nothing can be sent any more."""
        if self._is_closed:
            raise TransportClosed("the connection is closed")
        self._outbox.append(data)
        self._has_outgoing.set()

    async def keep_sending(self) -> None:
        """Send what is queued until the connection ends."""
        while not self._is_closed:
            await self._has_outgoing.wait()
            # All three before anything is awaited: what is queued from now on goes out with the
            # next one.
            data, self._outbox, self._has_outgoing = b"".join(self._outbox), [], trio.Event()
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self._is_closed = True  # what was answered before can still be read

    def close(self) -> None:
        """Close at once; whoever waits in `recv` gets TransportClosed."""
        self._is_closed = True
        self._has_outgoing.set()
        # Not through the stream, whose closing is awaited.
        self._stream.socket.close()


async def open_transport(path: str) -> UnixTransport:
    """Connect to a socket; raises OSError."""
    with connectable(path) as short:
        stream = await trio.open_unix_socket(short)
    try:
        # With a full backlog `connect` answers EAGAIN, which trio takes for "under way".
        stream.socket.getpeername()
    except OSError:
        stream.socket.close()
        raise
    return UnixTransport(stream)
