"""The queries that wait, by connection: fair to each, quick ones never behind costly ones.

In one queue for all, a peer that asks two hundred things at once has all of them answered before
anybody's next one. So turns are of connections, not of calls.

Each connection has a desk with two lines, one for what is quick and one for what turned out not to
be. A line with something in it stands in the readers' ring once, however much is in it; the reader
that takes it carries out a bunch of its queries, and only when the loop has delivered what came of
them does the line enter the ring again. So a connection with many queries has one turn where one
with a single query has one, no more is made for a peer than it has room for, and one line is in the
hands of one thread at a time: a deque is all the locking there is.

A desk closes at any moment, also while a reader has one of its lines. The reader then finds the
line empty, and what it has carried out already is dropped when it is settled. Queries need no more
care than that: they change nothing.

Many waiting queries of a few connections are BUSY for those, and not for the others: each may have
MAX_QUEUED_BESIDE waiting though the queue is full.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from outcome import Outcome

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.observing.request_log import Trace
from penholder_protocol.errors import Busy
from penholder_protocol.limits import MAX_QUEUED_BESIDE, MAX_READER_QUEUE

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ReadJob(Generic[T]):
    """A function of a view, for a caller; `done` is called in the loop with what came of it."""

    caller: Caller
    function: Callable[[Rx], T]
    done: Callable[[Outcome[T]], None]
    trace: Trace = field(default_factory=Trace)


Found: TypeAlias = list[tuple[ReadJob[object], Outcome[object]]]
"""Queries that were carried out, and what came of each."""


class Line:
    """Queries of one desk, in their order; all but `jobs` belongs to the loop."""

    __slots__ = ("desk", "is_costly", "is_out", "jobs")

    def __init__(self, desk: "Desk", *, is_costly: bool) -> None:
        """Begin empty."""
        self.desk = desk
        self.is_costly = is_costly
        # A list, as there are few: an empty deque holds 760 bytes, for every connection.
        self.jobs: list[ReadJob[object]] = []
        self.is_out = False
        """Whether it stands in the ring, or a reader has it."""

    def next(self) -> ReadJob[object] | None:
        """Take the oldest query; None where the connection has ended meanwhile."""
        try:
            return self.jobs.pop(0)
        except IndexError:
            return None


class Desks:
    """All desks over one ring: `enter` hands a line to whoever carries queries out."""

    def __init__(self, enter: Callable[[Line], None]) -> None:
        """Start with nobody waiting."""
        self._enter = enter
        self.waiting = 0

    def open(self, account: Account) -> "Desk":
        """Open the desk of a connection."""
        return Desk(self, account)

    def admit(self, own_waiting: int) -> None:
        """Count a query; raises Busy where there are too many, most of them of others."""
        if self.waiting >= MAX_READER_QUEUE and own_waiting >= MAX_QUEUED_BESIDE:
            raise Busy(
                f"too many queries wait (MAX_READER_QUEUE = {MAX_READER_QUEUE})",
                limit="MAX_READER_QUEUE",
                maximum=MAX_READER_QUEUE,
            )
        self.waiting += 1

    def enter(self, line: Line) -> None:
        """Have a line's turn come, if its peer has room for answers; else when it has."""
        if line.is_out or not line.jobs:
            return
        if line.desk.account.has_room:
            line.is_out = True
            self._enter(line)
        else:
            # No second look is needed, as `WriteQueue` has one: this runs in the loop, and so does
            # all that makes room.
            line.desk.account.is_waited_for = True


class Desk:
    """Where one connection hands in its queries; implements `QueryDesk`."""

    def __init__(self, desks: Desks, account: Account) -> None:
        """Begin with none."""
        self.account = account
        self._desks = desks
        self._quick = Line(self, is_costly=False)
        self._costly = Line(self, is_costly=True)
        self._waiting = 0
        self._is_closed = False
        account.when_room(self._resume)

    def submit(self, job: ReadJob[T]) -> None:
        """Queue a query; raises Busy when the queue is full."""
        if self._is_closed:
            return
        self._desks.admit(self._waiting)
        self._waiting += 1
        self._quick.jobs.append(job)  # type: ignore[arg-type]  # a queue of jobs of every type
        self._desks.enter(self._quick)

    def settle(self, line: Line, found: Found, slow: ReadJob[object] | None) -> None:
        """Deliver what came of a bunch; what took too long goes on in the other line."""
        # Whatever comes of the rest: a line that stays out is never carried out again.
        line.is_out = False
        # `close` has counted off all of them, these too.
        if self._is_closed:
            return
        self._desks.waiting -= len(found)
        self._waiting -= len(found)
        if slow is not None:
            # Not counted anew: it has waited all the time.
            self._costly.jobs.append(slow)
        try:
            for job, outcome in found:
                job.done(outcome)
        # One that fails must not keep the others from their next turn.
        finally:
            self._resume()

    def _resume(self) -> None:
        for line in (self._quick, self._costly):
            self._desks.enter(line)

    def close(self) -> None:
        """Forget what waits or is carried out: nobody is there for the answers."""
        self._is_closed = True
        for line in (self._quick, self._costly):
            # At once: a reader may take the last one between a look and a pop.
            line.jobs.clear()
        self._desks.waiting -= self._waiting
        self._waiting = 0
