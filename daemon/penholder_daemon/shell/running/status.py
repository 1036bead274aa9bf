"""What the daemon can say of itself: figures, settings, metrics."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from penholder_daemon import migrations
from penholder_daemon.core.session import Figures
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.observing.counters import Tally
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.database import file_bytes, sqlite_version
from penholder_protocol.limits import MAX_HELD_BYTES


@dataclass(frozen=True)
class Load:
    """How much there is to do right now."""

    held_bytes: int
    unserved_workers: int
    connections: int
    subscriptions: int
    largest_unsent_bytes: int
    writer_queue: int
    store_fault: str | None
    pos: int


class Facts:
    """Answers from the daemon's files, settings and counters."""

    def __init__(self, paths: Paths, settings: Settings, started_at: str) -> None:
        """Speak of one run of the daemon."""
        self.tally = Tally()
        self.request_log = RequestLog(settings)
        self._paths = paths
        self._settings = settings
        self._started_at = started_at
        self._wal = paths.database.with_name(f"{paths.database.name}-wal")

    def figures(self, load: Load) -> Figures:
        """Return what daemon.status shows."""
        return Figures(
            pid=os.getpid(),
            started_at=self._started_at,
            state_dir=str(self._paths.state_dir),
            runtime_dir=str(self._paths.runtime_dir),
            sqlite_version=sqlite_version(),
            schema_version=len(migrations.steps()),
            migration_id=migrations.steps()[-1][0],
            connections=load.connections,
            subscriptions=load.subscriptions,
            writer_queue=load.writer_queue,
            held_bytes=load.held_bytes,
            held_bytes_limit=MAX_HELD_BYTES,
            unserved_workers=load.unserved_workers,
            store_fault=load.store_fault,
            wal_bytes=file_bytes(self._wal),
            db_bytes=file_bytes(self._paths.database),
        )

    def obey(self, settings: Settings) -> None:
        """Speak of these settings from now on, and log by them."""
        self._settings = settings
        self.request_log.obey(settings)

    def config(self) -> Raw:
        """Return the settings in force, with the directories that were chosen."""
        settings = msgspec.structs.replace(
            self._settings,
            state_dir=str(self._paths.state_dir),
            runtime_dir=str(self._paths.runtime_dir),
        )
        return Raw(msgspec.json.encode(settings))

    def metrics(self, load: Load, workers: Mapping[str, int]) -> str:
        """Return what daemon.metrics shows."""
        # Here, because few ask for it and it would take a sixth of the time of a start.
        from penholder_daemon.shell.observing import metrics  # noqa: PLC0415

        gauges: metrics.Gauges = {
            "connections": ("Open connections.", load.connections),
            "subscriptions": ("Live subscriptions.", load.subscriptions),
            "largest_unsent_bytes": (
                "Of the connection that lags most: what its peer has not taken.",
                load.largest_unsent_bytes,
            ),
            "held_bytes": (
                "Bytes that connections make the daemon hold: frames, params, answers.",
                load.held_bytes,
            ),
            "held_bytes_limit": ("Where the connection that holds most is ended.", MAX_HELD_BYTES),
            "unserved_workers": (
                "Workers whose runtime socket cannot be served at the moment.",
                load.unserved_workers,
            ),
            "writer_queue": ("Mutations that wait or are being written.", load.writer_queue),
            "store_failing": (
                "1 while nothing can be written, 0 otherwise.",
                0 if load.store_fault is None else 1,
            ),
            "journal_position": ("Position of the newest entry.", load.pos),
            "wal_bytes": ("Size of the write-ahead log.", file_bytes(self._wal)),
            "database_bytes": ("Size of the database.", file_bytes(self._paths.database)),
        }
        return metrics.render(self.tally, gauges, workers)
