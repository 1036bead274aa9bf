"""One connection: trio-jsonrpc's `JsonRpcConnection` with its holes closed.

What the stock class lacks and this one has: batches; an answer to every faulty message; null
results; one writer to the transport, and one `send` for all answers that are ready; limits on what
is open and unsent; a peer that half-closes still gets its answers.

One task reads, and starts what is asked for. Answers come back through the loop, from the writer
and the readers, in the order in which they are ready. A peer may do anything at any moment. What
follows from that:

- Reading is what is held back. From a peer that has too much open, or does not take its answers,
  nothing more is read (`_until_room`). Then the kernel's buffer fills and the peer waits in its own
  send: that needs no error and no memory. But while nobody reads, nobody sees it hang up, so the
  kernel is asked for that twice a second.
- Nobody keeps the loop for longer than a turn. Work is cut into pieces, counted in messages; of
  large frames, which take long to check, one of all connections is taken at a time.
- The end comes from many sides: the peer, a broken frame, patience, bytes, a stop. What it has
  asked for is underway elsewhere then, and comes to its end later. So nothing is started any more
  once `_is_over` is set: a commit's delivery that started a parked request in a nursery that was
  closed has ended the daemon. And its account is closed before its tasks are waited for: one of
  them may wait for a mutation that is kept back until this very peer has room.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from itertools import chain
from typing import TypeVar

import structlog
import trio
from trio_jsonrpc import JsonRpcConnection, JsonRpcConnectionType
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.core.caller import Caller
from penholder_daemon.shell.connections.batches import BatchAnswers
from penholder_daemon.shell.connections.outbox import Outbox
from penholder_daemon.shell.connections.pending import Sink
from penholder_daemon.shell.connections.requests import Requests
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.connections.session import PeerSession
from penholder_daemon.shell.connections.transport import Transport
from penholder_daemon.shell.publishing.subscriptions import LiveSubscription
from penholder_protocol import jsonrpc
from penholder_protocol.errors import InvalidRequest, ParseError, PenholderError, ValueTooLarge
from penholder_protocol.framing import Framer
from penholder_protocol.jsonrpc import Fault, Message, Request
from penholder_protocol.limits import FRAME_TIMEOUT_MS, MAX_FRAME_BYTES, PEER_STALLED_MS

log = structlog.get_logger()
T = TypeVar("T")

_LINGER_SECONDS = 1.0
# A peer that never stops sending is not read for ever.
_LINGER_BYTES = 16 * MAX_FRAME_BYTES
# Between two looks whether a peer from which nobody reads has hung up.
_GONE_CHECK_SECONDS = 0.5
_HEAVY_FRAME_BYTES = 128 << 10
"""From this size on a frame is taken when no other such frame is."""


class Connection(JsonRpcConnection):
    """Serves one peer; implements `Subscriber`."""

    def __init__(self, transport: Transport, caller: Caller, services: Services) -> None:
        """Bind to a peer; `run` serves it."""
        super().__init__(transport, JsonRpcConnectionType.SERVER)
        # By these the stock class hands requests to who iterates over them: nobody does here, and
        # they are a twelfth of what an idle connection holds.
        del self._inbound_requests_send, self._inbound_requests_recv
        self.caller = caller
        self._stream = transport
        self._one_heavy = services.one_heavy
        self._turns = services.turns
        self._account = services.accounts.open(self._end)
        # For mutations that were passed over; the desk below says the same of its queries.
        self._account.when_room(partial(services.writer.resume, self._account))
        desk = services.readers.open_desk(self._account)
        self._lingering = services.lingering
        self._outbox = Outbox(
            transport,
            self._spawn,
            self._account,
            self._lose,
            self._linger_on,
            services.flusher.touch,
        )
        self.session = PeerSession(caller, services, desk, self, self._spawn, self._cancel_wait)
        self._requests = Requests(
            services, self.session, self._spawn, self._outbox.flush, desk, transport.peer_is_gone
        )
        self._reading = trio.CancelScope()
        self._framer = Framer()
        self._rest: Iterator[bytes] = iter(())
        """Of what has come, the frames that have to wait."""
        self._unfinished_since: float | None = None
        self._left = 0
        """Messages that are taken before others have their turn."""
        # Set for good before the nursery closes; `_spawn` asks it.
        self._is_over = False

    # --- life ---------------------------------------------------------------------------------
    async def run(self) -> None:
        """Serve the peer until it or the daemon is done; answers that are due go out first."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                try:
                    await self._background_task()
                    await self._finish()
                finally:
                    # While this body runs the nursery cannot have closed; from here on nothing is
                    # started in it, however the connection ended and whatever is still underway.
                    # What waits for the writer must have its turn though the peer never reads.
                    self._is_over = True
                    self._account.close()
                nursery.cancel_scope.cancel()
        finally:
            self.close()

    def close(self) -> None:
        """Hold nothing any more; what is underway for the peer comes to nothing."""
        self._is_over = True
        self._lingering.pop(self, None)
        self._turns.forget(self)
        self.session.end_subscriptions()
        self._requests.close()
        self._outbox.close()
        self._account.close()
        self._stream.close()
        # What it is made of leads to each other, so it is there until a collection of garbage.
        self._framer, self._rest = Framer(), iter(())

    def _spawn(self, function: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """Start a task of this connection, unless it is over."""
        if not self._is_over:
            self._nursery.start_soon(function, *arguments)

    async def _background_task(self) -> None:
        """Read frames until the peer ends, breaks the framing, or the daemon drains."""
        with self._reading:
            try:
                while True:
                    await self._stream.receive(self._take_at_once)
                    await self._take_rest()
            except TransportClosed:
                if self._framer.unfinished_bytes:
                    self._put_error(ParseError("the connection ended inside a frame"))
            except ValueTooLarge as error:
                self._put_error(error)
                # The answer alone would not do: a peer amid its send would find the connection
                # broken first.
                await self._linger()

    def _take_at_once(self, chunk: bytes) -> bool:
        """Take what has come as far as nothing of it has to wait; False if something has."""
        whole = self._framer.whole(chunk)
        # As nearly always; then nothing is unfinished.
        if whole is not None and len(whole) <= _HEAVY_FRAME_BYTES:
            self._take_frame(whole)
            return self._may_take
        frames = self._framer.feed(chunk) if whole is None else iter((whole,))
        piece = left = self._turns.first_piece
        for frame in frames:
            # One has been finished: what is begun behind it has its own time.
            self._unfinished_since = None
            # Whether the first may be taken was asked before anything was read.
            has_room = left == piece or self._may_take
            is_light = frame.startswith(b"{") and len(frame) <= _HEAVY_FRAME_BYTES
            if not left or not has_room or not is_light:
                self._rest = chain((frame,), frames)
                return False
            left -= 1
            self._take_frame(frame)
        self._note_unfinished(self._framer.unfinished_bytes)
        # Asked once more: while there is no room nothing more is to be read.
        return self._may_take

    @property
    def _may_take(self) -> bool:
        return self._requests.may_take and not self._outbox.is_full

    async def _take_rest(self) -> None:
        """Take the rest of what has come, a bounded piece of work at a time.

        Between two pieces everybody else has a turn; the pieces are counted in messages, not in
        time, so that a simulation replays.
        """
        self._turns.note_busy(self)
        for frame in self._rest:
            if not self._may_take:
                await self._until_room()
            if len(frame) > _HEAVY_FRAME_BYTES:
                await self._take_heavy(frame)
                continue
            if (batch := self._take_frame(frame)) is None:
                await self._count_for_turn()
            else:
                await self._take_batch(batch)
        self._note_unfinished(self._framer.unfinished_bytes)
        self._outbox.flush()
        if not self._may_take:
            await self._until_room()

    async def _take_batch(self, batch: list[Message]) -> None:
        sink = BatchAnswers(len(batch), self._account, self._outbox.put).take
        for message in batch:
            self._take_one(message, sink)
            await self._count_for_turn()

    async def _count_for_turn(self) -> None:
        """Count a message, be it in a batch or not: many small batches are many messages."""
        self._left -= 1
        if self._left <= 0:
            self._turns.note_busy(self)
            self._left = self._turns.piece
            await self._let_others_have_their_turn()

    async def _take_heavy(self, frame: bytes) -> None:
        """Take a large frame, one of all connections at a turn: checking it may take a while."""
        async with self._one_heavy:
            if (batch := self._take_frame(frame)) is not None:
                await self._take_batch(batch)
            await self._let_others_have_their_turn()

    async def _let_others_have_their_turn(self) -> None:
        """Give one turn away, which a drain must not end in: a batch is taken as a whole."""
        # What was answered so far need not wait for the rest of the pipeline.
        self._outbox.flush()
        with trio.CancelScope(shield=True):
            await self._turns.give_away()
        # What is left of its pipeline may be much, and only changes of it are of use then.
        self._requests.is_for_nobody = self._stream.peer_is_gone()

    async def _until_room(self) -> None:
        """Wait until the peer has read, and been answered, enough that more may be taken.

        Meanwhile nobody reads what it sends, so the clock of a frame that it has begun stands.
        """
        if self._requests.may_take and not self._outbox.is_full:
            return
        self._outbox.flush()
        # None meanwhile, or tending would end a peer for a frame that nobody reads on.
        begun, self._unfinished_since = self._unfinished_since, None
        stood_from = trio.current_time()
        while not self._requests.may_take or self._outbox.is_full:
            if self._stream.peer_is_gone():
                raise TransportClosed
            with trio.move_on_after(_GONE_CHECK_SECONDS):
                await self._requests.until_may_take()
                await self._outbox.until_taken()
        if begun is not None:
            self._unfinished_since = begun + trio.current_time() - stood_from
            self._linger_on()

    async def _finish(self) -> None:
        """Let open requests and subscriptions of a peer that still listens come to their end."""
        while self._requests.open or self.session.subscription_count:
            self._outbox.flush()
            # Asked again in each round: the peer may hang up, or the daemon stop, while the last
            # are open.
            is_gone = self._stream.peer_is_gone()
            self._requests.is_for_nobody = is_gone
            if is_gone or self._reading.cancel_called:
                self._requests.end_waits()
                self.session.end_subscriptions()
            with trio.move_on_after(_GONE_CHECK_SECONDS):
                await self._requests.until_all_answered()
                if self.session.subscription_count:
                    # Subscriptions have no end of their own; this one is ended to look again.
                    await trio.sleep_forever()
        self._outbox.flush()
        await self._outbox.until_empty()

    async def _linger(self) -> None:
        """Read on for a moment, so that a peer in the middle of sending gets to our answer."""
        # Now, not when what it asked for before is answered, which may take minutes.
        self._outbox.flush()
        while self._requests.open and not self._stream.peer_is_gone():
            with trio.move_on_after(_GONE_CHECK_SECONDS):
                await self._requests.until_all_answered()
        self._outbox.flush()
        seen_bytes = 0
        with trio.move_on_after(_LINGER_SECONDS):
            try:
                await self._outbox.until_empty()
                self._stream.end_sending()
                while seen_bytes < _LINGER_BYTES:
                    # Thrown away: what follows a frame that was too long is taken no more.
                    seen_bytes += len(await self._stream.recv())
            except TransportClosed:
                return

    def stop_reading(self) -> None:
        """Take nothing more: the daemon drains."""
        self._reading.cancel()

    def drop(self) -> None:
        """End the connection at once."""
        if not self._is_over:
            self._is_over = True
            self._nursery.cancel_scope.cancel()

    def _lose(self, why: str) -> None:
        log.debug("connection lost", reason=why, pid=self.caller.pid)
        self.drop()

    def _end(self, why: PenholderError) -> None:
        """Say why and end: the peer makes the daemon hold too much."""
        self._put_error(why)
        self._outbox.flush()
        self.drop()
        # At once, not when its tasks have ended: it is ended for what it holds.
        self._outbox.close()
        self._requests.close()

    def _note_unfinished(self, unfinished_bytes: int) -> None:
        self._account.set_unfinished(unfinished_bytes)
        if not unfinished_bytes:
            self._unfinished_since = None
        elif self._unfinished_since is None:
            self._unfinished_since = trio.current_time()
            self._linger_on()

    def _linger_on(self) -> None:
        """Have `check_patience` called again and again, until it finds that all is well."""
        self._lingering[self] = None

    def check_patience(self) -> None:
        """End a peer that never finishes a frame, or does not take what it is sent."""
        if self._unfinished_since is None and self._outbox.lags_since is None:
            self._lingering.pop(self, None)
            return
        self._check_frame_timeout()
        if self._outbox.lags_ms >= PEER_STALLED_MS:
            log.warning("a peer has stopped reading and is ended", pid=self.caller.pid)
            self.session.let_subscriptions_go()
            self._outbox.flush()
            self.drop()

    def _check_frame_timeout(self) -> None:
        since = self._unfinished_since
        if since is None or (trio.current_time() - since) * 1000 < FRAME_TIMEOUT_MS:
            return
        self._unfinished_since = None
        message = f"a frame was begun and not finished within FRAME_TIMEOUT_MS ({FRAME_TIMEOUT_MS})"
        self._put_error(InvalidRequest(message, limit="FRAME_TIMEOUT_MS", maximum=FRAME_TIMEOUT_MS))
        self._outbox.flush()
        # Not dropped: what is open is still answered, only nothing more is taken.
        self.stop_reading()

    # --- messages -----------------------------------------------------------------------------
    def _take_frame(self, frame: bytes) -> list[Message] | None:
        """Take the message that a frame is; of a batch its messages are still to be taken."""
        parsed = jsonrpc.parse(frame)
        if isinstance(parsed, Request):
            self._requests.start(parsed, self._outbox.put)
            return None
        if isinstance(parsed, list):
            return parsed
        self._take_one(parsed, self._outbox.put)
        return None

    def _take_one(self, message: Message, sink: Sink) -> None:
        if isinstance(message, Fault):
            sink(jsonrpc.error(message.id, message.error))
        else:
            self._requests.start(message, sink)

    def _put_error(self, error: PenholderError) -> None:
        self._outbox.put(jsonrpc.error(jsonrpc.NULL_ID, error))

    def _cancel_wait(self, request_id: int | str) -> bool:
        return self._requests.cancel_wait(request_id)

    # --- what a subscription needs of its connection ------------------------------------------
    @property
    def unsent_bytes(self) -> int:
        """What the peer has not taken yet."""
        return self._outbox.unsent_bytes

    def has_room_for(self, size: int) -> bool:
        """Whether so much more may be sent before the peer takes what it has."""
        return self._account.has_room_for(size)

    def notify_line(self, line: bytes) -> None:
        """Queue a notification."""
        self._outbox.put(line)

    def flush(self) -> None:
        """Send what is queued."""
        self._outbox.flush()

    async def until_taken(self) -> None:
        """Wait until the peer has taken enough that more may follow."""
        await self._outbox.until_taken()

    def forget(self, subscription: LiveSubscription) -> None:
        """Note that a subscription has ended by itself."""
        self.session.forget(subscription)
