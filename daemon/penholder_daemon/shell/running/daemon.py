"""One run of the daemon, from the locks to the last answer."""

import os
import signal
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cache, partial
from pathlib import Path

import msgspec
import structlog
import trio
from msgspec import Raw

import penholder_protocol
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call, daemon_caller
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.store import Store
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.kernel.descriptors import Capacity, raise_limit, share_out
from penholder_daemon.shell.kernel.process_watcher import ProcessWatcher
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.listening.admission import Admission
from penholder_daemon.shell.listening.listeners import open_control
from penholder_daemon.shell.listening.sockets import Sockets
from penholder_daemon.shell.observing import logs
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running.beat import keep_beating
from penholder_daemon.shell.running.delivery import House
from penholder_daemon.shell.running.exits import Exits
from penholder_daemon.shell.running.reloading import Reloader
from penholder_daemon.shell.running.start import Start, look_back
from penholder_daemon.shell.running.status import Facts
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.running.tending import Locks, tend
from penholder_daemon.shell.running.timers import Timers
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.maintenance import Maintenance
from penholder_daemon.shell.store.opening import open_reader
from penholder_daemon.shell.store.readers import ThreadReaders
from penholder_daemon.shell.store.shm_gate import Gate
from penholder_daemon.shell.store.writer import ThreadWriter
from penholder_daemon.shell.store.writer_connection import Pen
from penholder_daemon.shell.systemd.kept_sockets import passed_by_systemd
from penholder_daemon.shell.systemd.notify import notify
from penholder_daemon.shell.systemd.watchdog import tell_progress

