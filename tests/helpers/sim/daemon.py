"""The daemon in one thread, from a seed: inline writer and readers, memory streams, a fake clock.

Real threads would let trio's autojump clock run away, so nothing here has one. The database is a
file in a temporary directory, so that a simulated crash can drop everything but what was committed.
"""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
import trio.testing

from penholder_daemon.core import journal
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.clocks import Clocks
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call, daemon_caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import Process
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.blobs.keeper import BlobKeeper
from penholder_daemon.shell.connections.connection import Connection
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.fairness.turns import Turns
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running.delivery import Delivery
from penholder_daemon.shell.running.operations import Operations
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.running.timers import Timers
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.backing import StoreFigures
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.inline_writer import InlineWriter
from penholder_daemon.shell.store.opening import open_writer
from penholder_daemon.shell.store.readers import InlineReaders
from tests.helpers.blobs import MemoryBlobs, in_turn
from tests.helpers.compared import ComparedCommitter
from tests.helpers.sim.stream_transport import StreamTransport

REGISTRY: Registry = build_registry()


class SimulatedWorld:
    """Implements `World` from a seed and trio's clock."""

    host_id = "host_simulated"
    started_at = "2026-01-01T000000000000000Z"
    boot_id = "simulated"
    rules = Rules()

    def __init__(self, seed: int) -> None:
        """Draw everything from one generator."""
        self._random = random.Random(seed)
        self._made = 0
        self.bytes_of_blobs = MemoryBlobs()
        self.clocks = Clocks()

    def now(self) -> str:
        """Write trio's clock as a time of day."""
        return self.time_from_ms(self.now_ms())

    def now_ms(self) -> int:
        """Return trio's clock; only differences mean anything."""
        return int(trio.current_time() * 1000)

    def monotonic_ms(self) -> int:
        """Return the same clock: nothing sets it back."""
        return self.now_ms()

    def boottime_ms(self) -> int:
        """Return the same clock: nothing is suspended."""
        return self.now_ms()

    def time_from_ms(self, wall_ms: int) -> str:
        """Write an instant so that it sorts."""
        return f"2026-01-01T{wall_ms:015d}Z"

    def ms_from_time(self, time: str) -> int:
        """Read an instant."""
        return int(time[11:-1])

    def new_id(self, prefix: str) -> str:
        """Count."""
        self._made += 1
        return f"{prefix}{self._random.getrandbits(32):08x}{self._made}"

    def entry_id(self, prefix: str, pos: int) -> str:
        """Draw something, and hold the position."""
        return f"{self.new_id(prefix)}_{pos}"

    def entry_pos(self, entry_id: str) -> int | None:
        """Read it."""
        held = entry_id.rpartition("_")[2]
        return int(held) if held.isdigit() else None

    def made_ms(self, made_id: str) -> int | None:  # noqa: ARG002
        """No id tells its time here."""
        return None

    def new_token(self) -> str:
        """Draw a secret."""
        return f"{self._random.getrandbits(64):x}"

    def process_lives(self, process: Process, boot_id: str) -> bool:  # noqa: ARG002
        """Nobody dies here."""
        return True

    def read_blob(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read it from memory."""
        return self.bytes_of_blobs.read(blob_id, offset, limit)

    def socket_path(self, worker_id: str) -> str:
        """Name a path that nobody opens."""
        return f"/simulated/{worker_id}.sock"


class _NoSockets:
    """Stands for the listeners: a simulation connects by hand."""

    subscription_count = served = unserved = 0
    connections: tuple[Connection, ...] = ()

    @property
    def workers(self) -> "_NoSockets":
        """Be the sockets of workers, too."""
        return self

    def serve(self, worker_id: str) -> None:
        """Serve nothing."""

    def drop_worker(self, worker_id: str, *, drop_connections: bool = False) -> None:
        """Close nothing."""


class SimulatedDaemon:
    """One run of the daemon over a database file."""

    def __init__(
        self, store: WriterStore, nursery: trio.Nursery, seed: int, *, is_slow: bool = False
    ) -> None:
        """Put the parts together as the real one does, without threads.

        A slow one takes a while for each batch and query, as threads and disks do: meanwhile peers
        come to their ends.
        """
        delays = random.Random(f"{seed}/delays")

        async def later(act: Callable[[], None]) -> None:
            await trio.sleep(delays.random() / 50)
            act()

        def soon(act: Callable[[], None]) -> None:
            nursery.start_soon(later, act)

        world = SimulatedWorld(seed)
        caller = daemon_caller(0, 1)
        publisher = Publisher(journal.position(Rx(store, world, caller)))
        flusher, accounts, counters, stop = Flusher(), Accounts(), Counters(), Stop()
        self.bytes_of_blobs = world.bytes_of_blobs
        committer = ComparedCommitter(store, world, REGISTRY, _fail)
        writer = InlineWriter(committer, soon if is_slow else None)
        timers = Timers(REGISTRY, world, caller, writer.submit)
        blobs = BlobKeeper(self.bytes_of_blobs, world, REGISTRY, caller, writer.submit, in_turn)
        parts: dict[str, Any] = {"publisher": publisher, "sockets": _NoSockets(), "stop": stop}
        operations = Operations(
            paths=Paths(Path("/simulated"), Path("/simulated")),
            host_id=world.host_id, started_at=world.now(), settings=Settings,
            counters=counters, accounts=accounts,
            writer=writer, upkeep=None,  # type: ignore[arg-type]  # it needs threads
            store_figures=lambda: StoreFigures("sqlite", ":memory:", db_bytes=0, wal_bytes=0),
            compare_mirrors=daemon_call(REGISTRY.methods["daemon.compare_mirrors"], caller, {}),
            **parts,
        )  # fmt: skip
        self.services = Services(
            world=world, dispatcher=Dispatcher(REGISTRY), writer=writer,
            readers=InlineReaders(store, world, flusher.flush, soon if is_slow else None),
            once=Once(REGISTRY, nursery, writer.submit), publisher=publisher, flusher=flusher,
            accounts=accounts, counters=counters, request_log=RequestLog(Settings()),
            operations=operations, blobs=blobs, turns=Turns(),
        )  # fmt: skip
        delivery = Delivery(
            processes=None,  # type: ignore[arg-type]  # nobody is seated here
            timers=timers, flusher=flusher, blobs=blobs, **parts,
        )  # fmt: skip
        writer.start(delivery.deliver)
        self._nursery = nursery
        self.connections: list[Connection] = []
        nursery.start_soon(timers.run)
        nursery.start_soon(blobs.run)

    def connect(self) -> trio.StapledStream:  # type: ignore[type-arg]  # memory streams of any kind
        """Open a connection and return the client's end."""
        client, server = trio.testing.memory_stream_pair()
        caller = Caller(CONTROL, 0, 1000 + len(self.connections))
        connection = Connection(StreamTransport(server), caller, self.services)
        self.connections.append(connection)
        self._nursery.start_soon(connection.run)
        return client

    def check_patience(self) -> None:
        """Do what the daemon does twice a second."""
        for connection in list(self.services.lingering):
            connection.check_patience()


@asynccontextmanager
async def simulated_daemon(
    path: Path, seed: int, *, is_slow: bool = False
) -> AsyncIterator[SimulatedDaemon]:
    """Run the daemon on a database file; leaving the block is a crash."""
    store = open_writer(path)
    try:
        async with trio.open_nursery() as nursery:
            yield SimulatedDaemon(store, nursery, seed, is_slow=is_slow)
            nursery.cancel_scope.cancel()
    finally:
        store.close()


def _fail(call: Invocation | None, bug: Exception) -> None:
    raise AssertionError(f"{call} failed inside the daemon") from bug
