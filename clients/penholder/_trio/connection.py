"""One connection of the client under trio: trio-jsonrpc's `JsonRpcConnection`, its holes closed.

What the stock class lacks and this one has: open requests fail at once when the connection ends;
null results; any number of tasks that call at once; a cancelled wait ends in the daemon too; params
and results go through msgspec and stay raw until their type is known.

Many requests share it, so what one task does must not harm the others. A cancelled task cannot take
back what it has sent: its answer still comes, and is dropped as one that nobody knows. A wait would
go on in the daemon for nothing, so that is told to end it. Sending only queues, and is never cut
off in the middle of a frame.

The tasks that send and receive live in a nursery of the client's. A cancellation of the program's
must not reach them there, or the nursery would end with an error of theirs in place of the one that
the program raised. So they are shielded, and only `close` ends them.
"""

from collections.abc import AsyncIterator
from contextlib import suppress

import trio
from msgspec import Raw
from trio_jsonrpc import JsonRpcConnection, JsonRpcConnectionType
from trio_jsonrpc.transport import TransportClosed

from penholder._awaited.open_requests import (
    OpenRequests,
    cancellation,
    is_of_journal,
    notification,
)
from penholder._shared.call import Call
from penholder._shared.failures import ConnectionLost, NotUnderstood
from penholder._shared.reading import incoming
from penholder._shared.request_ids import RequestIds
from penholder._trio.transport import UnixTransport
from penholder_protocol.errors import PenholderError
from penholder_protocol.jsonrpc import Incoming


class Connection(JsonRpcConnection):
    """A connected client; `run` must run beside the calls."""

    def __init__(
        self, transport: UnixTransport, request_ids: RequestIds, *, wants_entries: bool = False
    ) -> None:
        """Own the transport; journal notifications are dropped unless they are wanted.

        Who wants them must take them, for until then nothing more is read.
        """
        super().__init__(transport, JsonRpcConnectionType.CLIENT)
        self._line = transport
        self._wants_entries = wants_entries
        self._requests = OpenRequests(request_ids)
        # Only `close` ends the tasks: a cancellation from outside would leave the nursery with an
        # error of theirs, in place of the one that the program raised.
        self._life = trio.CancelScope(shield=True)
        self._lost = "the connection was lost"
        self._kind = ConnectionLost
        # No buffer: while nobody takes a notification nothing more is read, and the daemon sees
        # that its peer lags, in place of memory that fills here.
        notices = trio.open_memory_channel[Incoming](0)
        self._notices_send, self._notices_receive = notices

    @property
    def is_open(self) -> bool:
        """Whether a request may still be answered."""
        return self._requests.lost is None

    async def exchange(self, call: Call) -> Raw:
        """Send a call once and wait for its result; raises its error, or ConnectionLost."""
        answered = trio.Event()
        request = self._requests.begin(call, trio.current_time(), answered.set)
        try:
            # With others under way it goes out with theirs, in one write.
            if len(self._requests) > 1 or not self._line.send_at_once(request.frame):
                await self._send(request.frame)
            call.sent = True
            await answered.wait()
            return request.result()
        # To notify only queues and never waits, so it works in a task that is cancelled.
        except trio.Cancelled:
            if call.is_wait:
                with suppress(ConnectionLost):
                    await self._send(cancellation(request))
            raise
        finally:
            self._requests.forget(request)

    async def request(self, method: str, params: object = None) -> Raw:
        """Send a request once, as trio-jsonrpc spells it."""
        return await self.exchange(Call(method, params if isinstance(params, dict) else {}, 0))

    async def notify(self, method: str, params: object = None) -> None:
        """Send a notification; this never waits."""
        await self._send(notification(method, {} if params is None else params))

    async def notice(self) -> Incoming:
        """Wait for the next journal notification; raises ConnectionLost."""
        try:
            return await self._notices_receive.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise self._kind(self._lost) from None

    async def iter_requests(self) -> AsyncIterator[Incoming]:
        """Yield journal notifications until the connection ends, as trio-jsonrpc spells it."""
        with suppress(ConnectionLost):
            while True:
                yield await self.notice()

    async def run(self) -> None:
        """Send and receive until the connection ends; then every open request fails."""
        with self._life:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._line.keep_sending)
                await self._receive()
                self.close(self._lost)

    async def _background_task(self) -> None:
        await self.run()

    def close(self, why: str) -> None:
        """Close at once, which open requests get to hear."""
        if self.is_open:
            self._lost = why
            self._line.close()
            self._life.cancel()
            self._notices_send.close()
            self._notices_receive.close()
            self._requests.end(why, self._kind)

    async def _send(self, frame: bytes) -> None:
        try:
            await self._line.send(frame)
        except TransportClosed as error:
            raise ConnectionLost(str(error)) from None

    async def _receive(self) -> None:
        try:
            while True:
                await self._take(incoming(await self._line.recv()))
        except TransportClosed as closed:
            self._lost = str(closed) or self._lost
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # closed while nobody took a notification
        except (NotUnderstood, PenholderError) as fault:
            self._lost, self._kind = str(fault), NotUnderstood

    async def _take(self, message: Incoming) -> None:
        if message.method is None:
            self._requests.take(message)
        elif self._wants_entries and is_of_journal(message):
            await self._notices_send.send(message)
