"""The client that blocks: standard library sockets and msgspec, no trio.

    with Client.control() as client:
        handle = client.controller.acquire(controller_id="ctl_1")

A client may be used by several threads; one call is in flight at a time, so a thread that waits
long had better have a client of its own (`Client.beside`). So must a signal handler: amid a call of
its thread it gets CallInProgress. After a fork the child's client makes a connection of its own.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TypeVar, overload

from msgspec import Raw
from msgspec.json import Decoder

from penholder import paths
from penholder._blocking.attention import Attention, Unanswered
from penholder._blocking.line import Line
from penholder._blocking.turns import CallInProgress, RLock, Turns
from penholder._generated import Rooms
from penholder._shared import forks
from penholder._shared.call import QUICK, Call
from penholder._shared.failures import ConnectionLost, DaemonUnreachable, NotUnderstood
from penholder._shared.following import After, Following
from penholder._shared.reach import Reach
from penholder._shared.reading import decode, read
from penholder._shared.request_ids import RequestIds
from penholder_protocol.nouns import Entry

__all__ = [
    "CallInProgress",
    "Client",
    "ConnectionLost",
    "DaemonUnreachable",
    "NotUnderstood",
    "Subscription",
]

T = TypeVar("T")
_NO_PARAMS: Mapping[str, object] = {}


class Client(Rooms):
    """A connection to one socket of the daemon, made at the first call and made again when lost.

    What the daemon refuses is raised as its class in `penholder_protocol.errors`. When the
    connection is lost, or the daemon is not there or busy, calls are sent again for up to
    `reconnect_s`; mutations under the idempotency key that was made for the call, so that they are
    done once. After that DaemonUnreachable or ConnectionLost is raised, both ConnectionErrors.

    Each request has an id that no other client uses; entries and log lines name it. It begins with
    `operation` where one is given, so that all which was done for it is found.
    """

    def __init__(
        self,
        socket_path: str | os.PathLike[str],
        *,
        reconnect_s: float = 30.0,
        operation: str | None = None,
    ) -> None:
        """Name the socket; nothing is connected yet."""
        self._begin(Reach(socket_path), RequestIds(operation), reconnect_s)

    def _begin(
        self,
        reach: Reach,
        request_ids: RequestIds,
        reconnect_s: float,
        attention: Attention | None = None,
    ) -> None:
        self._reach = reach
        self._request_ids = request_ids
        self._reconnect_s = reconnect_s
        self._attention = attention
        self._line = self._new_line()
        self._turns = Turns()
        forks.register(self)

    def _new_line(self) -> Line:
        return Line(self._reach, self._request_ids, self._attention)

    def renew_after_fork(self) -> None:
        """In a child process: wait for no call of the parent's; called by the interpreter."""
        self._turns.renew()

    def beside(self) -> "Client":
        """Return another client of the same socket, with a connection of its own.

        For a thread that must not wait for a call of another; ids of requests go on as here.
        """
        other = Client.__new__(Client)
        other._begin(self._reach, self._request_ids, self._reconnect_s, self._attention)
        return other

    @classmethod
    def control(
        cls,
        runtime_dir: str | os.PathLike[str] | None = None,
        *,
        reconnect_s: float = 30.0,
        operation: str | None = None,
    ) -> "Client":
        """Return a client of the control socket, by default of this user's own daemon."""
        path = paths.control_socket(runtime_dir)
        return cls(path, reconnect_s=reconnect_s, operation=operation)

    @overload
    def call(
        self,
        method: str,
        params: Mapping[str, object] = ...,
        *,
        mutation: bool | None = ...,
        timeout_s: float | None = ...,
    ) -> object: ...
    @overload
    def call(
        self,
        method: str,
        params: Mapping[str, object],
        result_type: type[T],
        *,
        mutation: bool | None = ...,
        timeout_s: float | None = ...,
    ) -> T: ...
    def call(
        self,
        method: str,
        params: Mapping[str, object] = _NO_PARAMS,
        result_type: type[object] = object,
        *,
        mutation: bool | None = None,
        timeout_s: float | None = None,
    ) -> object:
        """Call any method by name; see call_raw."""
        result = self.call_raw(method, params, mutation=mutation, timeout_s=timeout_s)
        return read(result, result_type)

    def call_raw(
        self,
        method: str,
        params: Mapping[str, object] = _NO_PARAMS,
        *,
        mutation: bool | None = None,
        timeout_s: float | None = None,
    ) -> Raw:
        """Call any method by name and return its result as JSON.

        `mutation` tells of a method that this release does not know whether it takes an
        idempotency key; without it such a call is sent only once. So is one whose answer holds a
        token (controller.acquire, a claim) unless a key is given: the typed rooms make both.

        After `timeout_s`, attempts and pauses together, TimeoutError is raised, and the call may
        have been done.
        """
        return self._exchange(Call(method, params, self._reconnect_s, mutation), timeout_s)

    def ask_raw(self, method: str, params: Mapping[str, object]) -> Raw:
        """Call a method as the typed rooms do and return its result as JSON.

        A claim or an ownership that is answered has a token that was made here, together with the
        idempotency key: an answer that is lost on its way is given again.
        """
        call = Call(method, params, self._reconnect_s, by_name=False)
        return call.whole(self._exchange(call, None))

    def _exchange(self, call: Call, timeout_s: float | None) -> Raw:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        turn = self._turns.take(timeout_s)
        try:
            return self._line.exchange(call, deadline)
        finally:
            self._end_turn(turn)

    def _end_turn(self, turn: RLock) -> None:
        self._turns.give_back(turn)
        # One that came meanwhile has left the socket to who used it.
        if self._line.is_closed:
            _release(self._line, self._turns)

    def ask(
        self,
        method: str,
        params: Mapping[str, object],
        decoder: Decoder[T],
        timeout_s: float | None = None,
    ) -> T:
        """Call a method for one of the rooms."""
        if method not in QUICK or timeout_s is not None or self._attention is not None:
            call = Call(method, params, self._reconnect_s, by_name=False)
            return decode(call.whole(self._exchange(call, timeout_s)), decoder)
        turn = self._turns.take()
        try:
            return self._line.ask(method, params, decoder, self._reconnect_s)
        finally:
            self._end_turn(turn)

    def subscribe(
        self,
        streams: Sequence[str],
        after: After = "now",
        types: Sequence[str] | None = None,
    ) -> "Subscription":
        """Subscribe to streams over a connection of its own; it stands when this returns."""
        following = Following(streams, after, types)
        return Subscription(self._new_line(), following, self._reconnect_s)

    def close(self) -> None:
        """Close for good, from any thread; calls that are under way fail at once."""
        self._line.close()
        _release(self._line, self._turns)


