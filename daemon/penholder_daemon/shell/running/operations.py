"""What may be asked of the daemon itself: figures, settings, metrics, a copy, its end."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Raw

import penholder_protocol
from penholder_daemon import migrations
from penholder_daemon.core.blobs import Kept
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.session import Figures
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.listening.sockets import Sockets
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.running.stopping import Stop
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.backing import StoreFigures, Upkeep
from penholder_daemon.shell.store.database import sqlite_version
from penholder_daemon.shell.store.own_writes import answer_of
from penholder_daemon.shell.store.writer_ports import Writer
from penholder_protocol.errors import PenholderError, StoreFailed
from penholder_protocol.limits import MAX_HELD_BYTES
from penholder_protocol.nouns import Backup, Finding


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Implements `DaemonOperations` over the parts of one run."""

    paths: Paths
    host_id: str
    started_at: str
    settings: Callable[[], Settings]
    """Those in force, which a reload may change."""
    counters: Counters
    accounts: Accounts
    publisher: Publisher
    writer: Writer
    sockets: Sockets
    store_figures: Callable[[], StoreFigures]
    upkeep: Upkeep
    compare_mirrors: Invocation
    """The daemon's own call of that name."""
    stop: Stop

    def figures(self) -> Figures:
        """Return what daemon.status shows."""
        store = self.store_figures()
        return Figures(
            pid=os.getpid(),
            started_at=self.started_at,
            host_id=self.host_id,
            host_name=self.settings().host_label,
            state_dir=str(self.paths.state_dir),
            runtime_dir=str(self.paths.runtime_dir),
            adapter=store.adapter,
            store=store.name,
            sqlite_version=sqlite_version(),
            schema_version=len(migrations.steps()),
            migration_id=migrations.steps()[-1][0],
            connections=len(self.sockets.connections),
            subscriptions=self.sockets.subscription_count,
            writer_queue=self.writer.waiting,
            held_bytes=self.accounts.held_bytes,
            held_bytes_limit=MAX_HELD_BYTES,
            unserved_workers=self.sockets.workers.unserved,
            store_fault=self.writer.fault,
            wal_bytes=store.wal_bytes,
            db_bytes=store.db_bytes,
            pos=self.publisher.pos,
        )

    def openrpc(self) -> Raw:
        """Return the description of all methods."""
        return load_openrpc()

    def config(self) -> Raw:
        """Return the settings in force, with the directories that were chosen."""
        settings = msgspec.structs.replace(
            self.settings(),
            state_dir=str(self.paths.state_dir),
            runtime_dir=str(self.paths.runtime_dir),
            host_name=self.settings().host_label,
        )
        return Raw(msgspec.json.encode(settings))

    def metrics(self, workers: dict[str, int], blobs: Kept | None) -> str:
        """Return all figures for Prometheus, without those that could not be read."""
        # Here, because few ask for it and it would take a sixth of the time of a start.
        from penholder_daemon.shell.observing import metrics  # noqa: PLC0415

        lags = (each.unsent_bytes for each in self.sockets.connections)
        return metrics.render(
            self.counters,
            self.figures(),
            workers,
            blobs,
            largest_unsent_bytes=max(lags, default=0),
        )

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage in the file, and in what the writer holds of it in memory."""
        return [*await self.upkeep.verify(deep=deep), *await self._differing_mirrors()]

    async def _differing_mirrors(self) -> list[Finding]:
        answer = await answer_of(self.writer.submit, self.compare_mirrors)
        # Where nothing can be written nothing is held either.
        if isinstance(answer, StoreFailed):
            return []
        if isinstance(answer, PenholderError):
            raise answer
        return msgspec.json.decode(answer, type=list[Finding])

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the database."""
        return await self.upkeep.backup(path, keep_last)

    def shut_down(self, drain_ms: int) -> None:
        """Begin to stop."""
        self.stop.ask(drain_ms)

    def status_line(self) -> str:
        """Say in one line what the daemon is at."""
        store_fault = self.writer.fault
        fault = "" if store_fault is None else f"; WRITES FAIL: {store_fault}"
        workers = self.sockets.workers
        if workers.unserved:
            fault = f"; {workers.unserved} WORKERS CANNOT BE SERVED{fault}"
        return (
            f"{workers.served} workers served, {len(self.sockets.connections)} connections,"
            f" {self.sockets.subscription_count} subscriptions,"
            f" {self.writer.waiting} mutations waiting, position {self.publisher.pos}{fault}"
        )


@cache
def load_openrpc() -> Raw:
    """Return the description of all methods that this version was generated with."""
    text = Path(penholder_protocol.__file__).with_name("openrpc.json").read_bytes()
    return Raw(msgspec.json.format(text, indent=-1))
