"""The writer: whoever submits a mutation waits for the one writer.

There is one, since SQLite has one writer and a second would only wait for a lock. It has two hands.
In the loop, right after what came in a turn is read, a commit costs no switch of threads: two that
work for the same call take the interpreter from each other at every send and every statement, which
costs more than storing it. But a sync takes 20 ms on some disks, in which the loop must go on. So
the store is in the loop's hand while commits are fast (`Pace`), and is lent to a thread for what
may take long: commits of a slow disk, checkpoints, mutations that say so (`Method.is_long`), and
the look whether writing works while nobody writes. Only who has it touches the queue (`WriteQueue`)
and the connection; the loop puts what comes meanwhile into `_inbox`. Both run the same batches.

Where a server keeps the state there is nothing slow about the loop's hand: a batch that waits for
the server stands still, and the loop goes on (`WritingConnection.in_loop`). Until it is done
nothing else is begun (`_is_writing`).

Group commit is natural in either hand. The thread takes all that came while its last commit ran,
the loop all that came in one turn: a busy daemon makes large batches by itself, and an idle one
answers at once. A timer would only make the idle one slower.

What came of a batch is delivered in the loop, in the order of the commits: at once, or by trio's
token, which keeps that order. The store comes back the same way, so what the thread has written is
delivered before the loop writes on. Only a connection's account is written on both sides, each of
its counters by one of them.

What ends the writer ends the daemon (`_end_daemon`): an outcome that nobody knows, a checkpoint
that met an I/O error, a bug that nobody foresaw. A new start has a writer again; a daemon whose
writer is gone would go on taking mutations that nobody writes.
For simulation the same core runs in the loop alone (`InlineWriter`).
"""

import queue
import threading
from collections.abc import Callable, Sequence
from time import perf_counter

import structlog
import trio

from penholder_daemon.core.commit import BatchOutcome
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.store import StoreBusy, StoreFault
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import Admitted, WriteJob, WriteQueue
from penholder_daemon.shell.kernel.run_delay import RunDelay
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.store.backing import WritingConnection
from penholder_daemon.shell.store.batch import Batch
from penholder_daemon.shell.store.pace import SLOW_SECONDS, Pace
from penholder_daemon.shell.store.writer_ports import Come, Deliver, Hub
from penholder_protocol.limits import MAX_COMMIT_BATCH_MS

log = structlog.get_logger()

# Well below LEASE_STALL_MS, so that a writer with nothing to do is not taken for one that stalls.
_HEARTBEAT_SECONDS = 0.5
_IDLE_SECONDS = 1.0
"""The same where nobody has asked for the store: it takes four switches of threads to look."""
_LOOP_BATCH_SECONDS = 0.005
"""How long a batch in the loop takes more calls: who asks for anything else waits meanwhile."""
_LAST_SECONDS = 1.0
"""How long a stop goes on writing what was left waiting."""


