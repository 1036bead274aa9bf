"""The mutations that wait for the writer: one of each connection in turn, in each one's order.

First come, first served would have everybody wait for all that one peer has queued. A connection
that pipelines two hundred calls has one turn here where one with a single call has one. Within a
connection the order in which it sent them holds, since that is promised.

One whose peer has no room for answers is passed over until there is: its answers would otherwise be
made, all of them, before it could read any. Whether there is room changes in the loop while this is
asked on the writer's thread. So one that is to be passed over says first that it waits, and asks
once more: room that comes in between is seen here, or told through `resume`.

Whether a lease ran out is judged as of when a call began to wait for its turn, as its sender may be
the holder. That is the time in the ring: what waits behind others of its own connection, or for its
own peer to read, is not kept waiting by the daemon.

The queue belongs to the writer's thread, `Admitted` to the loop. A full queue is BUSY for who
filled it. Whoever has next to nothing waiting is let in up to twice the limit, which is the bound.
"""

from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.shell.fairness.accounts import Account, unlimited
from penholder_daemon.shell.observing.request_log import Trace
from penholder_protocol.errors import Busy
from penholder_protocol.limits import (
    CONNECTION_KEEPS_BYTES,
    MAX_QUEUED_BESIDE,
    MAX_WRITER_QUEUE,
    MAX_WRITER_QUEUE_BYTES,
)

OWN = unlimited()
"""The account of the daemon's own mutations."""


class WriteJob(Trace):
    """A mutation, its times, and who wants to know what came of it."""

    __slots__ = ("_done", "account", "call", "params_bytes")

    def __init__(
        self, call: Invocation, done: Callable[[Answer], None], account: Account = OWN
    ) -> None:
        """Want a call carried out, for a connection or for the daemon itself."""
        super().__init__()
        self.call = call
        self.account = account
        self.params_bytes = len(call.raw_params)
        """How much it keeps waiting."""
        self._done = done

    def done(self, answer: Answer) -> None:
        """Hear, in the loop and after the commit, what came of it."""
        self._done(answer)


class WriteQueue:
    """What waits, by connection."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._jobs: dict[Account, deque[WriteJob]] = {}
        self._ring: deque[tuple[Account, float]] = deque()
        """Whose turn it is, each with since when it waits for that (perf_counter)."""
        self._held: set[Account] = set()

    def __bool__(self) -> bool:
        """Whether anything can be taken."""
        return bool(self._ring)

    def add(self, job: WriteJob) -> None:
        """Queue a mutation behind those of its connection."""
        # With jobs it stands in the ring already, or is passed over: in either case once is enough.
        jobs = self._jobs.get(job.account)
        if jobs is None:
            jobs = self._jobs[job.account] = deque()
            self._ring.append((job.account, job.arrived))
        jobs.append(job)

    def resume(self, account: Account) -> None:
        """Pass a connection over no more."""
        # One that is told of room without having been passed over must not stand in the ring twice.
        if account in self._held:
            self._held.discard(account)
            # Now, not since it came: until now its own peer kept it waiting.
            self._ring.append((account, perf_counter()))

    @property
    def waits_since(self) -> float:
        """Since when the one waits whose turn is next; now if nobody waits.

        What waits behind others of its own connection, or for its peer to read, is not kept
        waiting by the daemon.
        """
        return self._ring[0][1] if self._ring else perf_counter()

    def take(self) -> WriteJob | None:
        """Take the next mutation whose connection has room for its answer."""
        while self._ring:
            account, _ = self._ring.popleft()
            if not account.has_room and not self._has_room_yet(account):
                self._held.add(account)
                continue
            jobs = self._jobs[account]
            job = jobs.popleft()
            if jobs:
                self._ring.append((account, perf_counter()))
            else:
                del self._jobs[account]
            return job
        return None

    def _has_room_yet(self, account: Account) -> bool:
        # Said before it is asked again: room that comes now is told, and finds it held or not.
        account.is_waited_for = True
        return account.has_room


class Admitted:
    """Counts what waits, in calls and in bytes; touched by the loop only."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.calls = 0
        self._bytes = 0

    def admit(self, job: WriteJob) -> None:
        """Count a mutation; raises Busy, unless its connection has next to nothing waiting."""
        size = job.params_bytes
        account = job.account
        own_bytes = account.queued_bytes + size
        is_modest = account.queued < MAX_QUEUED_BESIDE and own_bytes <= CONNECTION_KEEPS_BYTES
        most = 2 if is_modest else 1
        if self.calls >= most * MAX_WRITER_QUEUE:
            raise _busy("MAX_WRITER_QUEUE", MAX_WRITER_QUEUE)
        if self._bytes + size > most * MAX_WRITER_QUEUE_BYTES:
            raise _busy("MAX_WRITER_QUEUE_BYTES", MAX_WRITER_QUEUE_BYTES)
        self.calls += 1
        self._bytes += size
        account.queued += 1
        account.queued_bytes = own_bytes

    def let_go(self, jobs: Sequence[WriteJob]) -> None:
        """Count mutations off."""
        self.calls -= len(jobs)
        for job in jobs:
            size, account = job.params_bytes, job.account
            self._bytes -= size
            account.queued -= 1
            account.queued_bytes -= size


def _busy(limit: str, maximum: int) -> Busy:
    return Busy(
        f"the writer's queue is full ({limit} = {maximum}); try again in a moment",
        limit=limit,
        maximum=maximum,
    )
