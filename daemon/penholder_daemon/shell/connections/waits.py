"""Waits of one connection: looking again when something may have changed, until their time is over.

The trap of every wait is what happens between a look that finds nothing and the sleep after it:
nobody would wake it. So a watch stands before each look that a sleep may follow. What is committed
while the look is underway has been heard by then, and there is no sleep. The first look needs no
watch, since none follows it at once: it only says which streams to watch.

What a look finds is bounded. One that has passed over as much as it may says how far it came and
that it is partial: the next one goes on from there at once, without waiting for anything.

A wait that claims (queue.wait) tries through the writer, any other looks through a reader. Of those
that claim from one queue one after another is woken (`takers`). What the writer was given cannot be
taken back. So such a try is waited for whatever happens meanwhile, and what it claimed is answered,
also when the time is over. What nobody hears of stays claimed until its lease ends: so before each
try the kernel is asked whether the peer is still there. That it hung up is read in the same turn of
the loop as what others send, and may be read after it.

However it ends, canceled or at its time, the answer is what was seen last. So the first look is
outside of the time: a wait of no time at all still looks once.

Each is known by its request from the moment it is asked for, so that it can be canceled before it
begins.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio

from penholder_daemon.core import execute
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation, Kind, Waiting
from penholder_daemon.core.streams import Selection
from penholder_daemon.shell.connections.pending import Pending
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.fairness.desks import Desk
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.publishing.publisher import Watch
from penholder_daemon.shell.publishing.takers import HeldTurns
from penholder_daemon.shell.store.readers import read
from penholder_protocol.errors import PenholderError


class Waits:
    """The waits of one connection."""

    def __init__(
        self, services: Services, caller: Caller, desk: Desk, peer_is_gone: Callable[[], bool]
    ) -> None:
        """Begin with none."""
        self._services = services
        self._peer_is_gone = peer_is_gone
        self._caller = caller
        self._desk = desk
        self._scopes: dict[Pending, trio.CancelScope] = {}
        self._is_ending = False

    def expect(self, pending: Pending) -> None:
        """Make a wait known."""
        scope = trio.CancelScope()
        # One that comes while all are ended looks once and answers.
        if self._is_ending:
            scope.cancel()
        self._scopes[pending] = scope

    def may_wait(self, pending: Pending) -> bool:
        """Whether a wait was not canceled meanwhile."""
        return not self._scopes[pending].cancel_called

    def over(self, pending: Pending) -> None:
        """Forget a wait."""
        self._scopes.pop(pending, None)

    def cancel(self, pending: Pending) -> bool:
        """Have a wait answer now with what it saw last."""
        scope = self._scopes.get(pending)
        if scope is None:
            return False
        scope.cancel()
        return True

    def end_all(self) -> None:
        """Have every wait answer now, and those to come at once."""
        self._is_ending = True
        for scope in self._scopes.values():
            scope.cancel()

    async def until_ready(self, pending: Pending, found: Waiting[object] | None) -> Waiting[object]:
        """Look until it is ready, canceled or timed out; then what was seen last stands."""
        call = pending.call
        timeout_ms = call.arguments["timeout_ms"]
        assert isinstance(timeout_ms, int)
        scope = self._scopes[pending]
        deadline = trio.current_time() + timeout_ms / 1000
        if found is None:
            found = await self._look(call)
        # Only now, after the first look: it is never cut off, however short the time.
        scope.deadline = deadline
        with scope:
            if call.method.kind is Kind.CLAIM:
                return await self._until_taken(call, found)
            while not found.ready:
                call = execute.go_on(call, found)
                # A new one for each look: what the last one has heard is answered by this look.
                with self._watching(found.streams) as watch:
                    found = await self._look(call)
                    if not found.ready and not found.is_partial:
                        await watch.heard.wait()
        return found

    async def _until_taken(self, call: Invocation, found: Waiting[object]) -> Waiting[object]:
        """The same for one that takes what it finds; whoever waits for the same takes turns."""
        with HeldTurns(self._services.publisher.takers) as turns:
            while not found.ready:
                with turns.standing(found.streams) as taker:
                    if self._peer_is_gone():
                        return found  # its turns go to the next
                    found = await self._look(call)
                    turns.looked(others_may_find=found.ready or found.others_may_find)
                    if not found.ready:
                        await taker.heard.wait()
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
        return await read(self._desk, self._caller, lambda rx: execute.look(rx, call))

    async def _claim(self, call: Invocation) -> Waiting[object]:
        """Try once, through the writer; what was claimed is claimed even if nobody waits now."""
        answered = trio.Event()
        kept: list[Answer] = []

        def done(answer: Answer) -> None:
            kept.append(answer)
            answered.set()

        self._services.writer.submit(WriteJob(call, done, account=self._desk.account))
        # Shielded from the wait's end and from the connection's. The latter cannot hang on it: a
        # closed account keeps no mutation back.
        with trio.CancelScope(shield=True):
            await answered.wait()
        if isinstance(kept[0], PenholderError):
            raise kept[0]
        return execute.read_claim(kept[0]).waiting
