"""A bench on a database file, whose daemon can be killed: it leaves what is on disk, no more."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from penholder_daemon.core import verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.shell.running.start import look_back
from penholder_daemon.shell.store.opening import open_writer
from tests.helpers.harness import DAEMON, Bench, Json
from tests.models.machine import MortalBench


@cache
def _empty_database() -> bytes:
    """Make an empty database once: its syncs take longer than most histories."""
    with TemporaryDirectory(prefix="penholder-") as directory:
        path = Path(directory) / "penholder.db"
        open_writer(path).close()
        return path.read_bytes()


class FileBench(MortalBench, Bench):
    """The core and the rooms on a file; clocks, ids and processes go on when the daemon dies."""

    def __init__(self) -> None:
        """Begin with an empty database in a directory of its own."""
        self._directory = TemporaryDirectory(prefix="penholder-")
        self._path = Path(self._directory.name) / "penholder.db"
        self._path.write_bytes(_empty_database())
        super().__init__(self._path)

    def open(self, path: Path) -> None:
        """Put a core onto a database."""
        super().open(path)
        # Whoever is killed leaves its writes to the kernel: syncs would only cost time. What they
        # are for is the power-loss test's.
        self.database.run("PRAGMA synchronous = OFF")
        # With the checkpoint that a close makes by itself, a kill would look like a clean end.
        self.database.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def send(self, method: str, caller: Caller, params: dict[str, object]) -> Json:
        """Carry a call out just as it is."""
        return Bench.call(self, method, caller, **params)

    def kill(self) -> None:
        """Drop everything but the file and its write-ahead log."""
        self.database.close()

    def start(self) -> None:
        """Open what was left and do what the daemon does before it serves."""
        self.world.restart()
        self.open(self._path)
        for seat in look_back(self.database, self.world, DAEMON).lost_seats:
            self.own("runtime.exited", worker_id=seat.worker_id, epoch=seat.epoch)
        for method in self.registry.methods.values():
            if method.timer:
                self.own(method.name)

    def close(self) -> None:
        """Close the database and delete it."""
        self.database.close()
        self._directory.cleanup()

    def findings(self) -> list[str]:
        """Return what is wrong with the database, and what failed inside the daemon."""
        found = verify.findings(self.rx(), self.registry.rooms, deep=False)
        return [*map(repr, self.bugs), *(f"{each.check}: {each.detail}" for each in found)]

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        [(number,)] = self.database.rows(f"SELECT COUNT(*) FROM {table}")
        return int(str(number))

    def now_ms(self) -> int:
        """Return the wall clock of the world."""
        return self.world.wall_ms

    def seated_worker(self, worker_id: str) -> Caller:
        """Make a worker and seat a new process."""
        self.worker(worker_id)
        return self.seated(worker_id, 700 + len(self.world.living))
