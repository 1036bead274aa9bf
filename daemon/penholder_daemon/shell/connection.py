"""One connection: trio-jsonrpc's `JsonRpcConnection` with its holes closed.

What the stock class lacks and this one has: batches; an answer to every faulty message; null
results; one writer to the transport, and one `send` for all answers that are ready; limits on what
is open and unsent; a peer that half-closes still gets its answers.
"""

from collections.abc import Callable
from itertools import count
from typing import TypeVar

import structlog
import trio
from msgspec import Raw
from trio_jsonrpc import JsonRpcConnection, JsonRpcConnectionType
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.session import Figures
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.outbox import Flusher, Outbox
from penholder_daemon.shell.readers import read
from penholder_daemon.shell.requests import Requests
from penholder_daemon.shell.services import Services
from penholder_daemon.shell.subscriptions import LiveSubscription
from penholder_daemon.shell.transport import Transport
from penholder_protocol import jsonrpc
from penholder_protocol.errors import (
    InvalidRequest,
    ParseError,
    PenholderError,
    TooManySubscriptions,
    ValueTooLarge,
)
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Fault, Message
from penholder_protocol.limits import (
    FRAME_TIMEOUT_MS,
    MAX_FRAME_BYTES,
    MAX_IN_FLIGHT,
    MAX_SUBSCRIPTIONS,
)
from penholder_protocol.nouns import Backup, Finding, Subscription

log = structlog.get_logger()
T = TypeVar("T")

_LINGER_SECONDS = 1.0
_LINGER_BYTES = 16 * MAX_FRAME_BYTES
_GONE_CHECK_SECONDS = 0.5


