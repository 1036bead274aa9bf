"""A blocking line to the daemon: one socket, connected when needed, and the calls over it.

Not for several threads at once, but for `close`, which may come from anywhere and wakes whoever
waits.
"""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Raw

from penholder._shared import forks
from penholder._shared.address import connectable
from penholder._shared.call import Call, refusal, result_of
from penholder._shared.failures import ConnectionLost
from penholder._shared.request_ids import RequestIds
from penholder_protocol.errors import PenholderError
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Incoming, read_incoming

_CHUNK_BYTES = 1 << 16
_CONNECT_TIME = struct.pack("ll", 1, 0)
_NO_LIMIT = struct.pack("ll", 0, 0)


class Line:
    """A socket path, and the connection to it while there is one."""

    def __init__(self, path: str, request_ids: RequestIds) -> None:
        """Connect to nothing yet."""
        self._path = path
        self._request_ids = request_ids
        self._connection: _Connection | None = None
        self._closed = threading.Event()
        # A signal handler may close while this very thread connects.
        self._changing = threading.RLock()
        forks.register(self)

    def renew_after_fork(self) -> None:
        """In a child process: leave the connection to the parent, and connect anew when needed."""
        is_closed, self._closed = self._closed.is_set(), threading.Event()
        self._changing = threading.RLock()
        if is_closed:
            self._closed.set()
        self._disconnect()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def exchange(self, call: Call, deadline: float | None = None) -> Raw:
        """Carry out a call, over as many connections as it takes."""
        while True:
            try:
                return self._attempt(call, deadline)
            except TimeoutError:
                raise
            except (OSError, PenholderError) as failure:
                if self.is_closed:
                    raise _closed_line() from None
                delay = call.delay_after(failure, time.monotonic())
            self._pause(delay, deadline)

    def notification(self) -> Incoming:
        """Wait for the next notification; raises OSError when the connection ends."""
        if self._connection is None:
            raise _closed_line()
        try:
            return self._connection.notification()
        except BaseException:
            self._disconnect()
            raise

    def close(self) -> None:
        """Close for good; a call that is under way fails at once."""
        with self._changing:
            self._closed.set()
            if self._connection is not None:
                self._connection.hang_up()

    def release(self) -> None:
        """Free the socket; only for the thread that would use it."""
        self._disconnect()

    def _attempt(self, call: Call, deadline: float | None) -> Raw:
        request_id = self._request_ids.next()
        frame = call.frame(request_id, time.monotonic())
        connection = self._connected()
        try:
            connection.limit(deadline)
            connection.send(frame)
            call.sent = True
            answer = connection.answer(request_id, deadline)
        except BaseException:
            # Half a frame may be sent, or an answer still to come: this connection is of no use.
            self._disconnect()
            raise
        return result_of(answer)

    def _connected(self) -> "_Connection":
        if self._connection is None:
            connection = _Connection(self._path)
            with self._changing:
                self._connection = connection
        if self.is_closed:
            self._disconnect()
            raise _closed_line()
        return self._connection

    def _disconnect(self) -> None:
        with self._changing:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _pause(self, delay_s: float, deadline: float | None) -> None:
        if deadline is not None and time.monotonic() + delay_s > deadline:
            raise TimeoutError("the time for this call is over")
        if self._closed.wait(delay_s):
            raise _closed_line()


class _Connection:
    """One connected socket."""

    def __init__(self, path: str) -> None:
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
            self._frames = self._framer.feed(chunk)
        return read_incoming(frame)


def _closed_line() -> ConnectionLost:
    return ConnectionLost("the client is closed")