class AdaptiveWriter:
    """The writer of a daemon: in the loop while commits are fast, else on its thread."""

    # Not made with the rest: what a commit sets in motion needs nearly all parts, and they need
    # this.
    _deliver: Deliver
    # Made by the thread itself, which it is about.
    _thread_delay: RunDelay

    def __init__(
        self,
        connection: WritingConnection,
        counters: Counters,
        request_log: RequestLog,
        beat: Beat,
        hub: Hub,
        pace: Pace | None = None,
    ) -> None:
        """Take mutations from now on; must be called inside trio, whose beat who calls keeps."""
        self._connection = connection
        self._counters = counters
        self._request_log = request_log
        self._beat = beat
        self._hub = hub
        self._loop = trio.lowlevel.current_trio_token()
        self._waiting = WriteQueue()
        self._admitted = Admitted()
        self._pace = pace or Pace()
        self._loop_delay = RunDelay()
        self._is_lent = False
        self._is_writing = False
        """Whether the loop is amid a batch, and has the store as long, whatever is lent."""
        self._is_due = False
        self._is_hinted = False
        self._long = 0
        """How many mutations wait that may take long."""
        # It has no bound of its own: `Admitted` has counted each mutation before it is put in.
        self._inbox: queue.SimpleQueue[Come] = queue.SimpleQueue()
        self._loans: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_stopping = False
        self._end_by = 0.0
        self._thread = threading.Thread(target=self._run, name="penholder-writer", daemon=True)

    def start(self, deliver: Deliver) -> None:
        """Begin to write; `deliver` is called in trio's loop."""
        self._deliver = deliver
        self._thread.start()
        if self._pace.is_fast:
            self._go_on()
        else:
            self._lend()

    @property
    def waiting(self) -> int:
        """How many mutations wait or are being written."""
        return self._admitted.calls

    @property
    def silent_seconds(self) -> float:
        """How long ago it last got on with something; idle it does once a second."""
        return perf_counter() - self._connection.progressed_at

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment."""
        return self._connection.fault

    @property
    def is_in_loop(self) -> bool:
        """Whether the next commit is made in the loop."""
        return not self._is_lent

    def submit(self, job: WriteJob) -> None:
        """Queue a mutation; raises Busy."""
        # After a stall of the loop its own task need not be the first to run. The stall is told
        # before this job is handed over, so that no lease is judged without it; once for all that
        # comes in a turn.
        if not self._is_due:
            self._beat.look()
        # Before the put: what is refused as BUSY has never been anywhere.
        self._admitted.admit(job)
        if job.call.method.is_long:
            # What its connection asks for next must come after it, so it is left to the thread too.
            self._long += 1
            self._inbox.put(job)
            self._lend()
        elif self._is_lent:
            self._inbox.put(job)
        else:
            self._waiting.add(job)
            if not self._is_due:
                self._go_on()

    def resume(self, account: Account) -> None:
        """Go on with the mutations of a connection whose peer has room for answers again."""
        self._put(account)

    async def stop(self) -> None:
        """Finish what waits, for a moment at most, and end the thread.

        Nobody is connected any more: what is not written then was not acknowledged to anybody.
        """
        self._put(None)
        self._connection.hurry()
        await trio.to_thread.run_sync(self._thread.join)
        self._loop_delay.close()
        self._thread_delay.close()

    # --- in the loop --------------------------------------------------------------------------
    def _put(self, come: Come) -> None:
        if self._is_lent:
            self._inbox.put(come)
            return
        self._note(come)
        self._go_on()

    def _go_on(self) -> None:
        """Have written what waits, if anything does; else have others heard."""
        if self._is_stopping or (self._long and self._waiting):
            self._lend()
        elif self._is_due or self._is_writing:
            return
        elif self._waiting or self._is_hinted:
            self._is_due = True
            self._hub.soon(self._begin_in_loop)
        else:
            self._connection.watch(self._hub, self._hear)

    def _hear(self) -> None:
        # Whoever else has the store by now hears it himself.
        if not (self._is_lent or self._is_writing):
            self._is_hinted = self._connection.is_hinted()
            self._go_on()

    def _begin_in_loop(self) -> None:
        self._is_due = False
        if self._is_lent or not (self._waiting or self._is_hinted):
            return
        self._is_writing = True
        self._connection.in_loop(self._write_in_loop, self._hub)

    def _write_in_loop(self) -> None:
        try:
            if self._waiting:
                self._write_at_once()
            else:
                self._idle(self._deliver)
        except StoreBusy:
            self._lend()  # the thread waits for it
        except Exception as bug:  # noqa: BLE001 - it ends the daemon, as on the thread
            self._fail(bug)
            return
        finally:
            self._is_writing = False
            if not self.is_in_loop:
                self._loans.put(None)
        if not self.is_in_loop:
            return
        if self._pace.is_fast and not self._connection.checkpoint_is_due:
            self._go_on()
        else:
            self._lend()

    def _write_at_once(self) -> None:
        written = self._write(_LOOP_BATCH_SECONDS, self._hub.read, self._loop_delay, waits=False)
        self._delivered(*written)

    def _lend(self) -> None:
        """Have the thread do what may take long, at once or after the batch in the loop."""
        if not self._is_lent:
            self._is_lent = True
            if not self._is_writing:
                self._loans.put(None)

    def _lend_to_idle(self) -> None:
        if not (self._waiting or self._is_writing):
            self._lend()

    def _take_back(self) -> None:
        """Go on in the loop with what the thread has left."""
        self._is_lent = False
        while not self._inbox.empty():
            self._note(self._inbox.get())
        self._go_on()

    # --- on the thread ------------------------------------------------------------------------
    def _run(self) -> None:
        self._thread_delay = RunDelay()
        try:
            while self._serve_loan():
                continue
        except Exception as bug:  # noqa: BLE001 - it ends the daemon
            self._fail(bug)

    def _serve_loan(self) -> bool:
        """Do what the loop lends the store for; False when that was the last time."""
        self._await_loan()
        is_first = True
        while is_first or not self._pace.is_fast:
            self._work(waits=not is_first)
            is_first = False
            if self._is_stopping:
                self._write_the_rest()
                return False
        self._loop.run_sync_soon(self._take_back)
        return True

    def _await_loan(self) -> None:
        while True:
            try:
                self._loans.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                # A loan it may be, and only the loop knows whether it has anything to do. Where it
                # has, it is asked again: it may idle by then.
                self._loop.run_sync_soon(self._lend_to_idle)
            else:
                return

    def _work(self, *, waits: bool) -> None:
        """Write one batch, or be idle; then move the log if it is due."""
        try:
            if waits and not self._waiting:
                # Waited for only with nothing to do; with jobs at hand nothing may delay the next
                # commit.
                self._note(self._inbox.get(timeout=_HEARTBEAT_SECONDS))
            self._take_in_rest()
        except queue.Empty:
            pass  # nothing has come, as is seen below
        if self._waiting:
            self._write_on_thread()
        else:
            self._idle(self._deliver_soon)
        # After the answers are on their way: nobody who was written for waits for a checkpoint.
        self._checkpoint()

    def _idle(self, deliver: Deliver) -> None:
        self._is_hinted = False
        _deliver_found(self._connection.heartbeat(), deliver)

    def _deliver_soon(self, jobs: Sequence[WriteJob], outcome: BatchOutcome) -> None:
        self._loop.run_sync_soon(self._deliver, jobs, outcome)

    def _write_the_rest(self) -> None:
        while self._waiting and perf_counter() < self._end_by:
            self._write_on_thread()
        self._checkpoint()

    def _write_on_thread(self) -> None:
        seconds = MAX_COMMIT_BATCH_MS / 1000
        written = self._write(seconds, self._take_in_rest, self._thread_delay)
        self._loop.run_sync_soon(self._delivered, *written)

    def _take_in_rest(self) -> None:
        """Take what has come besides."""
        while not self._inbox.empty():
            self._note(self._inbox.get())

    def _checkpoint(self) -> None:
        try:
            self._connection.checkpoint()
        except StoreFault as fault:
            log.error("a checkpoint failed", reason=str(fault), fatal=fault.outcome_unknown)
            if fault.outcome_unknown:
                # The kernel may take pages that it failed to write for written: a checkpoint that
                # is tried again would "succeed". A new start reads them from the log once more.
                self._end_daemon()

    # --- in either hand -----------------------------------------------------------------------
    def _note(self, come: Come) -> None:
        match come:
            case WriteJob():
                self._waiting.add(come)
            case Account():
                self._waiting.resume(come)
            case None:
                self._is_stopping = True
                self._end_by = perf_counter() + _LAST_SECONDS

    def _write(
        self,
        seconds: float,
        take_in: Callable[[], object],
        delay: RunDelay,
        *,
        waits: bool = True,
    ) -> tuple[Batch, BatchOutcome, float, float]:
        self._is_hinted = False
        # perf_counter is CLOCK_MONOTONIC, as the world's clock of that name is.
        heard_ms = int(self._waiting.waits_since * 1000)
        batch = Batch(self._waiting, perf_counter, seconds, take_in)
        begun = perf_counter()
        delay.note(begun)
        outcome = self._connection.run(batch.calls(), batch.answered, heard_ms, waits=waits)
        ended = perf_counter()
        took = ended - begun
        if took > SLOW_SECONDS:
            # Less what it has waited for a processor: that is no fault of the disk.
            took -= delay.since_noted()
        # One without a call was not synced, so it says nothing of the disk.
        if batch.jobs:
            self._pace.note(took)
        return batch, outcome, begun, ended

    def _delivered(self, batch: Batch, outcome: BatchOutcome, begun: float, ended: float) -> None:
        jobs = batch.jobs
        # Empty where each connection whose turn it was had no room for its answer, or where the
        # time for a batch was over before the first call was taken.
        if not jobs:
            _deliver_found(outcome, self._deliver)
            return
        self._admitted.let_go(jobs)
        if self._long:
            self._long -= sum(job.call.method.is_long for job in jobs)
        self._counters.committed(len(jobs), ended - begun)
        for job in jobs:
            job.carried_out(begun, ended)
        self._request_log.committed(jobs, outcome, ended - begun)
        self._deliver(jobs, outcome)
        # Last: until an answer is held as unsent, it goes on counting as underway. The other way
        # round there would be room for a moment in which there is none.
        batch.tell_delivered()

    def _fail(self, bug: Exception) -> None:
        # Whoever waits for it would wait for ever; a new start has a writer again.
        log.critical("the writer failed inside the daemon", exc_info=bug)
        self._end_daemon()

    def _end_daemon(self) -> None:
        # The same way as every outcome, so all that was committed before is delivered before.
        self._deliver_soon([], BatchOutcome([], fatal=True))


def _deliver_found(outcome: BatchOutcome, deliver: Deliver) -> None:
    """Deliver what nobody here has asked for: it was found in the store, and is found once only."""
    if outcome.fatal or outcome.published or outcome.effects:
        deliver([], outcome)