log = structlog.get_logger()

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Daemon:
    """Everything that one run holds; `run` is the whole life."""

    def __init__(
        self, paths: Paths, settings: Settings, read_settings: Callable[[], Settings]
    ) -> None:
        """Take the locks and open the database; raises what makes that impossible.

        `read_settings` reads the settings again for a reload.
        """
        self._paths = paths
        self._reloader = Reloader(settings, read_settings, self._apply)
        self._registry = build_registry()
        self._caller = daemon_caller(os.geteuid(), os.getpid())
        self._descriptors = raise_limit()
        self._world = RealWorld(paths.workers_dir, self._rules(settings))
        self._facts = Facts(paths, settings, self._world.now())
        self._gate = Gate()
        os.umask(0o077)
        paths.prepare()
        with ExitStack() as held:
            self._locks = Locks(paths)
            held.callback(self._locks.release)
            self._kept = passed_by_systemd()
            self._control = open_control(self._kept, paths.control_socket)
            held.callback(self._control.close)
            self._pen = Pen(paths.database, self._gate, self._make_committer)
            held.callback(self._pen.close)
            self._held = held.pop_all()
        self._admission = Admission(self._allowed_uids(), self._capacity.connections)

    async def run(self, ready: Callable[[], None]) -> int:
        """Serve until asked to stop; `ready` is called when the sockets accept.

        Returns the exit status: 0, or 1 after a failure of the store.
        """
        stop = Stop()
        with closing(open_reader(self._paths.database)) as store:
            start = look_back(store, self._world, self._caller)
        house = House(
            self._world,
            Dispatcher(self._registry),
            Publisher(start.pos),
            load_openrpc,
            stop,
            self._facts,
        )
        with self._held:
            async with trio.open_nursery() as nursery:
                await self._serve(house, start, stop, nursery, ready)
                nursery.cancel_scope.cancel()
        return 1 if stop.crashed else 0

    def _make_committer(self, store: Store) -> Committer:
        return Committer(store, self._world, self._registry, _report_bug)

    async def _serve(
        self,
        house: House,
        start: Start,
        stop: Stop,
        nursery: trio.Nursery,
        ready: Callable[[], None],
    ) -> None:
        beat = Beat(self._world)
        writer = ThreadWriter(self._pen, house.deliver, house.tally, house.request_log, beat)
        nursery.start_soon(keep_beating, beat)
        readers = self._start_readers(house)
        house.writer, house.readers = writer, readers
        house.exits = Exits(nursery, self._exited, writer.submit)
        house.processes = ProcessWatcher(nursery, house.exits.report)
        house.timers = Timers(self._registry, self._world, self._caller, writer.submit)
        house.once = Once(self._registry, nursery, writer.submit)
        house.maintenance = Maintenance(
            self._paths.database, self._world, self._registry, self._caller
        )
        async with trio.open_nursery() as connections:
            house.sockets = Sockets(
                self._paths,
                self._kept,
                self._admission,
                connections,
                house.flusher,
                self._capacity.workers,
                self._locks.make_ready,
            )
            house.sockets.serve(house, self._control)
            self._resume(house, start)
            nursery.start_soon(house.timers.run)
            nursery.start_soon(tend, house.sockets, self._locks)
            await nursery.start(self._obey_signals, stop)
            ready()
            nursery.start_soon(tell_progress, lambda: writer.silent_seconds, house.status_line)
            await stop.asked.wait()
            await self._drain(house, stop)
            house.maintenance.stop()
            connections.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            await readers.stop()
            await writer.stop()

    def _resume(self, house: House, start: Start) -> None:
        """Serve the workers that are not stopped; living seated processes keep their seats."""
        for worker_id in start.served_workers:
            house.sockets.workers.serve(worker_id)
        self._kept.close_rest()
        for seat in start.kept_seats:
            house.processes.watch(seat.worker_id, seat.epoch, seat.process)
        for worker_id in start.ending_workers:
            house.processes.end(worker_id)
        for seat in start.lost_seats:
            house.exits.report(seat.worker_id, seat.epoch)

    def _exited(self, worker_id: str, epoch: int) -> Invocation:
        method = self._registry.methods["runtime.exited"]
        return daemon_call(method, self._caller, {"worker_id": worker_id, "epoch": epoch})

    async def _drain(self, house: House, stop: Stop) -> None:
        """Take nothing more, and let what is open come to its end."""
        notify("STOPPING=1")
        left_ms = round(max(0, stop.draining.deadline - trio.current_time()) * 1000)
        log.info("stopping", drain_ms=left_ms, connections=len(house.sockets.connections))
        house.sockets.close_all()
        with stop.draining:
            await house.sockets.until_none_connected()
        house.sockets.drop_all()

    def _start_readers(self, house: House) -> ThreadReaders:
        open_store = partial(open_reader, self._paths.database)
        threads = self._reloader.settings.reader_threads
        return ThreadReaders(open_store, self._gate, threads, self._world, house.flusher.flush)

    def _apply(self, settings: Settings) -> None:
        """Have settings that were reloaded obeyed."""
        logs.set_up(settings.log_format, settings.log_level)
        self._world.rules = self._rules(settings)
        self._facts.obey(settings)
        self._admission.set_bounds(self._allowed_uids(), self._capacity.connections)

    @property
    def _capacity(self) -> Capacity:
        return share_out(self._descriptors, self._reloader.settings.max_connections)

    def _rules(self, settings: Settings) -> Rules:
        capacity = share_out(self._descriptors, settings.max_connections)
        return msgspec.structs.replace(
            settings.rules(), max_workers=capacity.workers, max_seats=capacity.seats
        )

    def _allowed_uids(self) -> frozenset[int]:
        return frozenset({os.geteuid(), *self._reloader.settings.allowed_uids})

    async def _obey_signals(
        self, stop: Stop, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        # A shell keeps Ctrl-C from what it runs in the background by having it ignored.
        taken = [number for number in _SIGNALS if not _is_ignored_interrupt(number)]
        with trio.open_signal_receiver(*taken) as signals:
            task_status.started()
            async for number in signals:
                log.info("signal", name=signal.Signals(number).name)
                if number == signal.SIGHUP:
                    self._reloader.reload()
                else:
                    stop.ask_by_signal(self._reloader.settings.drain_ms)


def _is_ignored_interrupt(number: signal.Signals) -> bool:
    return number == signal.SIGINT and signal.getsignal(number) == signal.SIG_IGN


def _report_bug(call: Invocation | None, bug: Exception) -> None:
    method = None if call is None else call.method.name
    request_id = None if call is None else call.request_id
    log.error(
        "a mutation failed inside the daemon", method=method, request_id=request_id, exc_info=bug
    )


@cache
def load_openrpc() -> Raw:
    """Return the description of all methods that this version was generated with."""
    text = Path(penholder_protocol.__file__).with_name("openrpc.json").read_bytes()
    return Raw(msgspec.json.format(text, indent=-1))