class Connection(JsonRpcConnection):
    """Serves one peer; implements `Session` and `Subscriber`."""

    def __init__(
        self, transport: Transport, caller: Caller, services: Services, flusher: Flusher
    ) -> None:
        """Bind to a peer; `run` serves it."""
        super().__init__(transport, JsonRpcConnectionType.SERVER)
        self.caller = caller
        self._stream = transport
        self._services = services
        self._flusher = flusher
        self._reading = trio.CancelScope()
        self._subscriptions: dict[str, LiveSubscription] = {}
        self._numbers = count(1)
        self._unfinished_since: float | None = None

    # --- life ---------------------------------------------------------------------------------
    async def run(self) -> None:
        """Serve the peer until it or the daemon is done; answers that are due go out first."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self._outbox = Outbox(self._stream, nursery, self._lose)
                self._requests = Requests(self._services, self, nursery, self._outbox.flush)
                await self._background_task()
                await self._finish()
                nursery.cancel_scope.cancel()
        finally:
            self._end_subscriptions()
            self._stream.close()

    async def _background_task(self) -> None:
        """Read frames until the peer ends, breaks the framing, or the daemon drains."""
        framer = Framer()
        with self._reading:
            try:
                while True:
                    await self._read(framer)
            except TransportClosed:
                if framer.unfinished_bytes:
                    self._put_error(ParseError("the connection ended inside a frame"))
            except ValueTooLarge as error:
                self._put_error(error)
                await self._linger()

    async def _read(self, framer: Framer) -> None:
        chunk = await self._stream.recv()
        for frame in framer.feed(chunk):
            if self._requests.is_full or self._outbox.is_full:
                await self._until_room()
            self._take(jsonrpc.parse(frame))
        self._note_unfinished(framer.unfinished_bytes)
        self._outbox.flush()

    async def _until_room(self) -> None:
        self._outbox.flush()
        await self._requests.until_answered(MAX_IN_FLIGHT - 1)
        await self._outbox.until_taken()

    async def _finish(self) -> None:
        """Let open requests and subscriptions of a peer that still listens come to their end."""
        while self._requests.open or self._subscriptions:
            self._outbox.flush()
            if self._stream.peer_is_gone() or self._reading.cancel_called:
                self._requests.end_waits()
                self._end_subscriptions()
            with trio.move_on_after(_GONE_CHECK_SECONDS):
                await self._requests.until_answered(0)
                if self._subscriptions:
                    await trio.sleep_forever()
        self._outbox.flush()
        await self._outbox.until_empty()

    async def _linger(self) -> None:
        """Read on for a moment, so that a peer in the middle of sending gets to our answer."""
        await self._requests.until_answered(0)
        self._outbox.flush()
        seen_bytes = 0
        with trio.move_on_after(_LINGER_SECONDS):
            try:
                await self._outbox.until_empty()
                self._stream.end_sending()
                while seen_bytes < _LINGER_BYTES:
                    seen_bytes += len(await self._stream.recv())
            except TransportClosed:
                return

    def stop_reading(self) -> None:
        """Take nothing more: the daemon drains."""
        self._reading.cancel()

    def drop(self) -> None:
        """End the connection at once."""
        self._nursery.cancel_scope.cancel()

    def _lose(self, why: str) -> None:
        log.debug("connection lost", reason=why, pid=self.caller.pid)
        self.drop()

    def _note_unfinished(self, unfinished_bytes: int) -> None:
        if not unfinished_bytes:
            self._unfinished_since = None
        elif self._unfinished_since is None:
            self._unfinished_since = trio.current_time()

    def check_frame_timeout(self) -> None:
        """End a peer that began a frame long ago and never finished it."""
        since = self._unfinished_since
        if since is None or (trio.current_time() - since) * 1000 < FRAME_TIMEOUT_MS:
            return
        self._unfinished_since = None
        message = f"a frame was begun and not finished within FRAME_TIMEOUT_MS ({FRAME_TIMEOUT_MS})"
        self._put_error(InvalidRequest(message, limit="FRAME_TIMEOUT_MS", maximum=FRAME_TIMEOUT_MS))
        self._outbox.flush()
        self.stop_reading()

    # --- messages -----------------------------------------------------------------------------
    def _take(self, messages: Message | list[Message]) -> None:
        if isinstance(messages, list):
            self._take_batch(messages)
        else:
            self._take_one(messages, self._put_answer)

    def _take_one(self, message: Message, sink: Callable[[bytes | None], None]) -> None:
        if isinstance(message, Fault):
            sink(jsonrpc.error(message.id, message.error))
        else:
            self._requests.start(message, sink)

    def _take_batch(self, messages: list[Message]) -> None:
        """Answer a batch when all of it is answered, in one array, or not at all."""
        answers: list[bytes] = []
        missing = len(messages)

        def collect(answer: bytes | None) -> None:
            nonlocal missing
            missing -= 1
            if answer is not None:
                answers.append(answer)
            if not missing:
                for line in jsonrpc.batch(answers):
                    self._put_answer(line)

        for message in messages:
            self._take_one(message, collect)

    def _put_answer(self, line: bytes | None) -> None:
        if line is not None:
            self._outbox.put(line)
            self._flusher.touch(self._outbox)

    def _put_error(self, error: PenholderError) -> None:
        self._put_answer(jsonrpc.error(jsonrpc.NULL_ID, error))

    # --- what a subscription needs of its connection ------------------------------------------
    @property
    def unsent_bytes(self) -> int:
        """What the peer has not taken yet."""
        return self._outbox.unsent_bytes

    def notify_line(self, line: bytes) -> None:
        """Queue a notification."""
        self._put_answer(line)
        self._outbox.flush()

    async def until_taken(self) -> None:
        """Wait until the peer has taken enough that more may follow."""
        await self._outbox.until_taken()

    def forget(self, subscription: LiveSubscription) -> None:
        """Note that a subscription has ended by itself."""
        self._subscriptions.pop(subscription.name, None)

    def withdraw(self, stream: str) -> None:
        """End the subscriptions that name a stream which the peer may read no more."""
        for subscription in list(self._subscriptions.values()):
            if stream in subscription.selection.exact:
                subscription.let_go()

    def _end_subscriptions(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.end()
        self._subscriptions.clear()

    @property
    def subscription_count(self) -> int:
        """How many subscriptions it has."""
        return len(self._subscriptions)

    # --- what a room sees: `Session` ----------------------------------------------------------
    @property
    def world(self) -> World:
        """Time and ids."""
        return self._services.world

    async def read(self, look: Callable[[Rx], T]) -> T:
        """Run a function of a consistent view."""
        return await read(self._services.readers, self.caller, look)

    async def subscribe(
        self, selection: Selection, after: int | None, check: Callable[[Rx], None] | None
    ) -> Subscription:
        """Start a subscription; without `after` and `check` it is live at once."""
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptions(
                f"this connection has MAX_SUBSCRIPTIONS ({MAX_SUBSCRIPTIONS}); end one first",
                limit="MAX_SUBSCRIPTIONS",
                maximum=MAX_SUBSCRIPTIONS,
            )
        publisher = self._services.publisher
        start = publisher.pos if after is None else after
        name = f"sub_{next(self._numbers)}"
        subscription = LiveSubscription(name, selection, start, self, publisher, check)
        self._subscriptions[name] = subscription
        if after is None and check is None:
            subscription.go_live()
        else:
            self._nursery.start_soon(subscription.catch_up, self._services.readers)
        return Subscription(subscription=name, pos=start)

    def unsubscribe(self, subscription: str) -> bool:
        """End a subscription."""
        found = self._subscriptions.pop(subscription, None)
        if found is not None:
            found.end()
        return found is not None

    def cancel_wait(self, request_id: int | str) -> bool:
        """Have a wait answer now."""
        return self._requests.cancel_wait(request_id)

    def figures(self) -> Figures:
        """Return the daemon's figures."""
        return self._services.figures()

    def openrpc(self) -> Raw:
        """Return the description of all methods."""
        return self._services.openrpc()

    def config(self) -> Raw:
        """Return the settings in force."""
        return self._services.config()

    def metrics(self, workers: dict[str, int]) -> str:
        """Return all figures for Prometheus."""
        return self._services.metrics(workers)

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage."""
        return await self._services.maintenance.verify(deep=deep)

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the database."""
        return await self._services.maintenance.backup(path, keep_last)

    def shut_down(self, drain_ms: int) -> None:
        """Have the daemon stop."""
        self._services.shut_down(drain_ms)
