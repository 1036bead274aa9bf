"""A blocking line to the daemon: a connection, made when needed, and the calls over it.

A connection that failed is of no use any more. Half a request may have been sent, and an answer
that nobody waits for may still come, which the next call would take for its own. So whatever ends a
call early, a signal and Ctrl-C included, ends the connection with it, and the next attempt makes a
new one.

Not for several threads at once, but for `close`, which may come from anywhere, a signal handler
included, and wakes whoever waits. It does not free the socket: the thread that reads may still use
its number, so it only hangs up, and whoever reads it frees it (`release`).
"""

import errno
import threading
import time
from collections.abc import Mapping
from typing import TypeVar

from msgspec import UNSET, Raw
from msgspec.json import Decoder

from penholder._blocking.attention import Attention, Unanswered
from penholder._blocking.connection import Connection
from penholder._shared import forks
from penholder._shared.call import Call, quick_request, result_of
from penholder._shared.failures import ConnectionLost
from penholder._shared.reach import Reach
from penholder._shared.reading import decode
from penholder._shared.request_ids import RequestIds
from penholder_protocol.errors import PenholderError
from penholder_protocol.jsonrpc import Incoming

T = TypeVar("T")


class Line:
    """A socket, and the connection to it while there is one."""

    def __init__(
        self, reach: Reach, request_ids: RequestIds, attention: Attention | None = None
    ) -> None:
        """Connect to nothing yet."""
        self._attention = attention
        self._reach = reach
        self._request_ids = request_ids
        self._connection: Connection | None = None
        self._closed = threading.Event()
        self.is_closed = False
        """Whether `close` was called."""
        # A signal handler may close while this very thread connects.
        self._changing = threading.RLock()
        forks.register(self)

    def renew_after_fork(self) -> None:
        """In a child process: leave the connection to the parent, and connect anew when needed."""
        # An event has a lock inside, which another thread may have held at the fork.
        self._closed = threading.Event()
        self._changing = threading.RLock()
        if self.is_closed:
            self._closed.set()
        self._disconnect()

    def ask(
        self, method: str, params: Mapping[str, object], decoder: Decoder[T], reconnect_s: float
    ) -> T:
        """Carry out a quick call: the common one, with nothing made that it mostly has no need of.

        It may fail at any point: under its key it goes on as any other call.
        """
        connection = self._connection
        if connection is None:
            call = Call(method, params, reconnect_s, by_name=False)
            return decode(self.exchange(call), decoder)
        request_id = self._request_ids.next()
        given, frame = quick_request(request_id, method, params)
        try:
            result = connection.ask_quickly(frame, request_id, decoder.decode)
            if result is not UNSET:
                return result
            answer = connection.answer(request_id, None)
        except (OSError, PenholderError) as failure:
            self._disconnect()  # as in `_ask`
            call = _begun(method, given, reconnect_s, is_sent=connection.has_sent)
            return decode(self.exchange(call, None, failure), decoder)
        except BaseException:
            self._disconnect()
            raise
        try:
            raw = answer if isinstance(answer, Raw) else result_of(answer)
        except PenholderError as refusal:
            call = _begun(method, given, reconnect_s, is_sent=True)
            raw = self.exchange(call, None, refusal)
        return decode(raw, decoder)

    def exchange(
        self,
        call: Call,
        deadline: float | None = None,
        failure: OSError | PenholderError | None = None,
    ) -> Raw:
        """Carry out a call, over as many connections as it takes; the first may have failed."""
        if failure is not None:
            self._await_next(call, deadline, failure)
        while True:
            request_id = self._request_ids.next()
            # Before there is a connection: what cannot be sent is refused, whether a daemon is
            # there or not.
            frame = call.frame(request_id, time.monotonic())
            try:
                answer = self._ask(call, frame, request_id, deadline)
                return answer if isinstance(answer, Raw) else result_of(answer)
            # The caller's own time or patience is over, which no other attempt mends.
            except (TimeoutError, Unanswered):
                raise
            except (OSError, PenholderError) as error:
                self._await_next(call, deadline, error)

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
            self.is_closed = True
            self._closed.set()
            if self._connection is not None:
                self._connection.hang_up()

    def release(self) -> None:
        """Free the socket; only for the thread that would use it."""
        self._disconnect()

    def _ask(
        self, call: Call, frame: bytes, request_id: str, deadline: float | None
    ) -> Incoming | Raw:
        connection = self._connection or self._connect()
        try:
            connection.send(frame, deadline)
            # After the whole of it: half a frame means nothing to the daemon.
            call.sent = True
            return connection.answer(request_id, deadline)
        except BaseException:
            # Half a frame may be sent, or an answer still to come: this connection is of no use.
            self._disconnect()
            raise

    def _connect(self) -> Connection:
        with self._reach.reaching() as path:
            connection = Connection(path, self._attention)
        with self._changing:
            self._connection = connection
        # `close` may have come while there was no connection yet to hang up.
        if self.is_closed:
            self._disconnect()
            raise _closed_line()
        return connection

    def _await_next(
        self, call: Call, deadline: float | None, failure: OSError | PenholderError
    ) -> None:
        """Wait until a call is to be tried again; raises what the caller is to get instead."""
        if self.is_closed:
            raise _closed_line() from None
        self._look_after(failure)
        delay_s = call.delay_after(failure, time.monotonic())
        if self._attention is not None:
            self._attention.failed(failure)
        self._pause(delay_s, deadline)

    def _look_after(self, failure: OSError | PenholderError) -> None:
        """Have it looked why the daemon's queue is full: it is busy, or accepts nobody any more."""
        is_full = isinstance(failure, OSError) and failure.errno == errno.EAGAIN
        if is_full and self._attention is not None:
            self._attention.look()

    def _disconnect(self) -> None:
        with self._changing:
            if self._connection is not None:
                # After a fork too: closing frees the child's descriptor and leaves the connection
                # to the parent.
                self._connection.close()
            self._connection = None

    def _pause(self, delay_s: float, deadline: float | None) -> None:
        if deadline is not None and time.monotonic() + delay_s > deadline:
            raise TimeoutError("the time for this call is over")
        if self._closed.wait(delay_s):
            raise _closed_line()


def _begun(method: str, given: Mapping[str, object], reconnect_s: float, *, is_sent: bool) -> Call:
    call = Call(method, given, reconnect_s, by_name=False)
    call.sent = is_sent
    return call


def _closed_line() -> ConnectionLost:
    return ConnectionLost("the client is closed")
