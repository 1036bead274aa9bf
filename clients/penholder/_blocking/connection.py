"""One connected socket of the blocking client: requests out, answers and notifications in.

One call is open at a time, so the next answer is the one that is waited for. What comes before it
unasked is dropped: nobody reads notifications here but a subscription, on a connection of its own.
An error that names no request can only be about the one that is open.

Time is the trap. A blocking socket that waits for a daemon that hangs waits for ever. A socket with
a timeout is a non-blocking one below, whose connect does not wait where the daemon's queue is full
but fails at once. So connecting is bounded by the kernel's own limit of a socket, and what comes
after by the deadline of the call.
"""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

from penholder._shared.address import connectable
from penholder._shared.call import refusal
from penholder._shared.failures import ConnectionLost
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Incoming, read_incoming

_CHUNK_BYTES = 1 << 16
# As the kernel takes it: seconds and microseconds; zero is no limit.
_CONNECT_TIME = struct.pack("ll", 1, 0)
_NO_LIMIT = struct.pack("ll", 0, 0)


class Connection:
    """One connected socket."""

    def __init__(self, path: str) -> None:
        """Connect; raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._frames: Iterator[bytes] = iter(())
        self._framer = Framer()
        self._is_limited = False
        try:
            # A daemon that hangs accepts nobody; the kernel then lets `connect` wait for ever.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _CONNECT_TIME)
            with connectable(path) as short:
                self._socket.connect(short)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _NO_LIMIT)
        except BaseException:
            self._socket.close()
            raise

    def limit(self, deadline: float | None) -> None:
        """Let the next socket operation last no longer than this; raises TimeoutError."""
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError("the time for this call is over")
        # Nothing is to be set for a call without a deadline, unless the one before had one.
        if left is not None or self._is_limited:
            self._socket.settimeout(left)
            self._is_limited = left is not None

    def send(self, frame: bytes) -> None:
        """Send a whole request."""
        self._socket.sendall(frame)

    def answer(self, request_id: str, deadline: float | None) -> Incoming:
        """Wait for the answer to a request; notifications that come before it are dropped."""
        while True:
            message = self._receive(deadline)
            if message.method is None and message.id == request_id:
                return message
            if message.id is None and message.error is not None:
                raise refusal(message.error)

    def notification(self) -> Incoming:
        """Wait for the next notification."""
        while (message := self._receive(None)).method is None:
            if message.id is None and message.error is not None:
                raise refusal(message.error)
        return message

    def hang_up(self) -> None:
        """End the connection from another thread; whoever reads it sees the end."""
        with suppress(OSError):
            # Not closed: that would not wake who reads, and its number might be another's before it
            # looks.
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()

    def _receive(self, deadline: float | None) -> Incoming:
        while (frame := next(self._frames, None)) is None:
            self.limit(deadline)
            chunk = self._socket.recv(_CHUNK_BYTES)
            if not chunk:
                raise ConnectionLost("the daemon closed the connection")
            frame = self._framer.whole(chunk)
            if frame is not None:
                break
            self._frames = self._framer.feed(chunk)
        return read_incoming(frame)
