"""Queries: the loop and a few threads with read-only connections, each call on a consistent view.

What a query costs shows only while it runs: some take microseconds, some a second. With one queue
for all threads, as many costly queries as there are threads keep everybody else waiting; two were
enough with two threads. More threads only raise that number. A long view harms the writer too: the
log cannot begin anew while anybody reads from before.

So every query begins as a quick one: in the loop where it may (`LoopReading`), else, or where it
takes longer there, with QUICK_QUERY_MS of a thread's reader. What takes longer yet is ended, and
begun anew by the reader of costly ones, which has a thread of its own, with QUERY_BUDGET_MS;
then it is refused. A cheap query waits for a costly one no longer than QUICK_QUERY_MS. The price:
what a costly query did at first is done again, and costly queries wait for each other.

A reader must not run ahead of the loop, since what it has made counts for nobody until it is
delivered. Two bounds see to that: a bunch of one connection ends at some bytes of answers, and no
more than a few bunches are underway (`_undelivered`).
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter, thread_time
from typing import Protocol, TypeVar

import structlog
import trio
from outcome import Error, Outcome, Value

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.desks import Desk, Desks, Found, Line, ReadJob
from penholder_daemon.shell.store.backing import ReadingStore
from penholder_daemon.shell.store.loop_reading import LOOP_QUERY_MS, TURN_SECONDS, LoopReading
from penholder_daemon.shell.store.reader_connection import (
    ReaderClock,
    ReaderConnection,
    carry_out,
)
from penholder_daemon.shell.store.shm_gate import ShmGate
from penholder_protocol.errors import QueryTooCostly
from penholder_protocol.limits import (
    CONNECTION_KEEPS_BYTES,
    MAX_ANSWERS_AT_ONCE_BYTES,
    QUERY_BUDGET_MS,
    QUICK_QUERY_MS,
)

log = structlog.get_logger()
T = TypeVar("T")

_BUNCH = 32
"""Queries of one connection that a quick reader carries out in one turn, at most."""
_BUNCH_SECONDS = 0.005
_TURN_SECONDS = 0.001
"""The same while other connections wait for a quick reader."""
_UNREADY_BYTES = 64 << 10
"""What a view is taken to hold of a wait that goes on."""


class QueryDesk(Protocol):
    """Where a connection hands in its queries, as it sees it."""

    def submit(self, job: ReadJob[T]) -> None:
        """Queue a query; raises Busy when the queue is full."""


class Readers(Protocol):
    """What connections see of the readers."""

    def open_desk(self, account: Account) -> Desk:
        """Give a connection a place of its own in the queue."""


async def read(desk: QueryDesk, caller: Caller, function: Callable[[Rx], T]) -> T:
    """Run one job and wait for it; cancelling the wait lets the job run for nobody."""
    arrived = trio.Event()
    kept: list[Outcome[T]] = []

    def done(outcome: Outcome[T]) -> None:
        kept.append(outcome)
        arrived.set()

    desk.submit(ReadJob(caller, function, done))
    await arrived.wait()
    return kept[0].unwrap()


class ThreadReaders:
    """The loop, threads for quick queries and one for costly ones, each with its own connection."""

    def __init__(
        self,
        open_store: Callable[[], ReadingStore],
        gate: ShmGate,
        threads: int,
        world: World,
        delivered: Callable[[], None],
        soon: Callable[[Callable[[], None]], None],
        *,
        in_loop: bool = True,
    ) -> None:
        """Start the threads; `delivered` is called in the loop after a bunch of answers.

        `soon` has something done in the loop in this turn or the next. Not `in_loop` is read what
        is behind a network, which may take as long as the worst of disks.
        """
        self._open_store = open_store
        self._gate = gate
        self._world = world
        self._delivered = delivered
        self._loop = trio.lowlevel.current_trio_token()
        self._desks = Desks(self._enter)
        self._quick: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._costly: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._clocks: list[ReaderClock] = []
        self._is_stopping = False
        self._soon = soon
        self._loop_reading = LoopReading() if in_loop else None
        self._in_loop: deque[Line] = deque()
        """Lines whose turn in the loop is coming."""
        self._loop_held = ExitStack()
        self._loop_connection = ReaderConnection(open_store, gate, world, self._loop_held)
        # Readers must not run ahead of a busy loop: what they made would count for nobody.
        self._undelivered = threading.Semaphore(2 * (threads + 1))
        self._threads = [
            threading.Thread(target=self._work, args=(ring,), name=f"penholder-{name}", daemon=True)
            for name, ring in (
                *((f"reader-{number}", self._quick) for number in range(threads)),
                ("reader-of-costly", self._costly),
            )
        ]
        for thread in self._threads:
            thread.start()

    def open_desk(self, account: Account) -> Desk:
        """Give a connection a place of its own in the queue."""
        return self._desks.open(account)

    @property
    def waiting(self) -> int:
        """How many queries wait or are carried out."""
        return self._desks.waiting

    def _enter(self, line: Line) -> None:
        if line.is_costly:
            self._costly.put(line)
        elif self._may_read_in_loop(line):
            self._in_loop.append(line)
            if len(self._in_loop) == 1:
                self._soon(self._read_in_loop)
        else:
            self._quick.put(line)

    def _may_read_in_loop(self, line: Line) -> bool:
        # Opening is slow where it may not be kept open, and a breather is waited for by threads.
        # Who does not take its answers as they come is in no hurry for more: made at once, they
        # would stop it from sending what it has still to ask.
        return (
            self._loop_reading is not None
            and line.desk.account.unsent_bytes <= CONNECTION_KEEPS_BYTES
            and self._gate.is_open
            and not self._gate.breather.is_wanted
            and self._loop_reading.may_take(line.jobs[0].trace.method)
        )

    def _read_in_loop(self) -> None:
        """Carry out one query of each line, until others are to have their turn."""
        until = perf_counter() + TURN_SECONDS
        while self._in_loop:
            self._one_in_loop(self._in_loop[0])
            # Only now, so that a line that enters meanwhile asks for no turn of its own.
            self._in_loop.popleft()
            if perf_counter() > until:
                break
        if self._in_loop:
            self._soon(self._read_in_loop)
        self._delivered()

    def _one_in_loop(self, line: Line) -> None:
        job = line.next()
        if job is None:  # its connection has ended
            self._settle(line, [], None)
            return
        assert self._loop_reading is not None  # it has let this line in
        outcome = self._loop_connection.carry_out(job, LOOP_QUERY_MS)
        trace = job.trace
        seconds = trace.ended - trace.begun
        self._loop_reading.note(trace.method, seconds, was_ended=outcome is None)
        if outcome is None:
            line.jobs.insert(0, job)
            self._quick.put(line)
        else:
            self._settle(line, [(job, outcome)], None)

    async def stop(self) -> None:
        """End what is carried out, drop what waits, and end the threads."""
        self._is_stopping = True
        self._in_loop.clear()
        self._loop_held.close()
        for clock in self._clocks:
            clock.is_stopping = True
        for thread in self._threads:
            # Each thread takes one None out of its own ring, and the one for costly queries is the
            # last.
            (self._costly if thread is self._threads[-1] else self._quick).put(None)
        for thread in self._threads:
            await trio.to_thread.run_sync(thread.join)

    def _work(self, ring: "queue.SimpleQueue[Line | None]") -> None:
        with ExitStack() as held:
            connection = ReaderConnection(self._open_store, self._gate, self._world, held)
            self._clocks.append(connection.clock)
            while (line := ring.get()) is not None and not self._is_stopping:
                # Before the work, not after it: what is made must have its place already.
                self._undelivered.acquire()
                found, slow = (self._one_costly if line.is_costly else self._bunch)(
                    connection, line
                )
                self._loop.run_sync_soon(self._deliver, line, found, slow)

    def _bunch(
        self, connection: ReaderConnection, line: Line
    ) -> tuple[Found, ReadJob[object] | None]:
        """Carry out queries of one connection until they have cost their turn."""
        # Before the view begins, while there is nothing yet that holds the log back.
        self._gate.breather.before_quick()
        found: Found = []
        begun, size = thread_time(), 0
        while len(found) < _BUNCH and size < MAX_ANSWERS_AT_ONCE_BYTES:
            job = line.next()
            if job is None:
                break
            outcome = connection.carry_out(job, QUICK_QUERY_MS)
            # What came before it in the bunch is delivered; what comes behind waits for the line's
            # next turn.
            if outcome is None:
                return found, job
            found.append((job, outcome))
            size += _size(outcome)
            if thread_time() - begun > (_BUNCH_SECONDS if self._quick.empty() else _TURN_SECONDS):
                break
        return found, None

    def _one_costly(
        self, connection: ReaderConnection, line: Line
    ) -> tuple[Found, ReadJob[object] | None]:
        job = line.next()
        if job is None:
            return [], None
        self._gate.breather.before_costly()
        try:
            outcome = connection.carry_out(job, QUERY_BUDGET_MS)
        finally:
            self._gate.breather.after_costly()
        return [(job, Error(_too_costly()) if outcome is None else outcome)], None

    def _deliver(self, line: Line, found: Found, slow: ReadJob[object] | None) -> None:
        # First of all: whatever the settling meets, the readers must not run out of places.
        self._undelivered.release()
        if self._loop_reading is not None:
            self._loop_reading.note_elsewhere()
        self._settle(line, found, slow)
        self._delivered()

    def _settle(self, line: Line, found: Found, slow: ReadJob[object] | None) -> None:
        try:
            line.desk.settle(line, found, slow)
        except Exception as bug:
            log.error("answers were not delivered inside the daemon", exc_info=bug)


def _size(outcome: Outcome[object]) -> int:
    """Say what came of a query holds; what is no answer yet may be a page, as objects."""
    if not isinstance(outcome, Value):
        return 0
    match outcome.value:
        case bytes() as answer:
            return len(answer)
        case Waiting(ready=False) | None:
            return _UNREADY_BYTES
        case _:
            return MAX_ANSWERS_AT_ONCE_BYTES


def _too_costly() -> QueryTooCostly:
    return QueryTooCostly(
        f"the query took a reader longer than QUERY_BUDGET_MS ({QUERY_BUDGET_MS}) and was ended;"
        " ask for less at once (a smaller limit or depth, fewer streams), go on from a newer"
        " cursor, or leave out a filter that matches little",
        limit="QUERY_BUDGET_MS",
        maximum=QUERY_BUDGET_MS,
    )


class InlineReaders:
    """Queries inside the loop, for simulation: one of each line at a turn."""

    def __init__(
        self,
        store: Store,
        world: World,
        delivered: Callable[[], None],
        soon: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """Bind to the running loop; `soon` says when a query is run, else at its next turn."""
        self._store = store
        self._world = world
        self._delivered = delivered
        self._soon = soon or trio.lowlevel.current_trio_token().run_sync_soon
        self._desks = Desks(self._enter)
        self._ring: deque[Line] = deque()

    def open_desk(self, account: Account) -> Desk:
        """Give a connection a place of its own in the queue."""
        return self._desks.open(account)

    def _enter(self, line: Line) -> None:
        self._ring.append(line)
        self._soon(self._run)

    def _run(self) -> None:
        line = self._ring.popleft()
        job = line.next()
        # No clock ends it: what a simulation does follows from its seed alone.
        found = [] if job is None else [(job, carry_out(self._store, self._world, job))]
        line.desk.settle(line, found, None)
        self._delivered()
