"""The pen: whoever submits a mutation waits for the one writer.

Natural group commit: the writer takes all that came while its last commit ran, so a busy daemon
makes large batches and an idle one answers at once, without a timer. The same core runs on a
thread (a disk may take 20 ms for a sync, which must not stop the loop) or inline (simulation).
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import structlog
import trio

from penholder_daemon.core.commit import Answer, Committer, Outcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.registry import Invocation
from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.pen import Pen
from penholder_daemon.shell.request_log import RequestLog, Trace
from penholder_daemon.shell.tally import Tally
from penholder_protocol.errors import Busy
from penholder_protocol.limits import MAX_COMMIT_BATCH, MAX_WRITER_QUEUE, MAX_WRITER_QUEUE_BYTES

log = structlog.get_logger()

_HEARTBEAT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """A mutation and who wants to know what came of it (called in the loop, after the commit)."""

    call: Invocation
    done: Callable[[Answer], None]
    trace: Trace = field(default_factory=Trace)


Deliver = Callable[[Sequence[Job], Outcome], None]


class Writer(Protocol):
    """What a connection sees of the writer."""

    def submit(self, job: Job) -> None:
        """Queue a mutation; raises Busy when the queue is full."""

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment; None if nothing is known to be wrong."""


class _Queue:
    """Counts what waits, in calls and in bytes; touched by the loop only."""

    def __init__(self) -> None:
        self.calls = 0
        self._bytes = 0

    def admit(self, job: Job) -> None:
        size = len(bytes(job.call.raw_params))
        if self.calls >= MAX_WRITER_QUEUE:
            raise _busy("MAX_WRITER_QUEUE", MAX_WRITER_QUEUE)
        if self._bytes + size > MAX_WRITER_QUEUE_BYTES:
            raise _busy("MAX_WRITER_QUEUE_BYTES", MAX_WRITER_QUEUE_BYTES)
        self.calls += 1
        self._bytes += size

    def let_go(self, jobs: Sequence[Job]) -> None:
        self.calls -= len(jobs)
        self._bytes -= sum(len(bytes(job.call.raw_params)) for job in jobs)


def _busy(limit: str, maximum: int) -> Busy:
    return Busy(
        f"the writer's queue is full ({limit} = {maximum}); try again in a moment",
        limit=limit,
        maximum=maximum,
    )


class ThreadWriter:
    """The writer on a thread of its own; `deliver` is called in trio's loop."""

    def __init__(
        self, pen: Pen, deliver: Deliver, tally: Tally, request_log: RequestLog, beat: Beat
    ) -> None:
        """Start the thread; must be called inside trio, whose beat is kept by who calls."""
        self._pen = pen
        self._beat = beat
        self._deliver = deliver
        self._tally = tally
        self._request_log = request_log
        self._loop = trio.lowlevel.current_trio_token()
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._queue = _Queue()
        self._thread = threading.Thread(target=self._work, name="penholder-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""
        return self._queue.calls

    @property
    def silent_seconds(self) -> float:
        """How long ago it last got on with something; idle it does twice a second."""
        return perf_counter() - self._pen.progressed_at

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._pen.fault

    def submit(self, job: Job) -> None:
        """Queue a mutation; raises Busy."""
        self._beat.look()
        self._queue.admit(job)
        self._inbox.put(job)

    async def stop(self) -> None:
        """Finish what waits and end the thread."""
        self._inbox.put(None)
        await trio.to_thread.run_sync(self._thread.join)

    def _work(self) -> None:
        running = True
        while running:
            try:
                first = self._inbox.get(timeout=_HEARTBEAT_SECONDS)
            except queue.Empty:
                self._be_idle()
                continue
            running = self._write(first)

    def _write(self, first: Job | None) -> bool:
        jobs: list[Job] = []
        job = first
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_COMMIT_BATCH:
                break
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                break
        if jobs:
            begun = perf_counter()
            outcome = self._pen.run([each.call for each in jobs], _heard_ms(jobs[0]))
            ended = perf_counter()
            self._loop.run_sync_soon(self._delivered, jobs, outcome, begun, ended)
            self._checkpoint()
        return job is not None

    def _delivered(self, jobs: list[Job], outcome: Outcome, begun: float, ended: float) -> None:
        self._queue.let_go(jobs)
        self._tally.committed(len(jobs), ended - begun)
        traces = [job.trace for job in jobs]
        for trace in traces:
            trace.carried_out(begun, ended)
        self._request_log.committed(traces, outcome, ended - begun)
        self._deliver(jobs, outcome)

    def _be_idle(self) -> None:
        if self._pen.heartbeat().fatal:
            self._end_daemon()

    def _checkpoint(self) -> None:
        try:
            self._pen.checkpoint()
        except StoreFault as fault:
            log.error("a checkpoint failed", reason=str(fault), fatal=fault.outcome_unknown)
            if fault.outcome_unknown:
                # The kernel may take pages that it failed to write for written: a checkpoint that
                # is tried again would "succeed". A new start reads them from the log once more.
                self._end_daemon()

    def _end_daemon(self) -> None:
        self._loop.run_sync_soon(self._deliver, [], Outcome([], fatal=True))


def _heard_ms(job: Job) -> int:
    """Return when a job was heard; perf_counter is CLOCK_MONOTONIC, as the world's clock is."""
    return int(job.trace.arrived * 1000)


class InlineWriter:
    """The writer inside the loop, for simulation: one batch a turn of the loop."""

    def __init__(self, committer: Committer, deliver: Deliver) -> None:
        """Bind to the running loop."""
        self._committer = committer
        self._deliver = deliver
        self._loop = trio.lowlevel.current_trio_token()
        self._jobs: deque[Job] = deque()
        self._queue = _Queue()

    @property
    def waiting(self) -> int:
        """How many mutations wait."""
        return self._queue.calls

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._committer.fault

    def submit(self, job: Job) -> None:
        """Queue a mutation; raises Busy."""
        self._queue.admit(job)
        self._jobs.append(job)
        if len(self._jobs) == 1:
            self._loop.run_sync_soon(self._write)

    def _write(self) -> None:
        jobs = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_COMMIT_BATCH))]
        if self._jobs:
            self._loop.run_sync_soon(self._write)
        outcome = self._committer.run([job.call for job in jobs])
        self._queue.let_go(jobs)
        self._deliver(jobs, outcome)
