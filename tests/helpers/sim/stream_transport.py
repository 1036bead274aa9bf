"""The daemon's transport over a pair of memory streams, where a simulation has no sockets."""

import trio
import trio.testing
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.shell.connections.transport import Transport


class StreamTransport(Transport):
    """A pair of memory streams, for simulation."""

    def __init__(
        self,
        stream: trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream],
    ) -> None:
        """Own the stream from now on."""
        self._stream = stream

    async def recv(self) -> bytes:
        """Return what has come; raises TransportClosed at the end."""
        try:
            data = bytes(await self._stream.receive_some())
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise TransportClosed from None
        if not data:
            raise TransportClosed
        return data

    def try_send(self, data: bytes) -> int:  # noqa: ARG002 - a stream cannot send without waiting
        """Send nothing: streams can only wait."""
        return 0

    async def send(self, data: bytes) -> None:
        """Send all."""
        try:
            await self._stream.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise TransportClosed from None

    def peer_is_gone(self) -> bool:
        """Memory streams do not tell."""
        return False

    def end_sending(self) -> None:
        """Close the sending half."""
        self._stream.send_stream.close()

    def close(self) -> None:
        """Close without waiting for the peer."""
        self._stream.send_stream.close()
        self._stream.receive_stream.close()
