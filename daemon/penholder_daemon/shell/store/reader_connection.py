"""One connection that reads, with the clock that ends what takes too long on it.

Time is the thread's own: a query is not ended because the machine is busy. That alone would let one
that waits for the disk go on and on, so there is a bound by the clock too, some times as long.

A connection is opened when it is first needed. It is kept only once the writer has the database
open; until then each query opens one and closes it again (`ShmGate` says why).
"""

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter, thread_time
from typing import TypeVar

from outcome import Error, Outcome, capture

from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.fairness.desks import ReadJob
from penholder_daemon.shell.store.backing import ReadingStore
from penholder_daemon.shell.store.shm_gate import ShmGate

T = TypeVar("T")

WALL_TIMES = 5
"""A query that waits for the disk takes little of its thread's time: so many times the budget."""


def carry_out(store: Store, world: World, job: ReadJob[T]) -> Outcome[T]:
    """Carry a query out in one view."""
    store.run("BEGIN")
    try:
        return capture(job.function, Rx(store, world, job.caller))
    finally:
        # Also where the function failed: a view that is left open keeps the log from beginning
        # anew.
        store.run("COMMIT")


class ReaderClock:
    """Ends a statement when its time is over; asked by the store while it works."""

    def __init__(self) -> None:
        self._until = self._wall_until = float("inf")
        self.has_ended = False
        self.is_stopping = False
        self.budget_ms = 0

    def start(self, budget_ms: int) -> None:
        """Give a query so much time."""
        self.has_ended = False
        self.budget_ms = budget_ms
        self._until = thread_time() + budget_ms / 1000
        self._wall_until = perf_counter() + WALL_TIMES * budget_ms / 1000

    def must_end(self) -> bool:
        """Say whether it is over."""
        # A stop does not wait for a query: what is carried out then is answered to nobody.
        if self.is_stopping or thread_time() > self._until or perf_counter() > self._wall_until:
            self.has_ended = True
        return self.has_ended

    def end(self) -> None:
        """Note that it was over, whoever has seen it."""
        self.has_ended = True

    def stop(self) -> None:
        """Have the next statement end by itself."""
        self._until = self._wall_until = float("inf")


class ReaderConnection:
    """One thread's connection, opened when it is first needed, and again until it may be kept."""

    def __init__(
        self, open_store: Callable[[], ReadingStore], gate: ShmGate, world: World, held: ExitStack
    ) -> None:
        self._open_store = open_store
        self._gate = gate
        self._world = world
        self._held = held
        self._store: ReadingStore | None = None
        self.clock = ReaderClock()

    def carry_out(self, job: ReadJob[object], budget_ms: int) -> Outcome[object] | None:
        """Carry a query out; None if its time was over before it was done."""
        begun = perf_counter()
        self.clock.start(budget_ms)
        try:
            # Opening may fail too, for want of a descriptor or of the file: that is this query's
            # failure, and the next one tries again.
            found = self._carry_out(job)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
            found = Error(error)
        finally:
            self.clock.stop()
            # Of one that was ended, too; the costly reader's time takes the place of this.
            job.trace.carried_out(begun, perf_counter())
        # Asked of the clock, whatever came of the function: it was ended, so what it says is of no
        # use.
        return None if self.clock.has_ended else found

    def _carry_out(self, job: ReadJob[object]) -> Outcome[object]:
        if self._store is None:
            with self._gate.alone, ExitStack() as opened:
                store = self._open_store()
                opened.callback(store.close)
                store.obey(self.clock)
                if not self._gate.is_open:
                    # One at a time, and closed again before the next: so a writer that tries again
                    # under the same lock finds no connection open.
                    return carry_out(store, self._world, job)
                self._store = store
                self._held.push(opened.pop_all())
        # Never under the lock: a costly query would keep others from opening theirs.
        return carry_out(self._store, self._world, job)