class Subscription(Iterator[Entry]):
    """Entries as they come, each once, over restarts of the daemon and lags of the reader.

    CursorGone tells that retention has pruned what was not read yet. It and ConnectionErrors do not
    end the subscription: asked again, it goes on from where it stands, if it can.
    """

    def __init__(self, line: Line, following: Following, reconnect_s: float) -> None:
        """Subscribe; `Client.subscribe` makes these."""
        self._following = following
        self._reconnect_s = reconnect_s
        self._line = line
        self._turns = Turns()
        forks.register(self)
        try:
            self._subscribe()
        except BaseException:
            self.close()
            raise

    def renew_after_fork(self) -> None:
        """In a child process: subscribe anew after what was received; called by the interpreter."""
        self._turns.renew()

    @property
    def pos(self) -> int:
        """The position up to which entries were handed out: a later `after` to go on from."""
        return self._following.pos

    def __iter__(self) -> "Subscription":
        """Iterate over what comes, without end until `close`."""
        return self

    def __next__(self) -> Entry:
        """Wait for the next entry."""
        try:
            with self._turns.taken():
                while not self._line.is_closed:
                    if self._following.entries:
                        return self._following.next()
                    self._advance()
        finally:
            if self._line.is_closed:
                _release(self._line, self._turns)
        raise StopIteration

    def close(self) -> None:
        """End the subscription, from any thread; a `next` that waits raises StopIteration."""
        self._line.close()
        _release(self._line, self._turns)

    def __enter__(self) -> "Subscription":
        """Use until the block ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _advance(self) -> None:
        """Take one notification, or subscribe again where the connection was lost."""
        try:
            notice = self._line.notification()
        except Unanswered:
            raise
        except OSError:
            self._subscribe_again()
            return
        if self._following.take(notice.method, notice.params):
            self._subscribe_again()

    def _subscribe_again(self) -> None:
        try:
            self._subscribe()
        # Closed meanwhile: that ends the iteration, and is no failure of it.
        except ConnectionError:
            if not self._line.is_closed:
                raise

    def _subscribe(self) -> None:
        call = Call("journal.subscribe", self._following.params(), self._reconnect_s, patient=True)
        self._following.begin(self._line.exchange(call))


def _release(line: Line, turns: Turns) -> None:
    """Free the socket of a closed line, unless somebody still uses it, who then does so."""
    with turns.taken_if_free() as is_free:
        if is_free:
            line.release()
