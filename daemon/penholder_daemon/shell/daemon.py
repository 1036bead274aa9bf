"""One run of the daemon, from the locks to the last answer."""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib import resources

import msgspec
import structlog
import trio
from msgspec import Raw

from penholder_daemon.core.commit import Answer, Committer
from penholder_daemon.core.registry import Invocation
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell import notify
from penholder_daemon.shell.admission import Admission
from penholder_daemon.shell.database import (
    ApswStore,
    WriterStore,
    open_reader,
    open_writer,
)
from penholder_daemon.shell.dispatch import Dispatcher
from penholder_daemon.shell.facts import Facts
from penholder_daemon.shell.house import House
from penholder_daemon.shell.listeners import bind
from penholder_daemon.shell.lock import DirectoryLock
from penholder_daemon.shell.maintenance import Maintenance
from penholder_daemon.shell.paths import Paths
from penholder_daemon.shell.processes import ProcessWatcher
from penholder_daemon.shell.publisher import Publisher
from penholder_daemon.shell.readers import ThreadReaders
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.sockets import Sockets
from penholder_daemon.shell.start import Start, prepare
from penholder_daemon.shell.stopping import Stop
from penholder_daemon.shell.timers import Timers, daemon_call, daemon_caller
from penholder_daemon.shell.world import RealWorld
from penholder_daemon.shell.writer import Job, ThreadWriter, Writer

log = structlog.get_logger()

_SPARE_DESCRIPTORS = 256
"""Kept free of connections: listeners, pidfds, the database, logs."""


class Daemon:
    """Everything that one run holds; `run` is the whole life."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        """Take the locks and open the database; raises what makes that impossible."""
        self._paths = paths
        self._settings = settings
        self._registry = build_registry()
        self._caller = daemon_caller(os.geteuid(), os.getpid())
        self._world = RealWorld(paths.workers_dir, settings.rules())
        self._facts = Facts(paths, settings, self._world.now())
        os.umask(0o077)
        paths.prepare()
        with ExitStack() as held:
            for directory in dict.fromkeys((paths.state_dir, paths.runtime_dir)):
                held.callback(DirectoryLock(directory).release)
            self._control = bind(paths.control_socket)
            held.callback(self._control.close)
            self._store: WriterStore = open_writer(paths.database)
            held.callback(self._store.close)
            self._held = held.pop_all()

    async def run(self, ready: Callable[[], None]) -> int:
        """Serve until asked to stop; `ready` is called when the sockets accept.

        Returns the exit status: 0, or 1 after a failure of the store.
        """
        stop = Stop()
        start = prepare(self._store, self._world, self._caller)
        house = House(
            self._world,
            Dispatcher(self._registry),
            Publisher(start.pos),
            load_openrpc(),
            stop,
            self._facts,
        )
        with self._held:
            async with trio.open_nursery() as nursery:
                await self._serve(house, start, stop, nursery, ready)
                nursery.cancel_scope.cancel()
        return 1 if stop.crashed else 0

    async def _serve(
        self,
        house: House,
        start: Start,
        stop: Stop,
        nursery: trio.Nursery,
        ready: Callable[[], None],
    ) -> None:
        committer = Committer(self._store, self._world, self._registry, _report_bug)
        writer = ThreadWriter(committer, self._store, house.deliver, house.tally)
        readers = ThreadReaders(self._open_readers(), self._world, house.flusher.flush)
        house.writer, house.readers = writer, readers
        house.processes = ProcessWatcher(nursery, partial(self._exited, writer))
        house.timers = Timers(self._registry, self._world, self._caller, writer.submit)
        house.maintenance = Maintenance(
            self._paths.database, self._world, self._registry, self._caller
        )
        async with trio.open_nursery() as connections:
            admission = Admission(self._allowed_uids(), self._max_connections())
            house.sockets = Sockets(self._paths, admission, connections, house.flusher)
            self._resume(house, start)
            house.sockets.serve_control(house, self._control)
            nursery.start_soon(house.timers.run)
            nursery.start_soon(house.sockets.sweep)
            await nursery.start(_obey_signals, stop, self._settings.drain_ms)
            ready()
            await stop.asked.wait()
            await self._drain(house, stop)
            connections.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await writer.stop()
            await readers.stop()

    def _resume(self, house: House, start: Start) -> None:
        """Serve the workers that are not stopped; living seated processes keep their seats."""
        for worker_id in start.served_workers:
            house.sockets.serve_worker(house, worker_id)
        for seat in start.kept_seats:
            house.processes.watch(seat.worker_id, seat.epoch, seat.process)
        for seat in start.lost_seats:
            self._exited(house.writer, seat.worker_id, seat.epoch)

    def _exited(self, writer: Writer, worker_id: str, epoch: int) -> None:
        method = self._registry.methods["runtime.exited"]
        call = daemon_call(method, self._caller, {"worker_id": worker_id, "epoch": epoch})
        writer.submit(Job(call, partial(_log_refusal, call)))

    async def _drain(self, house: House, stop: Stop) -> None:
        """Take nothing more, and let what is open come to its end."""
        notify.notify("STOPPING=1")
        log.info("stopping", drain_ms=stop.drain_ms, connections=len(house.sockets.connections))
        house.sockets.close_all()
        with trio.move_on_after(stop.drain_ms / 1000):
            await house.sockets.until_none_connected()

    def _open_readers(self) -> list[ApswStore]:
        stores = [open_reader(self._paths.database) for _ in range(self._settings.reader_threads)]
        for store in stores:
            self._held.callback(store.close)
        return stores

    def _allowed_uids(self) -> frozenset[int]:
        return frozenset({os.geteuid(), *self._settings.allowed_uids})

    def _max_connections(self) -> int:
        """Allow as many as configured, and no more than there are descriptors for."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return max(1, min(self._settings.max_connections, hard - _SPARE_DESCRIPTORS))


async def _obey_signals(
    stop: Stop, drain_ms: int, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        task_status.started()
        async for number in signals:
            log.info("signal", name=signal.Signals(number).name)
            stop.ask(drain_ms)


def _report_bug(call: Invocation | None, bug: Exception) -> None:
    method = None if call is None else call.method.name
    log.error("a mutation failed inside the daemon", method=method, exc_info=bug)


def _log_refusal(call: Invocation, answer: Answer) -> None:
    if not isinstance(answer, bytes):
        log.error("a mutation of the daemon's own failed", method=call.method.name, why=str(answer))


def load_openrpc() -> Raw:
    """Return the description of all methods that this version was generated with."""
    text = resources.files("penholder_protocol").joinpath("openrpc.json").read_bytes()
    return Raw(msgspec.json.format(text, indent=-1))
