"""One connection of the trio client: trio-jsonrpc's `JsonRpcConnection` with its holes closed.

What the stock class lacks and this one has: open requests fail at once when the connection ends;
null results; any number of tasks that call at once; a cancelled wait ends in the daemon too; params
and results go through msgspec and stay raw until their type is known.

Many requests share it, so what one task does must not harm the others. A cancelled task cannot take
back what it has sent: its answer still comes, and is dropped as one that nobody knows. A wait would
go on in the daemon for nothing, so that is told to end it. Sending only queues, and is never cut
off in the middle of a frame.

An error that names no request is about one of those that are open. Which one shows later, by which
are answered (`Unnamed`). If the connection ends before that, all in doubt get the error: sent again
over the next connection the faulty one would meet it again, and end that one too.

The tasks that send and receive live in a nursery of the client's. A cancellation of the program's
must not reach them there, or the nursery would end with an error of theirs in place of the one that
the program raised. So they are shielded, and only `close` ends them.
"""

from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import trio
from msgspec import Raw
from trio_jsonrpc import JsonRpcConnection, JsonRpcConnectionType
from trio_jsonrpc.transport import TransportClosed

from penholder._shared.call import Call, refusal, result_of
from penholder._shared.failures import ConnectionLost
from penholder._shared.request_ids import RequestIds
from penholder._trio.transport import UnixTransport
from penholder._trio.unnamed import Unnamed
from penholder_protocol import jsonrpc
from penholder_protocol.errors import PenholderError
from penholder_protocol.jsonrpc import Incoming, RemoteError


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
        self._open_requests: dict[str, _OpenRequest] = {}
        self._unnamed: list[Unnamed[RemoteError]] = []
        self._request_ids = request_ids
        self._is_open = True
        # Only `close` ends the tasks: a cancellation from outside would leave the nursery with an
        # error of theirs, in place of the one that the program raised.
        self._life = trio.CancelScope(shield=True)
        self._lost = "the connection was lost"
        # No buffer: while nobody takes a notification nothing more is read, and the daemon sees
        # that its peer lags, in place of memory that fills here.
        notices = trio.open_memory_channel[Incoming](0)
        self._notices_send, self._notices_receive = notices

    @property
    def is_open(self) -> bool:
        """Whether a request may still be answered."""
        return self._is_open

    async def exchange(self, call: Call) -> Raw:
        """Send a call once and wait for its result; raises its error, or ConnectionLost."""
        request_id = self._request_ids.next()
        frame = call.frame(request_id, trio.current_time())
        if not self.is_open:
            raise ConnectionLost(self._lost)
        request = self._open_requests[request_id] = _OpenRequest(call.is_wait)
        try:
            # With others under way it goes out with theirs, in one write.
            if len(self._open_requests) > 1 or not self._line.send_at_once(frame):
                await self._send(frame)
            call.sent = True
            return await request.result()
        # To notify only queues and never waits, so it works in a task that is cancelled.
        except trio.Cancelled:
            if call.is_wait:
                with suppress(ConnectionLost):
                    await self.notify("rpc.cancel", {"id": request_id})
            raise
        finally:
            self._forget(request_id)

    async def request(self, method: str, params: object = None) -> Raw:
        """Send a request once, as trio-jsonrpc spells it."""
        return await self.exchange(Call(method, params if isinstance(params, dict) else {}, 0))

    async def notify(self, method: str, params: object = None) -> None:
        """Send a notification; this never waits."""
        body = msgspec.json.encode({} if params is None else params)
        await self._send(jsonrpc.notification(method, body) + b"\n")

    async def notice(self) -> Incoming:
        """Wait for the next journal notification; raises ConnectionLost."""
        try:
            return await self._notices_receive.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise ConnectionLost(self._lost) from None

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
            self._is_open = False
            self._line.close()
            self._life.cancel()
            self._notices_send.close()
            self._notices_receive.close()
            # What is sent again would meet the same refusal again, so all in doubt get it.
            for unnamed in self._unnamed:
                self._refuse(unnamed, unnamed.left)
            for request in self._open_requests.values():
                request.fail(ConnectionLost(why))

    async def _send(self, frame: bytes) -> None:
        try:
            await self._line.send(frame)
        except TransportClosed as error:
            raise ConnectionLost(str(error)) from None

    async def _receive(self) -> None:
        try:
            while True:
                await self._take(jsonrpc.read_incoming(await self._line.recv()))
        except TransportClosed as closed:
            self._lost = str(closed) or self._lost
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # closed while nobody took a notification
        except (msgspec.DecodeError, PenholderError) as fault:
            self._lost = f"the daemon sent what is no message: {fault}"

    async def _take(self, message: Incoming) -> None:
        if message.method is not None:
            if self._wants_entries and message.method.startswith("journal."):
                await self._notices_send.send(message)
        elif isinstance(message.id, str) and message.id in self._open_requests:
            self._open_requests[message.id].take(message)
        elif message.id is None and message.error is not None:
            self._take_unnamed(message.error)

    def _take_unnamed(self, error: RemoteError) -> None:
        calls: list[str] = []
        waits: list[str] = []
        for request_id, request in self._open_requests.items():
            (waits if request.is_wait else calls).append(request_id)
        self._unnamed.append(Unnamed(error, calls, waits))
        self._settle_unnamed()

    def _settle_unnamed(self) -> None:
        """Fail the requests that errors without id are found to be about."""
        for unnamed in list(self._unnamed):
            found = unnamed.found()
            if found is not None:
                self._refuse(unnamed, [found])
            if found is not None or not unnamed.left:
                self._unnamed.remove(unnamed)
        in_doubt = {each for unnamed in self._unnamed for each in unnamed.left}
        if self._unnamed and len(in_doubt) <= len(self._unnamed):
            self._refuse(self._unnamed[0], list(in_doubt))
            self._unnamed.clear()

    def _refuse(self, unnamed: Unnamed[RemoteError], request_ids: list[str]) -> None:
        for request_id in request_ids:
            if request_id in self._open_requests:
                self._open_requests[request_id].fail(refusal(unnamed.error))
            for other in self._unnamed:
                other.answered(request_id)

    def _forget(self, request_id: str) -> None:
        """A request is answered, failed or given up."""
        self._open_requests.pop(request_id, None)
        for unnamed in self._unnamed:
            unnamed.answered(request_id)
        if self._unnamed and self.is_open:
            self._settle_unnamed()


class _OpenRequest:
    """A request that waits for its answer."""

    __slots__ = ("_answer", "_done", "is_wait")

    def __init__(self, is_wait: bool) -> None:
        self.is_wait = is_wait
        self._done = trio.Event()
        self._answer: Incoming | ConnectionLost | PenholderError | None = None

    def take(self, answer: Incoming) -> None:
        """Let it return or raise what the daemon answered."""
        self._settle(answer)

    def fail(self, failure: ConnectionLost | PenholderError) -> None:
        """Let it raise."""
        self._settle(failure)

    async def result(self) -> Raw:
        """Wait for either."""
        await self._done.wait()
        if isinstance(self._answer, Incoming):
            return result_of(self._answer)
        assert self._answer is not None
        raise self._answer

    def _settle(self, answer: Incoming | ConnectionLost | PenholderError) -> None:
        # The first one stands: the connection may end right after the answer has come.
        if self._answer is None:
            self._answer = answer
            self._done.set()
