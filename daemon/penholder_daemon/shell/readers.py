"""Queries: a few threads with read-only connections, each call on a consistent view."""

import queue
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, Protocol, TypeVar

import trio
from outcome import Error, Outcome, capture

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.database import ApswStore
from penholder_daemon.shell.gate import Gate
from penholder_daemon.shell.request_log import Trace
from penholder_protocol.errors import Busy
from penholder_protocol.limits import MAX_READER_QUEUE

T = TypeVar("T")
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """A function of a view, for a caller; `done` is called in the loop with what came of it."""

    caller: Caller
    function: Callable[[Rx], T]
    done: Callable[[Outcome[T]], None]
    trace: Trace = field(default_factory=Trace)


class Readers(Protocol):
    """What a connection sees of the readers."""

    def submit(self, look: Look[T]) -> None:
        """Queue a query; raises Busy when the queue is full."""


async def read(readers: Readers, caller: Caller, function: Callable[[Rx], T]) -> T:
    """Run one look and wait for it; cancelling the wait lets the look run for nobody."""
    arrived = trio.Event()
    kept: list[Outcome[T]] = []

    def done(outcome: Outcome[T]) -> None:
        kept.append(outcome)
        arrived.set()

    readers.submit(Look(caller, function, done))
    await arrived.wait()
    return kept[0].unwrap()


def _carry_out(store: Store, world: World, look: Look[T]) -> Outcome[T]:
    store.run("BEGIN")
    try:
        return capture(look.function, Rx(store, world, look.caller))
    finally:
        store.run("COMMIT")


class _Eye:
    """One thread's connection, opened when it is first needed, and again until it may be kept."""

    def __init__(
        self, open_store: Callable[[], ApswStore], gate: Gate, world: World, held: ExitStack
    ) -> None:
        self._open_store = open_store
        self._gate = gate
        self._world = world
        self._held = held
        self._store: ApswStore | None = None

    def look(self, look: Look[object]) -> Outcome[object]:
        begun = perf_counter()
        try:
            if self._store is None:
                return self._look_with_new(look)
            return _carry_out(self._store, self._world, look)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
            return Error(error)
        finally:
            look.trace.carried_out(begun, perf_counter())

    def _look_with_new(self, look: Look[object]) -> Outcome[object]:
        with self._gate.alone, ExitStack() as opened:
            store = self._open_store()
            opened.callback(store.close)
            found = _carry_out(store, self._world, look)
            if self._gate.is_open:
                self._store = store
                self._held.push(opened.pop_all())
            return found


class ThreadReaders:
    """Some threads over one queue, each with a connection of its own."""

    def __init__(
        self,
        open_store: Callable[[], ApswStore],
        gate: Gate,
        threads: int,
        world: World,
        delivered: Callable[[], None],
    ) -> None:
        """Start the threads; `delivered` is called in the loop after a batch of answers."""
        self._open_store = open_store
        self._gate = gate
        self._world = world
        self._delivered = delivered
        self._loop = trio.lowlevel.current_trio_token()
        self._inbox: queue.SimpleQueue[Look[object] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"penholder-reader-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, look: Look[T]) -> None:
        """Queue a query; raises Busy."""
        if self._inbox.qsize() >= MAX_READER_QUEUE:
            raise Busy(
                f"too many queries wait (MAX_READER_QUEUE = {MAX_READER_QUEUE})",
                limit="MAX_READER_QUEUE",
                maximum=MAX_READER_QUEUE,
            )
        self._inbox.put(look)  # type: ignore[arg-type]  # a queue of looks of every type

    async def stop(self) -> None:
        """Finish what waits and end the threads."""
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            await trio.to_thread.run_sync(thread.join)

    def _work(self) -> None:
        with ExitStack() as held:
            eye = _Eye(self._open_store, self._gate, self._world, held)
            while True:
                looks = self._take()
                found = [(look, eye.look(look)) for look in looks if look is not None]
                if found:
                    self._loop.run_sync_soon(self._deliver, found)
                if None in looks:
                    return

    def _take(self) -> list[Look[object] | None]:
        """Take one look, and with it what else waits, so that the loop is woken once for all."""
        looks = [self._inbox.get()]
        while looks[-1] is not None and len(looks) < _BATCH:
            try:
                looks.append(self._inbox.get_nowait())
            except queue.Empty:
                break
        return looks

    def _deliver(self, found: list[tuple[Look[object], Outcome[object]]]) -> None:
        for look, outcome in found:
            look.done(outcome)
        self._delivered()


class InlineReaders:
    """Queries inside the loop, for simulation."""

    def __init__(self, store: Store, world: World, delivered: Callable[[], None]) -> None:
        """Bind to the running loop."""
        self._store = store
        self._world = world
        self._delivered = delivered
        self._loop = trio.lowlevel.current_trio_token()

    def submit(self, look: Look[T]) -> None:
        """Carry a query out at the next turn of the loop."""
        self._loop.run_sync_soon(self._run, look)

    def _run(self, look: Look[T]) -> None:
        look.done(_carry_out(self._store, self._world, look))
        self._delivered()
