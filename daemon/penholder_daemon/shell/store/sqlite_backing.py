"""The state in a file of SQLite: what a daemon has without any setting."""

from contextlib import ExitStack

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.disk.database_files import file_bytes
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.store.backing import HostCalls, MakeCommitter, StoreFigures
from penholder_daemon.shell.store.database import ApswStore
from penholder_daemon.shell.store.file_guard import AWAY
from penholder_daemon.shell.store.maintenance import Maintenance
from penholder_daemon.shell.store.opening import open_reader
from penholder_daemon.shell.store.pace import Pace
from penholder_daemon.shell.store.shm_gate import ShmGate
from penholder_daemon.shell.store.writer_connection import WriterConnection


class SqliteBacking:
    """Implements `Backing` over the files of a state directory."""

    is_shared = False

    def __init__(self, paths: Paths) -> None:
        """Open nothing yet."""
        self._paths = paths
        self._log = paths.database.with_name(f"{paths.database.name}-wal")
        self.gate = ShmGate()
        self.blob_bytes = BlobFiles(paths.blobs_dir)

    def make_pace(self) -> Pace:
        """Believe in the disk until it is seen to be slow."""
        return Pace()

    def open_writer(
        self, make_committer: MakeCommitter, world: World, host_calls: HostCalls
    ) -> WriterConnection:
        """Open the database for writing; raises UnusableDatabase."""
        del host_calls  # nobody else can write, so nothing must be looked at
        return WriterConnection(self._paths.database, self.gate, make_committer, world.host_id)

    def open_reader(self) -> ApswStore:
        """Open the database for reading only; raises StoreFault.

        What has its name may be another file by now, and a pipe would be waited for. Beside another
        database SQLite would read the log of this one as that one's, or delete it as nobody's; and
        who had opened that one would go on reading it after ours was put back.
        """
        self._refuse_away()
        with ExitStack() as opened:
            store = open_reader(self._paths.database, self.gate.damage)
            opened.callback(store.close)
            # Again, before the first read: it may have been replaced on the way.
            self._refuse_away()
            opened.pop_all()
        return store

    def _refuse_away(self) -> None:
        files = self.gate.files
        if files is not None and files.are_away:
            raise StoreFault(AWAY)

    def make_upkeep(
        self, holds: Holds, world: World, registry: Registry, caller: Caller
    ) -> Maintenance:
        """Make who verifies and copies it."""
        paths = self._paths
        return Maintenance(
            paths.database, paths.blobs_dir, holds, self.open_reader, world, registry, caller
        )

    def close(self) -> None:
        """Do nothing: whoever opens a file closes it."""

    def figures(self) -> StoreFigures:
        """Return the sizes of the files."""
        return StoreFigures(
            "sqlite",
            str(self._paths.database),
            db_bytes=file_bytes(self._paths.database),
            wal_bytes=file_bytes(self._log),
        )
