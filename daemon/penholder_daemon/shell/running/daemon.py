"""One run of the daemon, from the locks to the last answer.

What can refuse a start is taken first, in the constructor, in an order of which each step needs the
one before. The locks come first: nothing may be replaced in a directory that may be another
daemon's. Then the control socket, which replaces what a dead one left there; who connects from now
on waits in its queue. Last the database, which may take a while to open. Nothing is served before
all three are held, and they are let go of in reverse.

The parts are put together in one place and one phase (`_assemble`), each from what it needs. Parts
that were put into others later were missing at run time only.

The end has an order too. Connections live in a nursery of their own, inside that of the parts which
serve them: they are ended, and with them all that waits for an answer, while everything that could
answer still runs. Then the threads: a thread cannot be cancelled, and must not be left with a
connection while the database is closed. Only then does the outer nursery end, with timers and the
rest.

A failure of the store ends a run as a stop does, but at once and with 1, so that the daemon is
started again.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
import trio

from penholder_daemon.core import shared_settings
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.leases import Beat
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call, daemon_caller
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.store import Store
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.blobs.keeper import BlobKeeper, in_threads
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.disk.host import host_id
from penholder_daemon.shell.disk.locks import Locks
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_daemon.shell.kernel.descriptors import Capacity, raise_limit, share_out
from penholder_daemon.shell.kernel.process_watcher import ProcessWatcher
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.listening.admission import Admission
from penholder_daemon.shell.listening.listeners import open_control
from penholder_daemon.shell.listening.sockets import Sockets
from penholder_daemon.shell.observing import logs
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running import agreeing
from penholder_daemon.shell.running.beat import keep_beating
from penholder_daemon.shell.running.delivery import Delivery
from penholder_daemon.shell.running.exits import Exits
from penholder_daemon.shell.running.operations import Operations
from penholder_daemon.shell.running.reloading import Reloader
from penholder_daemon.shell.running.signals import obey_signals
from penholder_daemon.shell.running.start import Start, look_back
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.running.tending import tend
from penholder_daemon.shell.running.timers import Timers
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store import place
from penholder_daemon.shell.store.backing import HostCalls, Upkeep
from penholder_daemon.shell.store.choosing import choose
from penholder_daemon.shell.store.readers import ThreadReaders
from penholder_daemon.shell.store.writer import AdaptiveWriter
from penholder_daemon.shell.systemd.kept_sockets import passed_by_systemd
from penholder_daemon.shell.systemd.notify import notify
from penholder_daemon.shell.systemd.watchdog import tell_progress

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What one run is made of, beside what was taken before it."""

    beat: Beat
    writer: AdaptiveWriter
    readers: ThreadReaders
    sockets: Sockets
    processes: ProcessWatcher
    exits: Exits
    timers: Timers
    operations: Operations


