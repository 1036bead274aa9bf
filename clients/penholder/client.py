"""The client whose calls are awaited, under trio or asyncio.

    async with open_client() as client:
        handle = await client.controller.acquire(controller_id="ctl_1")

Which of both runs is found when the client is entered, and only that one is imported. Any number of
tasks may call at once: their requests share one connection and are answered as they finish. It
behaves as `penholder.blocking` in all else; timeouts are trio's cancel scopes, or asyncio.timeout.
"""

import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import TypeVar, overload

from msgspec import Raw
from msgspec.json import Decoder

from penholder import paths
from penholder._awaited.line import AsyncLine
from penholder._awaited.loop import Loop
from penholder._generated import AsyncRooms
from penholder._shared.call import Call
from penholder._shared.failures import ConnectionLost, DaemonUnreachable
from penholder._shared.following import After, Following
from penholder._shared.reach import Reach
from penholder._shared.reading import decode, read
from penholder._shared.request_ids import RequestIds
from penholder_protocol.nouns import Entry

__all__ = ["AsyncClient", "AsyncSubscription", "ConnectionLost", "DaemonUnreachable", "open_client"]

T = TypeVar("T")
_NO_PARAMS: Mapping[str, object] = {}
_NOT_ENTERED = "enter the client first: `async with open_client() as client:`"


def open_client(
    socket_path: str | os.PathLike[str] | None = None,
    *,
    reconnect_s: float = 30.0,
    operation: str | None = None,
) -> "AsyncClient":
    """Return a client to be used with `async with`, by default of this user's control socket."""
    path = paths.control_socket() if socket_path is None else socket_path
    return AsyncClient(path, reconnect_s=reconnect_s, operation=operation)


class AsyncClient(AsyncRooms):
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
        self._reach = Reach(socket_path)
        self._reconnect_s = reconnect_s
        self._request_ids = RequestIds(operation)
        self._lines: set[AsyncLine] = set()
        self._entered: Loop | None = None
        self._line: AsyncLine | None = None

    async def __aenter__(self) -> "AsyncClient":
        """Belong to what runs this task, until the block ends."""
        if self._entered is not None:
            raise RuntimeError("this client was entered before: open another with open_client()")
        self._entered = _running_loop()
        await self._entered.enter()
        self._line = self._new_line()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close everything; calls that are under way fail at once."""
        for line in list(self._lines):
            line.close()
        await self.loop.leave()

    @property
    def loop(self) -> Loop:
        """What runs this client."""
        if self._entered is None:
            raise RuntimeError(_NOT_ENTERED)
        return self._entered

    @overload
    async def call(
        self, method: str, params: Mapping[str, object] = ..., *, mutation: bool | None = ...
    ) -> object: ...
    @overload
    async def call(
        self,
        method: str,
        params: Mapping[str, object],
        result_type: type[T],
        *,
        mutation: bool | None = ...,
    ) -> T: ...
    async def call(
        self,
        method: str,
        params: Mapping[str, object] = _NO_PARAMS,
        result_type: type[object] = object,
        *,
        mutation: bool | None = None,
    ) -> object:
        """Call any method by name; see call_raw."""
        result = await self.call_raw(method, params, mutation=mutation)
        return read(result, result_type)

    async def call_raw(
        self,
        method: str,
        params: Mapping[str, object] = _NO_PARAMS,
        *,
        mutation: bool | None = None,
    ) -> Raw:
        """Call any method by name and return its result as JSON.

        `mutation` tells of a method that this release does not know whether it takes an
        idempotency key; without it such a call is sent only once. So is one whose answer holds a
        token (controller.acquire, a claim) unless a key is given: the typed rooms make both.

        A call that is cancelled may have been done.
        """
        return await self._exchange(Call(method, params, self._reconnect_s, mutation))

    async def ask(self, method: str, params: Mapping[str, object], decoder: Decoder[T]) -> T:
        """Call a method for one of the rooms."""
        call = Call(method, params, self._reconnect_s, by_name=False)
        return decode(call.whole(await self._exchange(call)), decoder)

    def subscribe(
        self,
        streams: Sequence[str],
        after: After = "now",
        types: Sequence[str] | None = None,
    ) -> "AsyncSubscription":
        """Return a subscription to be used with `async with`; it has a connection of its own."""
        line = self._new_line(wants_entries=True)
        following = Following(streams, after, types)
        return AsyncSubscription(line, self.loop, following, self._reconnect_s)

    async def _exchange(self, call: Call) -> Raw:
        if self._line is None:
            raise RuntimeError(_NOT_ENTERED)
        return await self._line.exchange(call)

    def _new_line(self, *, wants_entries: bool = False) -> AsyncLine:
        line = AsyncLine(
            self._reach, self._request_ids, self.loop, self._lines.discard, wants_entries
        )
        self._lines.add(line)
        return line


class AsyncSubscription(AsyncIterator[Entry]):
    """Entries as they come, each once, over restarts of the daemon and lags of the reader.

    CursorGone tells that retention has pruned what was not read yet. It and ConnectionErrors do not
    end the subscription: asked again, it goes on from where it stands, if it can. For one task at
    a time.
    """

    def __init__(
        self, line: AsyncLine, loop: Loop, following: Following, reconnect_s: float
    ) -> None:
        """Stand ready; `AsyncClient.subscribe` makes these."""
        self._line = line
        self._loop = loop
        self._following = following
        self._reconnect_s = reconnect_s

    @property
    def pos(self) -> int:
        """The position up to which entries were handed out: a later `after` to go on from."""
        return self._following.pos

    async def __aenter__(self) -> "AsyncSubscription":
        """Subscribe."""
        try:
            await self._subscribe()
        except BaseException:
            self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the subscription."""
        self.close()

    def __aiter__(self) -> "AsyncSubscription":
        """Iterate over what comes, without end until `close`."""
        return self

    async def __anext__(self) -> Entry:
        """Wait for the next entry; a cancelled wait loses none."""
        await self._loop.check_cancelled()
        while not self._line.is_closed:
            if self._following.entries:
                return self._following.next()
            await self._advance()
        raise StopAsyncIteration

    def close(self) -> None:
        """End the subscription; a task that waits for an entry gets StopAsyncIteration."""
        self._line.close()

    async def _advance(self) -> None:
        """Take one notification, or subscribe again where the connection was lost."""
        try:
            notice = await self._line.notice()
        except ConnectionError:
            await self._subscribe_again()
            return
        if self._following.take(notice.method, notice.params):
            # Over a new connection: on this one a notification might come before the answer, and
            # nobody is there to take it.
            self._line.hang_up()
            await self._subscribe_again()

    async def _subscribe_again(self) -> None:
        try:
            await self._subscribe()
        # Closed meanwhile: that ends the iteration, and is no failure of it.
        except ConnectionError:
            if not self._line.is_closed:
                raise

    async def _subscribe(self) -> None:
        call = Call("journal.subscribe", self._following.params(), self._reconnect_s, patient=True)
        self._following.begin(await self._line.exchange(call))


def _running_loop() -> Loop:
    """Find what runs this task; only that one is imported."""
    if "trio" in sys.modules:
        from trio.lowlevel import in_trio_task  # noqa: PLC0415 - see above

        if in_trio_task():
            from penholder._trio.loop import TrioLoop  # noqa: PLC0415 - see above

            return TrioLoop()
    from penholder._asyncio.loop import AsyncioLoop  # noqa: PLC0415 - see above

    return AsyncioLoop()
