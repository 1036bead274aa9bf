"""The open requests of one connection: who carries each out, in which order, and its answer.

Mutations go to the writer in the order in which they came. Anything else waits until the
mutations sent before it on this connection are committed, so it sees them; it never waits for
those of others.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from time import perf_counter

import msgspec
import structlog
import trio
from outcome import Outcome

from penholder_daemon.core import execute
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.registry import Invocation, Kind, Waiting
from penholder_daemon.core.session import Session
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.streams import Selection
from penholder_daemon.shell.publisher import Watch
from penholder_daemon.shell.readers import Look, read
from penholder_daemon.shell.request_log import Trace
from penholder_daemon.shell.services import Services
from penholder_daemon.shell.writer import Job
from penholder_protocol import jsonrpc
from penholder_protocol.errors import InternalError, MethodNotFound, PenholderError, StoreFailed
from penholder_protocol.jsonrpc import Request
from penholder_protocol.limits import MAX_IN_FLIGHT

log = structlog.get_logger()

Sink = Callable[[bytes | None], None]
"""Where an answer goes: onto the wire or into its batch; None answers a notification."""


def _wait_key(request: Request, scope: trio.CancelScope) -> Hashable:
    """Name a wait as rpc.cancel does; one that was sent as a notification has no name."""
    if request.id is None:
        return scope
    named: int | str = msgspec.json.decode(request.id)
    return named


class Requests:
    """Starts requests and answers them."""

    def __init__(
        self,
        services: Services,
        session: Session,
        nursery: trio.Nursery,
        flush: Callable[[], None],
    ) -> None:
        """Serve one caller; tasks for waits live in the nursery."""
        self._flush = flush
        self._services = services
        self._caller = session.caller
        self._session = session
        self._nursery = nursery
        self._mutations_sent = 0
        self._mutations_done = 0
        self._parked: deque[tuple[int, Callable[[], None]]] = deque()
        self._waits: dict[Hashable, trio.CancelScope] = {}
        self._changed = trio.Event()
        self._is_ending = False
        self.open = 0

    # --- from request to answer ---------------------------------------------------------------
    def start(self, request: Request, sink: Sink) -> None:
        """Check a request and have it carried out; its answer goes to the sink."""
        self.open += 1
        caller = self._caller
        trace = Trace(request.method, request.id_text, caller.pid, caller.worker_id)
        answer = partial(self._answer, request, sink, trace)
        try:
            call = self._services.dispatcher.invocation(caller, request)
            self._begin(call, request, answer, trace)
        except PenholderError as refusal:
            answer(refusal)
        except Exception as bug:  # noqa: BLE001 - one request must not end the connection
            answer(self._bug(request.method, request.id_text, bug))

    def _begin(
        self, call: Invocation, request: Request, answer: Callable[[Answer], None], trace: Trace
    ) -> None:
        match call.method.kind:
            case Kind.MUTATION:
                self._services.writer.submit(Job(call, partial(self._written, answer), trace))
                self._mutations_sent += 1
            case Kind.QUERY:
                self._after_mutations(partial(self._query, call, answer, trace))
            case Kind.WAIT | Kind.CLAIM:
                trace.is_wait = True
                scope = self._expect_wait(request)
                self._after_mutations(
                    partial(self._nursery.start_soon, self._wait, call, request, scope, answer)
                )
            case Kind.LOCAL:
                self._after_mutations(partial(self._nursery.start_soon, self._local, call, answer))

    def _answer(self, request: Request, sink: Sink, trace: Trace, answer: Answer) -> None:
        self.open -= 1
        self._count(request, trace, answer)
        if request.id is None:
            sink(None)
        elif isinstance(answer, PenholderError):
            sink(jsonrpc.error(request.id, answer))
        else:
            sink(jsonrpc.result(request.id, answer))
        self._tell_changed()

    def _count(self, request: Request, trace: Trace, answer: Answer) -> None:
        error = answer if isinstance(answer, PenholderError) else None
        number = None if error is None else error.number
        is_known = number != MethodNotFound.number
        name = request.method if is_known else "unknown"
        now = perf_counter()
        self._services.tally.answered(name, now - trace.arrived, number)
        self._services.request_log.answered(trace, now, None if error is None else error.code)

    def _bug(self, method: str, request_id: str | None, bug: BaseException) -> InternalError:
        log.error(
            "a request failed inside the daemon",
            method=method,
            request_id=request_id,
            exc_info=bug,
        )
        return InternalError()

    # --- order --------------------------------------------------------------------------------
    def _written(self, answer: Callable[[Answer], None], result: Answer) -> None:
        answer(result)
        self._mutations_done += 1
        while self._parked and self._parked[0][0] <= self._mutations_done:
            self._parked.popleft()[1]()

    def _after_mutations(self, begin: Callable[[], None]) -> None:
        if self._mutations_done == self._mutations_sent:
            begin()
        else:
            self._parked.append((self._mutations_sent, begin))

    # --- the kinds ----------------------------------------------------------------------------
    def _query(self, call: Invocation, answer: Callable[[Answer], None], trace: Trace) -> None:
        trace.free()

        def done(found: Outcome[bytes]) -> None:
            answer(self._result(call, found))

        try:
            look = Look(self._caller, lambda rx: execute.query(rx, call), done, trace)
            self._services.readers.submit(look)
        except PenholderError as busy:
            answer(busy)

    def _result(self, call: Invocation, found: Outcome[bytes]) -> Answer:
        try:
            return found.unwrap()
        except PenholderError as refusal:
            return refusal
        except StoreFault as fault:
            return StoreFailed(f"the store cannot be read: {fault}", reason=str(fault))
        except Exception as bug:  # noqa: BLE001
            return self._bug(call.method.name, call.request_id, bug)

    async def _local(self, call: Invocation, answer: Callable[[Answer], None]) -> None:
        try:
            result = call.method.handler(self._session, **call.arguments)
            body: Answer = execute.encode_result(await result)  # type: ignore[misc]  # local: async
        except PenholderError as refusal:
            body = refusal
        except StoreFault as fault:
            body = StoreFailed(f"the store cannot be read: {fault}", reason=str(fault))
        except Exception as bug:  # noqa: BLE001
            body = self._bug(call.method.name, call.request_id, bug)
        answer(body)
        self._flush()

    def _expect_wait(self, request: Request) -> trio.CancelScope:
        """Make a wait known by its id as soon as it is asked for, so that it can be canceled."""
        scope = trio.CancelScope()
        if self._is_ending:
            scope.cancel()
        self._waits[_wait_key(request, scope)] = scope
        return scope

    async def _wait(
        self,
        call: Invocation,
        request: Request,
        scope: trio.CancelScope,
        answer: Callable[[Answer], None],
    ) -> None:
        try:
            found = await self._until_ready(call, scope)
            body: Answer = execute.encode_result(found.result)
        except PenholderError as refusal:
            body = refusal
        except StoreFault as fault:
            body = StoreFailed(f"the store cannot be read: {fault}", reason=str(fault))
        except Exception as bug:  # noqa: BLE001
            body = self._bug(call.method.name, call.request_id, bug)
        key = _wait_key(request, scope)
        if self._waits.get(key) is scope:
            del self._waits[key]
        answer(body)
        self._flush()

    async def _until_ready(self, call: Invocation, scope: trio.CancelScope) -> Waiting[object]:
        """Look until it is ready, canceled or timed out; then what was seen last stands."""
        timeout_ms = call.arguments["timeout_ms"]
        assert isinstance(timeout_ms, int)
        deadline = trio.current_time() + timeout_ms / 1000
        found = await self._look(call)
        scope.deadline = deadline
        with scope:
            while not found.ready:
                call = execute.go_on(call, found)
                with self._watching(found.streams) as watch:
                    found = await self._look(call)
                    if not found.ready and not found.is_partial:
                        await watch.heard.wait()
        return found

    @contextmanager
    def _watching(self, streams: tuple[str, ...]) -> Iterator[Watch]:
        """Hear of what is committed meanwhile; it stands before the look, so nothing is missed."""
        watch = Watch(Selection(streams))
        self._services.publisher.watch(watch)
        try:
            yield watch
        finally:
            self._services.publisher.unwatch(watch)

    async def _look(self, call: Invocation) -> Waiting[object]:
        if call.method.kind is Kind.CLAIM:
            return await self._claim(call)
        return await read(self._services.readers, self._caller, lambda rx: execute.look(rx, call))

    async def _claim(self, call: Invocation) -> Waiting[object]:
        """Try once, through the writer; what was claimed is claimed even if nobody waits now."""
        answered = trio.Event()
        kept: list[Answer] = []

        def done(answer: Answer) -> None:
            kept.append(answer)
            answered.set()

        self._services.writer.submit(Job(call, done))
        with trio.CancelScope(shield=True):
            await answered.wait()
        if isinstance(kept[0], PenholderError):
            raise kept[0]
        claim = msgspec.json.decode(kept[0], type=execute.Claim)
        return Waiting(claim.result, claim.ready, claim.streams)

    def cancel_wait(self, request_id: int | str) -> bool:
        """Have a wait answer now with what it saw last."""
        scope = self._waits.get(request_id)
        if scope is None:
            return False
        scope.cancel()
        return True

    # --- flow ---------------------------------------------------------------------------------
    @property
    def is_full(self) -> bool:
        """Whether no more may be opened until some are answered."""
        return self.open >= MAX_IN_FLIGHT

    def end_waits(self) -> None:
        """Have every wait answer now: the daemon stops or the peer is gone."""
        self._is_ending = True
        for scope in self._waits.values():
            scope.cancel()

    def _tell_changed(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def until_answered(self, most_open: int) -> None:
        """Wait until no more than this many requests are open."""
        while self.open > most_open:
            await self._changed.wait()