class Daemon:
    """Everything that one run holds; `run` is the whole life."""

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        read_settings: Callable[[], Settings],
        *,
        changes_store: bool = False,
    ) -> None:
        """Take the locks and open the database; raises what makes that impossible.

        `read_settings` reads the settings again for a reload; `changes_store` says that another
        store may be served than before.
        """
        self._paths = paths
        self._reloader = Reloader(settings, read_settings, self._apply)
        self._registry = build_registry()
        self._caller = daemon_caller(os.geteuid(), os.getpid())
        # Before the rules are made: how many workers and seats there may be follows from it.
        self._descriptors = raise_limit()
        self._counters = Counters()
        self._request_log = RequestLog(settings)
        # From here on, whoever makes a file: SQLite makes some of its own.
        os.umask(0o077)
        paths.prepare()
        # Whatever refuses the start lets go of what was taken before it.
        with ExitStack() as held:
            self._locks = Locks(paths)
            held.callback(self._locks.release)
            # Of which host it is, is known under the lock only.
            own_host = host_id(paths.state_dir)
            if not changes_store:
                place.refuse_other(paths.state_dir, settings.store.url)
            self._backing = choose(settings.store, paths, own_host)
            held.callback(self._backing.close)
            self._world = RealWorld(
                paths.workers_dir, self._rules(settings), self._backing.blob_bytes.read, own_host
            )
            self._kept = passed_by_systemd()
            self._control = open_control(self._kept, paths.control_socket)
            held.callback(self._control.close)
            self._writer_connection = self._backing.open_writer(
                self._make_committer,
                self._world,
                HostCalls(
                    self._own_call("host.join"),
                    self._own_call("host.carry_out"),
                    partial(self._own_call, "daemon.settle_history"),
                ),
            )
            held.callback(self._writer_connection.close)
            # Before anything is served: what is acknowledged must be found again.
            place.note_served(paths.state_dir, settings.store.url)
            self._held = held.pop_all()
        self._admission = Admission(self._allowed_uids(), self._capacity)

    async def run(self, ready: Callable[[], None]) -> int:
        """Serve until asked to stop; `ready` is called when the sockets accept.

        Returns the exit status: 0, or 1 after a failure of the store.
        """
        stop = Stop()
        self._capacity.tell_if_few(self._reloader.settings.max_connections)
        # Through a reader: the database may be one that cannot be written now.
        with closing(self._backing.open_reader()) as store:
            start = look_back(store, self._world, self._caller)
        with self._held:
            async with trio.open_nursery() as nursery:
                await self._serve(start, stop, nursery, ready)
                # What is left in it goes on for ever: timers, tending, signals.
                nursery.cancel_scope.cancel()
        return 1 if stop.crashed else 0

    def _make_committer(self, store: Store) -> Committer:
        return Committer(store, self._world, self._registry, logs.report_bug)

    async def _serve(
        self, start: Start, stop: Stop, nursery: trio.Nursery, ready: Callable[[], None]
    ) -> None:
        parts: _Parts | None = None
        try:
            async with trio.open_nursery() as connections:
                parts = self._assemble(start.pos, stop, nursery, connections)
                await self._until_drained(parts, start, stop, nursery, ready)
                connections.cancel_scope.cancel()
        finally:
            # The database is closed after this and no thread may use it then, whatever ended the
            # run: whoever cancels has to wait.
            if parts is not None:
                with trio.CancelScope(shield=True):
                    await parts.readers.stop()
                    await parts.writer.stop()

    async def _until_drained(
        self,
        parts: _Parts,
        start: Start,
        stop: Stop,
        nursery: trio.Nursery,
        ready: Callable[[], None],
    ) -> None:
        self._resume(parts, start)
        nursery.start_soon(parts.timers.run)
        nursery.start_soon(keep_beating, parts.beat, partial(tend, parts.sockets, self._locks))
        # Awaited before anybody is told that it is ready: who is told may send a signal at once.
        await nursery.start(
            obey_signals,
            lambda: stop.ask_by_signal(self._reloader.settings.drain_ms),
            partial(self._reload, parts),
        )
        ready()
        nursery.start_soon(
            tell_progress, lambda: parts.writer.silent_seconds, parts.operations.status_line
        )
        await stop.asked.wait()
        await self._drain(parts.sockets, stop)
        # Its threads see it at their next look; cancelling who waits for them would not end them.
        parts.operations.upkeep.stop()

    def _assemble(
        self, pos: int, stop: Stop, nursery: trio.Nursery, connections: trio.Nursery
    ) -> _Parts:
        """Make every part of what it needs, from the bottom up, and let the control socket in."""
        accounts, publisher, flusher = Accounts(), Publisher(pos), Flusher()
        beat, hub = Beat(self._world), Hub(flusher.flush)
        nursery.start_soon(hub.run)
        writer = self._make_writer(beat, hub)
        readers = self._make_readers(flusher, hub)
        exits = Exits(nursery, self._exited, writer.submit)
        processes = ProcessWatcher(nursery, exits.report)
        timers = self._make_timers(writer)
        sockets = self._make_sockets(connections, hub)
        blobs = self._make_blobs(writer.submit, nursery)
        operations = Operations(
            paths=self._paths,
            host_id=self._world.host_id,
            started_at=self._world.started_at,
            settings=lambda: self._reloader.settings,
            counters=self._counters,
            accounts=accounts,
            publisher=publisher,
            writer=writer,
            sockets=sockets,
            store_figures=self._backing.figures,
            upkeep=self._make_upkeep(blobs),
            compare_mirrors=self._own_call("daemon.compare_mirrors"),
            stop=stop,
        )
        delivery = Delivery(
            sockets=sockets,
            processes=processes,
            timers=timers,
            publisher=publisher,
            blobs=blobs,
            flusher=flusher,
            stop=stop,
        )
        # Last of what works: from here on a commit may set any of the others in motion.
        writer.start(delivery.deliver)
        services = Services(
            world=self._world,
            dispatcher=Dispatcher(self._registry),
            writer=writer,
            readers=readers,
            once=Once(self._registry, nursery, writer.submit),
            publisher=publisher,
            flusher=flusher,
            accounts=accounts,
            counters=self._counters,
            request_log=self._request_log,
            blobs=blobs,
            operations=operations,
            turns=hub.turns,
        )
        sockets.serve(services, self._control)
        return _Parts(
            beat=beat,
            writer=writer,
            readers=readers,
            sockets=sockets,
            processes=processes,
            exits=exits,
            timers=timers,
            operations=operations,
        )

    def _resume(self, parts: _Parts, start: Start) -> None:
        """Serve the workers that are not stopped; living seated processes keep their seats."""
        for worker_id in start.served_workers:
            parts.sockets.workers.serve(worker_id)
        # Only now is it known which of the sockets that were passed nobody takes.
        self._kept.close_rest()
        for seat in start.kept_seats:
            parts.processes.watch(seat.worker_id, seat.epoch, seat.process)
        # After all are watched: whom to end is found among those.
        for worker_id in start.ending_workers:
            parts.processes.end(worker_id)
        for seat in start.lost_seats:
            parts.exits.report(seat.worker_id, seat.epoch)

    def _exited(self, worker_id: str, epoch: int) -> Invocation:
        return self._own_call("runtime.exited", worker_id=worker_id, epoch=epoch)

    def _own_call(self, name: str, **arguments: object) -> Invocation:
        return daemon_call(self._registry.methods[name], self._caller, arguments)

    async def _drain(self, sockets: Sockets, stop: Stop) -> None:
        """Take nothing more, and let what is open come to its end."""
        notify("STOPPING=1")
        left_ms = round(max(0, stop.draining.deadline - trio.current_time()) * 1000)
        log.info("stopping", drain_ms=left_ms, connections=len(sockets.connections))
        sockets.close_all()
        # Its deadline may come nearer meanwhile: a second signal ends the waiting at once.
        with stop.draining:
            await sockets.until_none_connected()
        sockets.drop_all()

    def _make_blobs(self, submit: Callable[[WriteJob], None], nursery: trio.Nursery) -> BlobKeeper:
        blobs = BlobKeeper(
            self._backing.blob_bytes,
            self._world,
            self._registry,
            self._caller,
            submit,
            in_threads(),
        )
        nursery.start_soon(blobs.run)
        return blobs

    def _make_upkeep(self, blobs: BlobKeeper) -> Upkeep:
        return self._backing.make_upkeep(blobs.holds, self._world, self._registry, self._caller)

    def _make_writer(self, beat: Beat, hub: Hub) -> AdaptiveWriter:
        return AdaptiveWriter(
            self._writer_connection,
            self._counters,
            self._request_log,
            beat,
            hub,
            self._backing.make_pace(),
        )

    def _make_timers(self, writer: AdaptiveWriter) -> Timers:
        is_shared = self._backing.is_shared
        return Timers(self._registry, self._world, self._caller, writer.submit, is_shared=is_shared)

    def _make_sockets(self, connections: trio.Nursery, hub: Hub) -> Sockets:
        return Sockets(
            self._paths,
            self._kept,
            self._admission,
            connections,
            self._capacity.workers,
            self._locks.make_ready,
            hub,
        )

    def _make_readers(self, flusher: Flusher, hub: Hub) -> ThreadReaders:
        backing = self._backing
        return ThreadReaders(
            backing.open_reader,
            backing.gate,
            self._reloader.settings.reader_threads,
            self._world,
            flusher.flush,
            hub.soon,
            in_loop=not backing.is_shared,
        )

    async def _reload(self, parts: _Parts) -> None:
        before = self._world.rules.host_name
        await self._reloader.reload(partial(self._agree, parts.writer))
        # It is stored, and a timer stores it: now, and not when it would come next.
        if self._world.rules.host_name != before:
            parts.timers.wake_at(self._world.boottime_ms())

    async def _agree(self, writer: AdaptiveWriter, read: Settings) -> None:
        settings = shared_settings.of(read.rules())
        if self._backing.is_shared and settings != shared_settings.of(self._world.rules):
            await agreeing.agree(writer.submit, self._own_call("host.agree", settings=settings))

    def _apply(self, settings: Settings) -> None:
        """Have settings that were reloaded obeyed."""
        logs.set_up(settings.log_format, settings.log_level)
        self._world.rules = self._rules(settings)
        self._request_log.obey(settings)
        self._admission.set_bounds(self._allowed_uids(), self._capacity)

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
