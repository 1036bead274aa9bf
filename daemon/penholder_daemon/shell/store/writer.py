"""The writer: whoever submits a mutation waits for the one writer.

A sync takes up to 20 ms on some disks, in which the loop must go on. So the writer has a thread of
its own. It is one thread, since SQLite has one writer anyway and a second would only wait for a
lock. A sync makes any number of mutations durable, so what is left to decide is which of them share
one:

- Group commit is natural. The writer takes all that came while its last commit ran: a busy daemon
  makes large batches by itself, and an idle one answers at once. A timer would only make the idle
  one slower.
- A batch is taken from the queue while it runs, and ends where it has cost enough: in calls, in
  bytes, in milliseconds. Were all that waits taken at once, the first one's answer would come when
  the last one's work is done, however much that is.
- Whoever was answered just now is likely to ask again at once. So a batch that has carried
  everything out looks twice for what has come meanwhile, before it commits.

Little is shared that changes. The loop puts into `_inbox`, and counts what it has put in
(`Admitted`). The thread owns the queue (`WriteQueue`) and the connection. What came of a batch goes
back by trio's token, which keeps the order of the commits. Only a connection's account is written
on both sides, each of its counters by one of them.

What ends the writer ends the daemon (`_end_daemon`): an outcome that nobody knows, a checkpoint
that met an I/O error, a bug that nobody foresaw. A new start has a writer again; a daemon whose
writer is gone would go on taking mutations that nobody writes.

The same core runs inline in the loop for simulation (`InlineWriter`): one thread, so that a run can
be replayed.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Protocol

import structlog
import trio

from penholder_daemon.core.commit import Answer, BatchOutcome, Committer
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import Admitted, WriteJob, WriteQueue
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.store.writer_connection import WriterConnection
from penholder_protocol.limits import (
    MAX_COMMIT_BATCH,
    MAX_COMMIT_BATCH_BYTES,
    MAX_COMMIT_BATCH_MS,
)

log = structlog.get_logger()

# Well below LEASE_STALL_MS, so that a writer with nothing to do is not taken for one that stalls.
_HEARTBEAT_SECONDS = 0.5
_LOOKS_FOR_MORE = 2
"""How often a batch that has carried everything out looks for what has come meanwhile."""
_LAST_SECONDS = 1.0
"""How long a stop goes on writing what was left waiting."""

Deliver = Callable[[Sequence[WriteJob], BatchOutcome], None]
Soon = Callable[[Callable[[], None]], None]
"""Has something done in the loop, a little later."""


class Writer(Protocol):
    """What a connection sees of the writer."""

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy when the queue is full."""

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment; None if nothing is known to be wrong."""


def _take_in_nothing() -> None:
    """Nothing comes while a batch runs."""


class _Batch:
    """Mutations of one transaction, taken while it runs."""

    def __init__(
        self,
        waiting: WriteQueue,
        clock: Callable[[], float],
        take_in: Callable[[], None] = _take_in_nothing,
    ) -> None:
        self._waiting = waiting
        self._take_in = take_in
        self._clock = clock
        self._until = clock() + MAX_COMMIT_BATCH_MS / 1000
        self._bytes = 0
        self._answered: list[int] = []
        self.jobs: list[WriteJob] = []

    def calls(self) -> Iterator[Invocation]:
        """Take what waits until it has cost enough."""
        take, clock, until = self._waiting.take, self._clock, self._until
        looks = _LOOKS_FOR_MORE
        for _ in range(MAX_COMMIT_BATCH):
            # Asked before a call is taken, not after: what was taken has to be carried out.
            if self._bytes >= MAX_COMMIT_BATCH_BYTES or clock() > until:
                return
            job = take()
            if job is None and looks:
                # Who has been answered just now is likely to have asked again meanwhile: it shares
                # this sync instead of waiting for it.
                looks -= 1
                self._take_in()
                job = take()
            if job is None:
                return
            self.jobs.append(job)
            self._bytes += job.params_bytes
            yield job.call

    def answered(self, answer: Answer) -> None:
        """Count the answer to the call that was taken last."""
        size = len(answer) if isinstance(answer, bytes) else 0
        self._bytes += size
        self._answered.append(size)
        # At once, so that the next turn of this connection in the same batch is judged with it.
        self.jobs[-1].account.written_bytes += size

    def tell_delivered(self) -> None:
        """Let every connection know, in the loop, that what was made for it has arrived."""
        # Not strict: where the transaction was lost amid a call, that call has no size.
        for job, size in zip(self.jobs, self._answered, strict=False):
            job.account.delivered(size)


class ThreadWriter:
    """The writer on a thread of its own."""

    # Not made with the rest: what a commit sets in motion needs nearly all parts, and they need
    # this.
    _deliver: Deliver

    def __init__(
        self, connection: WriterConnection, counters: Counters, request_log: RequestLog, beat: Beat
    ) -> None:
        """Take mutations from now on; must be called inside trio, whose beat who calls keeps."""
        self._connection = connection
        self._beat = beat
        self._counters = counters
        self._request_log = request_log
        self._loop = trio.lowlevel.current_trio_token()
        # It has no bound of its own: `Admitted` has counted each mutation before it is put in.
        self._inbox: queue.SimpleQueue[WriteJob | Account | None] = queue.SimpleQueue()
        self._waiting = WriteQueue()
        self._admitted = Admitted()
        self._is_stopping = False
        self._end_by = 0.0
        self._thread = threading.Thread(target=self._run, name="penholder-writer", daemon=True)

    def start(self, deliver: Deliver) -> None:
        """Begin to write; `deliver` is called in trio's loop."""
        self._deliver = deliver
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""
        return self._admitted.calls

    @property
    def silent_seconds(self) -> float:
        """How long ago it last got on with something; idle it does twice a second."""
        return perf_counter() - self._connection.progressed_at

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._connection.fault

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy."""
        # After a stall of the loop its own task need not be the first to run. The stall is told
        # before this job is handed over, so that no lease is judged without it.
        self._beat.look()
        # Before the put: what is refused as BUSY has never been anywhere.
        self._admitted.admit(job)
        self._inbox.put(job)

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""
        self._inbox.put(account)

    async def stop(self) -> None:
        """Finish what waits, for a moment at most, and end the thread.

        Nobody is connected any more: what is not written then was not acknowledged to anybody.
        """
        self._inbox.put(None)
        await trio.to_thread.run_sync(self._thread.join)

    def _run(self) -> None:
        try:
            self._work()
        except Exception as bug:
            # Whoever waits for it would wait for ever; a new start has a writer again.
            log.critical("the writer failed inside the daemon", exc_info=bug)
            self._end_daemon()

    def _work(self) -> None:
        while not self._is_stopping or (self._waiting and perf_counter() < self._end_by):
            self._take_in()
            if self._waiting:
                self._write()

    def _take_in(self) -> None:
        """Take what has come; with nothing to do wait for it."""
        try:
            if not self._waiting:
                # Waited for only with nothing to do; with jobs at hand nothing may delay the next
                # commit.
                self._note(self._inbox.get(timeout=_HEARTBEAT_SECONDS))
        except queue.Empty:
            self._be_idle()
            return
        self._take_in_rest()

    def _take_in_rest(self) -> None:
        """Take what has come besides."""
        try:
            while True:
                self._note(self._inbox.get_nowait())
        except queue.Empty:
            return

    def _note(self, come: WriteJob | Account | None) -> None:
        match come:
            case WriteJob():
                self._waiting.add(come)
            case Account():
                self._waiting.resume(come)
            case None:
                self._is_stopping = True
                self._end_by = perf_counter() + _LAST_SECONDS

    def _write(self) -> None:
        batch = _Batch(self._waiting, perf_counter, self._take_in_rest)
        # perf_counter is CLOCK_MONOTONIC, as the world's clock of that name is.
        heard_ms = int(self._waiting.waits_since * 1000)
        begun = perf_counter()
        outcome = self._connection.run(batch.calls(), batch.answered, heard_ms)
        ended = perf_counter()
        # Empty where each connection whose turn it was had no room for its answer.
        if batch.jobs:
            self._loop.run_sync_soon(self._delivered, batch, outcome, begun, ended)
        # After the answers are on their way: nobody who was written for waits for a checkpoint.
        self._checkpoint()

    def _delivered(self, batch: _Batch, outcome: BatchOutcome, begun: float, ended: float) -> None:
        jobs = batch.jobs
        self._admitted.let_go(jobs)
        self._counters.committed(len(jobs), ended - begun)
        traces = [job.trace for job in jobs]
        for trace in traces:
            trace.carried_out(begun, ended)
        self._request_log.committed(traces, outcome, ended - begun)
        self._deliver(jobs, outcome)
        # Last: until an answer is held as unsent, it goes on counting as underway. The other way
        # round there would be room for a moment in which there is none.
        batch.tell_delivered()

    def _be_idle(self) -> None:
        if self._connection.heartbeat().fatal:
            self._end_daemon()
        self._checkpoint()

    def _checkpoint(self) -> None:
        try:
            self._connection.checkpoint()
        except StoreFault as fault:
            log.error("a checkpoint failed", reason=str(fault), fatal=fault.outcome_unknown)
            if fault.outcome_unknown:
                # The kernel may take pages that it failed to write for written: a checkpoint that
                # is tried again would "succeed". A new start reads them from the log once more.
                self._end_daemon()

    def _end_daemon(self) -> None:
        # The same way as every outcome, so all that was committed before is delivered before.
        self._loop.run_sync_soon(self._deliver, [], BatchOutcome([], fatal=True))


class InlineWriter:
    """The writer inside the loop, for simulation: one batch a turn of the loop."""

    _deliver: Deliver

    def __init__(self, committer: Committer, soon: Soon | None = None) -> None:
        """Bind to the running loop; `soon` says when a batch is written, else at its next turn."""
        self._committer = committer
        self._soon = soon or trio.lowlevel.current_trio_token().run_sync_soon
        self._waiting = WriteQueue()
        self._admitted = Admitted()
        self._is_due = False

    def start(self, deliver: Deliver) -> None:
        """Begin to write; `deliver` is called in the loop."""
        self._deliver = deliver

    @property
    def waiting(self) -> int:
        """How many mutations wait."""
        return self._admitted.calls

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._committer.fault

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy."""
        self._admitted.admit(job)
        self._waiting.add(job)
        self._come_again()

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""
        self._waiting.resume(account)
        self._come_again()

    def _come_again(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            self._soon(self._write)

    def _write(self) -> None:
        self._is_due = False
        # A clock that stands still: a batch that ended by the time it took would not replay from a
        # seed.
        batch = _Batch(self._waiting, lambda: 0.0)
        outcome = self._committer.run(batch.calls(), batch.answered)
        self._come_again()
        self._admitted.let_go(batch.jobs)
        self._deliver(batch.jobs, outcome)
        batch.tell_delivered()
