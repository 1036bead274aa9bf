"""One connected socket of the blocking client: requests out, answers and notifications in.

One call is open at a time, so the next answer is the one that is waited for. What comes before it
unasked is dropped: nobody reads notifications here but a subscription, on a connection of its own.
An error that names no request can only be about the one that is open.

Time is the trap. A blocking socket that waits for a daemon that hangs waits for ever. A socket with
a timeout is a non-blocking one below, whose connect does not wait where the daemon's queue is full
but fails at once. So connecting is bounded by the kernel's own limit of a socket, and what comes
after by the deadline of the call. A call without one goes on for as long as it takes, and whoever
attends to the connection looks after the daemon meanwhile.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from msgspec import UNSET, Raw, UnsetType

from penholder._blocking.attention import Attention, Silence
from penholder._shared.address import connectable
from penholder._shared.call import refusal
from penholder._shared.failures import ConnectionLost
from penholder._shared.reading import incoming, next_frame
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Incoming, as_raw, read_result

T = TypeVar("T")
_CHUNK_BYTES = 1 << 16
# As the kernel takes it: seconds and microseconds; zero is no limit.
_CONNECT_TIME = struct.pack("ll", 1, 0)
_NO_LIMIT = struct.pack("ll", 0, 0)


class Connection:
    """One connected socket."""

    def __init__(self, path: str, attention: Attention | None = None) -> None:
        """Connect; raises OSError."""
        self._attention = attention
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._frames: Iterator[bytes] = iter(())
        self._framer = Framer()
        self._is_amid_frame = False
        self._is_limited = False
        self.has_sent = False
        """Whether the whole of a quick call's request is sent."""
        try:
            # A daemon that hangs accepts nobody; the kernel then lets `connect` wait for ever.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _CONNECT_TIME)
            with connectable(path) as short:
                self._socket.connect(short)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _NO_LIMIT)
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            self._until_readable = poll.poll
        except BaseException:
            self._socket.close()
            raise

    def _limit(self, deadline: float | None) -> None:
        """Let the next socket operation last no longer than this; raises TimeoutError."""
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError("the time for this call is over")
        self._socket.settimeout(left)
        self._is_limited = left is not None

    def send(self, frame: bytes, deadline: float | None) -> None:
        """Send a whole request."""
        # Nothing is to be set for a call without a deadline, unless the one before had one.
        if deadline is not None or self._is_limited:
            self._limit(deadline)
        if deadline is not None or self._attention is None:
            self._socket.sendall(frame)
        else:
            self._send_attended(frame, self._attention)

    def ask_quickly(
        self, frame: bytes, request_id: str, decode: Callable[[bytes], T]
    ) -> T | UnsetType:
        """Send a whole request and read its answer: the only thing that comes, nearly always.

        Where it is not, UNSET is returned, and `answer` is to be called. Only where nobody attends
        to the connection.
        """
        self.has_sent = False
        if self._is_limited:
            self._limit(None)
        self._socket.sendall(frame)
        self.has_sent = True
        if self._is_amid_frame:
            return UNSET
        # Who blocks in `recv` is also woken when the daemon reads what was sent.
        self._until_readable()
        chunk = self._socket.recv(_CHUNK_BYTES)
        result = read_result(chunk, request_id, decode)
        if result is UNSET:
            if not chunk:
                raise _closed()
            self._feed(chunk)
        return result

    def answer(self, request_id: str, deadline: float | None) -> Incoming | Raw:
        """Wait for the answer to a request, or its result where nothing else is in it.

        Notifications that come before it are dropped.
        """
        while True:
            if (frame := next_frame(self._frames)) is None:
                chunk = self._receive(deadline)
                if not self._is_amid_frame:
                    result = read_result(chunk, request_id, as_raw)
                    if result is not UNSET:
                        return result
                self._feed(chunk)
                continue
            message = incoming(frame)
            if message.method is None and message.id == request_id:
                return message
            if message.id is None and message.error is not None:
                raise refusal(message.error)

    def notification(self) -> Incoming:
        """Wait for the next notification."""
        while True:
            if (frame := next_frame(self._frames)) is None:
                self._feed(self._receive(None))
                continue
            message = incoming(frame)
            if message.method is not None:
                return message
            if message.id is None and message.error is not None:
                raise refusal(message.error)

    def hang_up(self) -> None:
        """End the connection from another thread; whoever reads it sees the end."""
        with suppress(OSError):
            # Not closed: that would not wake who reads, and its number might be another's before it
            # looks.
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Free the socket."""
        self._socket.close()

    def _receive(self, deadline: float | None) -> bytes:
        if deadline is not None or self._is_limited:
            self._limit(deadline)
        else:
            # Who blocks in `recv` is also woken when the daemon reads what was sent.
            self._await_attended()
        chunk = self._socket.recv(_CHUNK_BYTES)
        if not chunk:
            raise _closed()
        return chunk

    def _await_attended(self) -> None:
        """Wait for something to read, for as long as who attends to it does not mind."""
        if self._attention is None:
            self._until_readable()
            return
        silence = Silence(self._attention)
        while not self._until_readable(silence.limit_ms):
            silence.look()

    def _send_attended(self, frame: bytes, attention: Attention) -> None:
        """Send a whole request, for as long as who attends to it does not mind."""
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        silence, left = Silence(attention), memoryview(frame)
        while left:
            with suppress(BlockingIOError):
                left = left[self._socket.send(left, socket.MSG_DONTWAIT) :]
                continue
            if not poll.poll(silence.limit_ms):
                silence.look()

    def _feed(self, chunk: bytes) -> None:
        self._is_amid_frame = not chunk.endswith(b"\n")
        self._frames = self._framer.feed(chunk)


def _closed() -> ConnectionLost:
    return ConnectionLost("the daemon closed the connection")
