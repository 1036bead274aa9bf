"""The house: what every connection shares, and what a commit sets in motion.

After a commit its effects are carried out, then its answers go out, then subscribers hear of it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, assert_never

import structlog
import trio
from msgspec import Raw

from penholder_daemon.core.commit import Answer, Outcome
from penholder_daemon.core.effects import (
    CloseWorker,
    Effect,
    EndProcess,
    FenceOff,
    ForgetProcess,
    ServeWorker,
    WakeAt,
    WakeWaiters,
    WatchProcess,
    WithdrawStream,
)
from penholder_daemon.core.session import Figures
from penholder_daemon.core.world import World
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.fairness.write_queue import Job
from penholder_daemon.shell.kernel.process_watcher import ProcessWatcher
from penholder_daemon.shell.listening.sockets import Sockets
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running.exits import Exits
from penholder_daemon.shell.running.status import Facts, Load
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.running.timers import Timers
from penholder_daemon.shell.store.maintenance import Maintenance
from penholder_daemon.shell.store.readers import Reading
from penholder_daemon.shell.store.writer import Writer

log = structlog.get_logger()


class House:
    """Implements `Services`; `daemon.py` gives it its parts."""

    writer: Writer
    readers: Reading
    sockets: Sockets
    exits: Exits
    processes: ProcessWatcher
    timers: Timers
    maintenance: Maintenance
    once: Once

    def __init__(
        self,
        world: World,
        dispatcher: Dispatcher,
        publisher: Publisher,
        openrpc: Callable[[], Raw],
        stop: Stop,
        facts: Facts,
    ) -> None:
        """Take the parts that exist before trio's loop does anything."""
        self.world = world
        self.dispatcher = dispatcher
        self.publisher = publisher
        self.accounts = Accounts()
        self.one_heavy = trio.Lock()
        self.flusher = Flusher()
        self._openrpc = openrpc
        self._stop = stop
        self._facts = facts
        self.tally = facts.tally
        self.request_log = facts.request_log

    def deliver(self, jobs: Sequence[Job], outcome: Outcome) -> None:
        """Take a committed batch from the writer, in the loop.

        Never raises: what one effect, answer or subscriber meets must not keep the others from
        theirs. Each is written so that it meets nothing; this is the net below them.
        """
        for effect in outcome.effects:
            _guarded("an effect of a commit", self._carry_out, effect)
        left = zip(jobs, outcome.answers, strict=True)
        while _guarded("an answer", _answer, left):
            # The answers after the one that failed are still to be given.
            continue
        _guarded("answers", self.flusher.flush)
        _guarded("a commit's entries", self.publisher.publish, outcome.published)
        _guarded("notifications", self.flusher.flush)
        if outcome.fatal:
            log.critical("the store failed and the outcome is unknown; the daemon exits")
            self._stop.crash()

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
            case _:
                assert_never(effect)

    def figures(self) -> Figures:
        """Return the daemon's figures."""
        return self._facts.figures(self._load())

    def config(self) -> Raw:
        """Return the settings in force."""
        return self._facts.config()

    def metrics(self, workers: dict[str, int]) -> str:
        """Return all figures for Prometheus."""
        return self._facts.metrics(self._load(), workers)

    def _load(self) -> Load:
        connections = self.sockets.connections
        return Load(
            held_bytes=self.accounts.held_bytes,
            unserved_workers=self.sockets.workers.unserved,
            connections=len(connections),
            subscriptions=self.sockets.subscription_count,
            largest_unsent_bytes=max((each.unsent_bytes for each in connections), default=0),
            writer_queue=self.writer.waiting,
            store_fault=self.writer.fault,
            pos=self.publisher.pos,
        )

    def status_line(self) -> str:
        """Say in one line what the daemon is at."""
        load = self._load()
        fault = "" if load.store_fault is None else f"; WRITES FAIL: {load.store_fault}"
        if load.unserved_workers:
            fault = f"; {load.unserved_workers} WORKERS CANNOT BE SERVED{fault}"
        return (
            f"{self.sockets.workers.served} workers served, {load.connections} connections,"
            f" {load.subscriptions} subscriptions, {load.writer_queue} mutations waiting,"
            f" position {load.pos}{fault}"
        )

    def openrpc(self) -> Raw:
        """Return the description of all methods."""
        return self._openrpc()

    def shut_down(self, drain_ms: int) -> None:
        """Begin to stop."""
        self._stop.ask(drain_ms)


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


def _answer(left: Iterator[tuple[Job, Answer]]) -> None:
    for job, answer in left:
        job.done(answer)
