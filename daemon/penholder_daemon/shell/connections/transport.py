"""How bytes come and go: trio-jsonrpc's `BaseTransport`, over Unix sockets.

What comes is read by the hub, for all sockets in one task (`hub`), and taken there as far as that
can be done without waiting (`receive`).

The socket variant has no task of its own for sending: an answer is sent at once, and only when the
kernel's buffer is full does somebody wait. That saved a task switch for each answer. trio's own
streams give a turn of the loop away with each send, so this stands on the socket and on trio's
readiness calls.

Every way in which a connection can be over is TransportClosed: the end of the stream, a reset, a
descriptor that was closed meanwhile. Whoever uses it has one thing to do then.

A peer that has ended its sending half looks as one that is gone to whoever only reads. It may still
want its answers. The kernel knows the difference (`peer_is_gone`).
"""

import select
import socket
from abc import abstractmethod
from collections.abc import Callable

import trio
from trio_jsonrpc.transport import BaseTransport, TransportClosed

from penholder_daemon.shell.connections.hub import Hub

Take = Callable[[bytes], bool]
"""Takes what has come; returns whether it could take all of it without waiting."""
_CHUNK_BYTES = 1 << 16


class Transport(BaseTransport):
    """A byte stream; what a JSON-RPC message is, the framing knows."""

    async def receive(self, take: Take) -> None:
        """Have what comes taken, until something of it has to wait; raises TransportClosed.

        What `take` raises is raised here.
        """
        while take(await self.recv()):
            continue

    @abstractmethod
    def try_send(self, data: bytes) -> int:
        """Send what can be sent without waiting; returns how many bytes. Raises TransportClosed."""

    @abstractmethod
    def peer_is_gone(self) -> bool:
        """Tell whether the peer can neither send nor receive any more."""

    @abstractmethod
    def end_sending(self) -> None:
        """Let the peer see the end of what is sent, and go on receiving."""

    @abstractmethod
    def close(self) -> None:
        """Close; whoever waits in `recv` or `send` gets TransportClosed."""


class SocketTransport(Transport):
    """A non-blocking Unix socket, read by the hub and else under trio's readiness calls."""

    def __init__(self, sock: socket.socket, hub: Hub) -> None:
        """Own the socket from now on."""
        sock.setblocking(False)
        self._socket = sock
        self._hub = hub
        self._take: Take | None = None

    async def receive(self, take: Take) -> None:
        """Have the hub read and take what comes, until something of it has to wait."""
        if self._socket.fileno() < 0:
            raise TransportClosed
        self._take = take
        await self._hub.wait(self._socket.fileno(), self._read)

    def _read(self) -> bool:
        """Read once; True where what came has to wait."""
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return False
        except (ValueError, OSError):
            raise TransportClosed from None
        if not data:
            raise TransportClosed
        assert self._take is not None  # set before anything is read
        return not self._take(data)

    async def recv(self) -> bytes:
        """Return what has come; raises TransportClosed at the end."""
        try:
            await trio.lowlevel.wait_readable(self._socket)
            data = self._socket.recv(_CHUNK_BYTES)
        # ValueError: it was closed before, and a closed socket has -1 for a descriptor.
        except (trio.ClosedResourceError, ValueError, OSError):
            raise TransportClosed from None
        if not data:
            raise TransportClosed
        return data

    def try_send(self, data: bytes) -> int:
        """Send without waiting."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            raise TransportClosed from None

    async def send(self, data: bytes) -> None:
        """Send all, waiting for the peer as long as it takes."""
        left = memoryview(data)
        while left:
            try:
                await trio.lowlevel.wait_writable(self._socket)
                # Part of it may be taken; what was sent must not be sent again.
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                continue
            except (trio.ClosedResourceError, ValueError, OSError):
                raise TransportClosed from None

    def peer_is_gone(self) -> bool:
        """Ask the kernel: a peer that only ended its sending half still reads."""
        if self._socket.fileno() < 0:
            return True  # closed here
        # Nothing is asked for: hang-ups and errors are told unasked, and a hang-up means both
        # halves.
        poll = select.poll()
        poll.register(self._socket, 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

    def end_sending(self) -> None:
        """Shut the sending half down."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            raise TransportClosed from None

    def close(self) -> None:
        """Close the socket."""
        if self._socket.fileno() >= 0:
            # Before it is closed: who waits for it is woken. Later its number may be another
            # socket's.
            self._hub.leave(self._socket.fileno(), TransportClosed())
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
