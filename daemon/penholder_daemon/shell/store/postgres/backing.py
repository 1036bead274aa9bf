"""The state in a database of a PostgreSQL."""

from functools import partial

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.shared_settings import of
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.store.backing import HostCalls, MakeCommitter, StoreFigures
from penholder_daemon.shell.store.opening import UnusableDatabase, UnwritableDatabase
from penholder_daemon.shell.store.pace import AlwaysFast, Pace
from penholder_daemon.shell.store.postgres import opening
from penholder_daemon.shell.store.postgres.beside import PostgresReader
from penholder_daemon.shell.store.postgres.blobs import PostgresBlobs
from penholder_daemon.shell.store.postgres.connecting import (
    Connect,
    connector,
    database_of,
    once_a_second,
)
from penholder_daemon.shell.store.postgres.leading import Leading
from penholder_daemon.shell.store.postgres.patience import Patience
from penholder_daemon.shell.store.postgres.plans import BY_INDEXES
from penholder_daemon.shell.store.postgres.serving import name_of_run, together
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.shell.store.postgres.upkeep import PostgresUpkeep
from penholder_daemon.shell.store.postgres.writing import Own, PostgresWriting
from penholder_daemon.shell.store.shm_gate import ShmGate

_PATIENCE_SECONDS = 8.0
"""How long the server is waited for: longer than it waits for a lock itself (`LOCK_MS`)."""
_IDLE_MS = 2000
"""How long one that writes may be silent amid a transaction: then it is taken for frozen."""


class PostgresBacking:
    """Implements `Backing` over one database."""

    is_shared = True

    def __init__(self, url: str, password_file: str | None, paths: Paths, host_id: str) -> None:
        """Connect to nothing yet."""
        self._url = url
        self._connector = partial(connector, url, password_file=password_file, **BY_INDEXES)
        self._host_id = host_id
        self._name = name_of_run(host_id)
        self._patience = Patience()
        self._leading = Leading()
        self._writing: PostgresWriting | None = None
        self._read = once_a_second(self._connect_as("reads"))
        self.gate = ShmGate()
        # Nobody shares a mapping here, so connections are kept from the first one on.
        self.gate.is_open = True
        self.blob_bytes = PostgresBlobs(BlobFiles(paths.blobs_dir), self._open_for_blobs)

    def _connect_as(self, does: str, **settings: str) -> Connect:
        connect = self._connector(name=f"{self._name} {does}", **settings)
        return self._leading.following(self._patience.watching(connect, _PATIENCE_SECONDS))

    def make_pace(self) -> Pace:
        """Write in the loop, which goes on while the server is at work (`loop_waiting`)."""
        return AlwaysFast()

    def open_writer(
        self, make_committer: MakeCommitter, world: World, host_calls: HostCalls
    ) -> PostgresWriting:
        """Be one of the daemons that serve the database; raises UnusableDatabase."""
        silent = {"idle_in_transaction_session_timeout": f"{_IDLE_MS}"}
        connect = self._connector(name=self._name, **silent)
        watched = self._patience.watching(connect, _PATIENCE_SECONDS)
        self._patience.start()
        store = opening.open_serving(self._leading.leading(together(watched, self._name)))
        own = Own(self._host_id, world.started_at, host_calls, lambda: of(world.rules))
        try:
            self._writing = PostgresWriting(store, self._patience, make_committer, own)
            refused = self._writing.join()
        except StoreFault as fault:
            store.close()
            raise UnwritableDatabase(f"PostgreSQL cannot be used: {fault}") from fault
        if refused is not None:
            self._writing.close()
            raise UnusableDatabase(refused)
        return self._writing

    def open_reader(self) -> PostgresReader:
        """Open a connection that only reads; raises StoreFault."""
        return opening.open_reader_over(self._read)

    def _open_for_blobs(self) -> PostgresStore:
        return opening.open_beside(once_a_second(self._connect_as("blobs")))

    def make_upkeep(
        self, holds: Holds, world: World, registry: Registry, caller: Caller
    ) -> PostgresUpkeep:
        """Make who verifies it."""
        return PostgresUpkeep(self.open_reader, self.blob_bytes, holds, world, registry, caller)

    def close(self) -> None:
        """Close the connection for blobs."""
        self.blob_bytes.close()
        self._patience.close()

    def figures(self) -> StoreFigures:
        """Return how large it was when it was last looked at."""
        db_bytes = 0 if self._writing is None else self._writing.database_bytes
        return StoreFigures("postgresql", database_of(self._url), db_bytes=db_bytes, wal_bytes=0)
