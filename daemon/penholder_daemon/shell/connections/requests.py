"""The open requests of one connection: who carries each out, in which order, and its answer.

A peer that pipelines expects its own order: a query behind a mutation sees what that one wrote. But
mutations go to the writer, queries to readers on other threads, and the two know nothing of each
other. To send all through the writer would make every query wait for everybody's commits.

So mutations go to the writer in the order in which they came. Anything else waits until the
mutations sent before it on this connection are committed, so it sees them; it never waits for those
of others. Two counters are enough for that, as the writer answers the mutations of one connection
in order: what is parked may begin when as many are done as had been sent when it came.

Each request is known by its id while it is open, for `rpc.cancel`. So an id that is open is refused
to a second request. What takes a task of its own is a wait or a local method; for the others a
callback is enough, however many are open.

Whatever refuses a request, from the look-up of its method to a bug, is told by one ladder
(`_refusal`), and only to that request.

A connection may end at any moment, and what it asked for comes to its end later, on other threads:
after `close` nothing is started any more, and answers go nowhere.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction
from time import perf_counter
from typing import TypeVar

import structlog
import trio
from outcome import Error, Outcome, Value

from penholder_daemon.core import execute
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation, Kind, Waiting
from penholder_daemon.core.session import Session
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.connections.outbox import Spawn
from penholder_daemon.shell.connections.pending import Pending, Sink
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.connections.waits import Waits
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.desks import Desk, ReadJob
from penholder_protocol import jsonrpc
from penholder_protocol.errors import (
    InternalError,
    InvalidRequest,
    MethodNotFound,
    PenholderError,
    StoreFailed,
)
from penholder_protocol.jsonrpc import Request
from penholder_protocol.limits import MAX_IN_FLIGHT

log = structlog.get_logger()
T = TypeVar("T")


class Requests:
    """Starts requests and answers them."""

    def __init__(
        self,
        services: Services,
        session: Session,
        spawn: Spawn,
        flush: Callable[[], None],
        desk: Desk,
        peer_is_gone: Callable[[], bool],
    ) -> None:
        """Serve one caller; `spawn` starts tasks of its connection."""
        self._services = services
        self._caller = session.caller
        self._session = session
        self._spawn = spawn
        self._flush = flush
        self._desk = desk
        self._account: Account = desk.account
        # Looked up once: these stand on the way of every request.
        self._invocation = services.dispatcher.invocation
        self._submit_to_writer = services.writer.submit
        self._counters = services.counters
        self._request_log = services.request_log
        self._mutations_sent = 0
        self._mutations_done = 0
        self._parked: list[tuple[int, Callable[[], None]]] = []
        self._peer_is_gone = peer_is_gone
        self._waits = Waits(services, self._caller, desk, peer_is_gone)
        self._open: dict[int | str | Pending, Pending] = {}
        self.is_for_nobody = False
        """Whether the peer is gone: then queries come to their end at once."""
        self._changed: trio.Event | None = None
        """Made by who waits for an answer."""

    # --- from request to answer ---------------------------------------------------------------
    def start(self, request: Request, sink: Sink) -> None:
        """Check a request and have it carried out; its answer goes to the sink."""
        pending = Pending(request, self._caller, self._account, sink, self._written)
        if pending.key in self._open:
            sink(jsonrpc.error(pending.id, _id_is_open(pending.id)) if pending.id else None)
            return
        self._open[pending.key] = pending
        try:
            # Held before it begins: from then on whatever ends it counts it off again.
            pending.hold(self._invocation(self._caller, request, pending.request_id))
            self._begin(pending)
        except Exception as error:  # noqa: BLE001 - one request must not end the connection
            self._answer(pending, self._refusal(pending, error))

    def _begin(self, pending: Pending) -> None:
        method = pending.call.method
        if not method.writes:
            self._begin_beside(pending, method.kind)
            return
        if pending.is_wait:
            if self._peer_is_gone():
                # What it would take, nobody could hear of.
                self._answer(pending, b"")
                return
            # Known before it is sent, so that it can be canceled while it waits for the writer.
            self._waits.expect(pending)
        self._submit_to_writer(pending)
        # After it was taken: one that is refused as BUSY would never be counted as done.
        self._mutations_sent += 1

    def _begin_beside(self, pending: Pending, kind: Kind) -> None:
        """Begin what the writer has no part in."""
        if kind is not Kind.LOCAL and (pending.id is None or self.is_for_nobody):
            # What it finds could be told to nobody, and it does nothing else.
            self._answer(pending, b"")
            return
        match kind:
            case Kind.QUERY:
                self._after_mutations(partial(self._query, pending))
            case Kind.WAIT:
                # Now, so that it can be canceled while it waits for the mutations before it.
                self._waits.expect(pending)
                self._after_mutations(partial(self._spawn, self._wait, pending, None))
            case Kind.LOCAL:
                self._after_mutations(partial(self._spawn, self._local, pending))

    def _answer(self, pending: Pending, answer: Answer) -> None:
        self._open.pop(pending.key, None)
        # Also one that was refused before it began: a wait that is not forgotten is kept for ever.
        if pending.is_wait:
            self._waits.over(pending)
        self._account.hold_params(-pending.held_bytes)
        error = answer if isinstance(answer, PenholderError) else None
        now = perf_counter()
        seconds = now - pending.arrived
        if error is None:
            self._counters.answered(pending.method, seconds, None)
        else:
            self._count_refusal(pending.method, seconds, error)
        if seconds >= self._request_log.asks_from_seconds:
            self._request_log.answered(pending, now, None if error is None else error.code)
        sink = pending.let_go()
        if pending.id is None:
            sink(None)
        elif isinstance(answer, PenholderError):
            sink(jsonrpc.error(pending.id, answer))
        else:
            sink(jsonrpc.result(pending.id, answer))
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    def _count_refusal(self, method: str, seconds: float, error: PenholderError) -> None:
        # Under one name: else every name that a peer makes up would be kept as a figure of its own.
        is_known = error.number != MethodNotFound.number
        self._counters.answered(method if is_known else "unknown", seconds, error.number)

    def _refusal(self, pending: Pending, error: Exception) -> PenholderError:
        """Say what refuses a request: the one ladder of errors outside the writer."""
        match error:
            case PenholderError():
                # By its traceback it would hold all frames above until garbage is collected.
                return error.with_traceback(None)
            case StoreFault():
                return StoreFailed(f"the store cannot be read: {error}", reason=str(error))
        log.error(
            "a request failed inside the daemon",
            method=pending.method,
            request_id=pending.request_id,
            exc_info=error,
        )
        return InternalError()

    # --- order --------------------------------------------------------------------------------
    def _written(self, pending: Pending, answer: Answer) -> None:
        """Answer a mutation; of a claim this was the first try, which stood in their order."""
        if pending.is_wait:
            self._answer_or_wait(pending, answer)
        else:
            self._answer(pending, answer)
        self._mutations_done += 1
        while self._parked and self._parked[0][0] <= self._mutations_done:
            self._parked.pop(0)[1]()

    def _after_mutations(self, begin: Callable[[], None]) -> None:
        if self._mutations_done == self._mutations_sent:
            begin()
        else:
            # Behind all that were sent by now, not behind those that will be.
            self._parked.append((self._mutations_sent, begin))

    # --- the kinds ----------------------------------------------------------------------------
    def _query(self, pending: Pending) -> None:
        pending.free()

        def done(found: Outcome[bytes]) -> None:
            self._answer_with(pending, found.unwrap)

        job = ReadJob(self._caller, partial(self._carry_out, pending.call), done, pending)
        try:
            self._desk.submit(job)
        except PenholderError as busy:  # here, since this may be another request's turn
            self._answer(pending, busy)

    def _carry_out(self, call: Invocation, rx: Rx) -> bytes:
        # On a reader's thread, which may find the peer gone a query later than the loop.
        return b"" if self.is_for_nobody else execute.query(rx, call)

    def _answer_or_wait(self, pending: Pending, answer: Answer) -> None:
        if isinstance(answer, PenholderError):
            self._answer(pending, answer)
            return
        claim = execute.read_claim(answer)
        if claim.ready or not self._waits.may_wait(pending):
            self._answer(pending, bytes(claim.result))
        else:
            self._spawn(self._wait, pending, claim.waiting)

    async def _wait(self, pending: Pending, seen: Waiting[object] | None) -> None:
        found = await _captured(self._waits.until_ready(pending, seen))
        self._answer_with(pending, lambda: execute.encode_result(found.unwrap().result))
        # A task is outside of any delivery: nobody else sends what it has answered.
        self._flush()

    async def _local(self, pending: Pending) -> None:
        call = pending.call
        handler = call.method.handler
        assert iscoroutinefunction(handler)  # so a local method is registered
        act = partial(handler, self._session, **call.arguments)
        found = await _captured(self._services.once.carry_out(call, act, self._desk))
        self._answer_with(pending, found.unwrap)
        # Outside of any delivery, as above.
        self._flush()

    def _answer_with(self, pending: Pending, make: Callable[[], bytes]) -> None:
        """Make an answer, or say what refuses it."""
        try:
            answer: Answer = make()
        except Exception as error:  # noqa: BLE001 - one request must not end the connection
            answer = self._refusal(pending, error)
        self._answer(pending, answer)

    def cancel_wait(self, request_id: int | str) -> bool:
        """Have a wait answer now with what it saw last."""
        pending = self._open.get(request_id)
        return pending is not None and self._waits.cancel(pending)

    # --- flow ---------------------------------------------------------------------------------
    @property
    def open(self) -> int:
        """How many requests are open."""
        return len(self._open)

    @property
    def may_take(self) -> bool:
        """Whether more may be opened before some are answered."""
        return len(self._open) < MAX_IN_FLIGHT and self._account.may_take

    def end_waits(self) -> None:
        """Have every wait answer now: the daemon stops or the peer is gone."""
        self._waits.end_all()

    async def until_may_take(self) -> None:
        """Wait until more may be opened."""
        while not self.may_take:
            await self._until_one_answered()

    async def until_all_answered(self) -> None:
        """Wait until none is open."""
        while self._open:
            await self._until_one_answered()

    async def _until_one_answered(self) -> None:
        if self._changed is None:
            self._changed = trio.Event()
        await self._changed.wait()

    def close(self) -> None:
        """The connection is over: what waits for its turn never has it, answers go nowhere."""
        self._parked.clear()
        for pending in self._open.values():
            # The request itself may live on in a task or a job; what it would have answered to does
            # not.
            pending.let_go()
        self._desk.close()


async def _captured(acting: Awaitable[T]) -> Outcome[T]:
    """Wait for what comes of something.

    A cancellation passes: kept beside the frame that it came through, it would hold the request and
    all frames above until garbage is collected.
    """
    try:
        return Value(await acting)
    except Exception as error:  # noqa: BLE001 - it is told to who waits for the answer
        return Error(error)


def _id_is_open(request_id: bytes) -> InvalidRequest:
    return InvalidRequest(
        f"the id {request_id.decode()} is that of a request which is still open on this"
        " connection; give every request an id of its own"
    )
