"""What a commit sets in motion, in the loop.

The order is what others rely on. First its effects are carried out: a caller that reads its answer
finds the socket of the worker that it made, and who has lost a stream has lost it before the new
holder's entries are told. Then the answers go out, before entries are told to however many
subscribe. Then subscribers hear of it.

Sends are joined: what goes out is only queued, and a connection is flushed once for its answers and
once for what it is told (`Flusher`), however many of its mutations were in the batch.

Nothing here may fail for the others. An effect that raises would keep the answers of a whole batch
from those who wait for them, though all of it is committed. So each step has a guard of its own,
and what it meets is logged. It is a net: a test that meets the line fails.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ParamSpec, assert_never

import structlog

from penholder_daemon.core.commit import Answer, BatchOutcome
from penholder_daemon.core.effects import (
    CloseWorker,
    Effect,
    EndLostCursors,
    EndProcess,
    FenceOff,
    ForgetProcess,
    RemoveBlobs,
    ServeWorker,
    WakeAt,
    WakeWaiters,
    WatchProcess,
    WithdrawStream,
)
from penholder_daemon.shell.blobs.keeper import BlobKeeper
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.kernel.process_watcher import ProcessWatcher
from penholder_daemon.shell.listening.sockets import Sockets
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.running.timers import Timers

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The parts of the daemon that a commit may set in motion."""

    sockets: Sockets
    processes: ProcessWatcher
    timers: Timers
    publisher: Publisher
    blobs: BlobKeeper
    flusher: Flusher
    stop: Stop

    def deliver(self, jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        """Take a committed batch from the writer, in the loop.

        Never raises: what one effect, answer or subscriber meets must not keep the others from
        theirs. Each is written so that it meets nothing; this is the net below them.
        """
        for effect in outcome.effects:
            _guarded("an effect of a commit", self._carry_out, effect)
        # One iterator for all tries: a failure has used up its own pair only.
        left = zip(jobs, outcome.answers, strict=True)
        while _guarded("an answer", _answer, left):
            # The answers after the one that failed are still to be given.
            continue
        # Before entries are told: no answer waits for however many subscribe.
        _guarded("answers", self.flusher.flush)
        _guarded("a commit's entries", self.publisher.publish, outcome.published)
        _guarded("notifications", self.flusher.flush)
        # Last: what was committed before, and what became of this batch, is told first.
        if outcome.fatal:
            log.critical("the store failed and the outcome is unknown; the daemon exits")
            self.stop.crash()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case ServeWorker(worker_id):
                self.sockets.workers.serve(worker_id)
            case CloseWorker(worker_id, drop_connections):
                self.sockets.drop_worker(worker_id, drop_connections=drop_connections)
            case WatchProcess(worker_id, epoch, process):
                self.processes.watch(worker_id, epoch, process)
            case ForgetProcess(worker_id, epoch):
                self.processes.forget(worker_id, epoch)
            case EndProcess(worker_id):
                self.processes.end(worker_id)
            case FenceOff(worker_id, epoch, process, successor):
                self.sockets.tell_fenced(worker_id, epoch, process, successor)
            case WithdrawStream(stream, reader_id):
                self.sockets.withdraw(stream, reader_id)
            case WakeAt(boottime_ms):
                self.timers.wake_at(boottime_ms)
            case WakeWaiters(stream):
                self.publisher.wake(stream)
            case EndLostCursors(breaks):
                self.sockets.end_lost_cursors(breaks)
            case RemoveBlobs(blob_ids):
                self.blobs.remove(blob_ids)
            case _:
                # An effect without a case would be ignored in silence; so mypy notices it.
                assert_never(effect)


P = ParamSpec("P")


def _guarded(what: str, act: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
    """Do something of a delivery; True if it failed, which is logged and raised no further."""
    try:
        act(*args, **kwargs)
    except Exception as bug:
        # Never met but for a mistake of ours, so a test that meets the line fails.
        log.error("a delivery failed inside the daemon", what=what, exc_info=bug)
        return True
    return False


def _answer(left: Iterator[tuple[WriteJob, Answer]]) -> None:
    for job, answer in left:
        job.done(answer)
