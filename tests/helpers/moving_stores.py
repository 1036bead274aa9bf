"""A state directory that was lived in, and a database of PostgreSQL, to move between the two."""

from contextlib import closing
from functools import cache
from pathlib import Path
from typing import NamedTuple

import apsw
import psycopg

from penholder_daemon.core.blobs import room_of
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.store.opening import open_writer
from penholder_daemon.shell.store.postgres.store import PostgresStore
from penholder_daemon.transferring.transfer import Transferred, transfer
from tests.frozen import make
from tests.helpers import postgresql
from tests.helpers.blobs import id_of
from tests.helpers.fakes import FaultyStore
from tests.helpers.harness import Bench, Json

_WITHOUT_BLOBS = (
    "DELETE FROM blob_names", "DELETE FROM blobs", "DELETE FROM blob_room",
    "UPDATE journal SET blobs = NULL",
)  # fmt: skip
_made = iter(range(1, 1000))


class Stores(NamedTuple):
    """Where both are; `held` is the handle of somebody who owns a controller."""

    state_dir: Path
    url: str
    bench: Bench
    held: Json

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.state_dir / "penholder.db"

    def to_postgresql(self, *, dry_run: bool = False) -> Transferred:
        """Move there."""
        return transfer(self.state_dir, self.url, None, dry_run=dry_run)

    def to_sqlite(self, path: Path, *, dry_run: bool = False) -> Transferred:
        """Move from there."""
        return transfer(self.state_dir, f"sqlite:{path}", self.url, dry_run=dry_run)

    def keep_blob(self, data: bytes) -> None:
        """Have a blob as the daemon keeps it."""
        files = BlobFiles(self.state_dir / "blobs")
        files.write("1", 0, data)
        assert files.seal("1", id_of(data))
        with closing(open_writer(self.database)) as store:
            store.run("INSERT INTO blobs (blob_id, size) VALUES (?, ?)", id_of(data), len(data))
            store.run(
                "INSERT INTO blob_room (number, bytes) VALUES (1, ?)"
                " ON CONFLICT (number) DO UPDATE SET bytes = blob_room.bytes + excluded.bytes",
                room_of(len(data)),
            )

    def schemas(self) -> set[str]:
        """Say which schemas there are but for the server's own."""
        sql = (
            "SELECT nspname FROM pg_namespace"
            " WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')"
        )
        with psycopg.connect(self.url) as connection:
            return {str(row[0]) for row in connection.execute(sql)}

    def over(self, store: PostgresStore) -> Bench:
        """Give the core and the rooms over a store that was moved to, in the same world."""
        self.bench.store = FaultyStore(store)
        self.bench.begin()
        return self.bench


@cache
def _bench() -> tuple[Bench, Json]:
    """Have a store lived in once: every move begins with a copy of it."""
    bench = make.live()
    return bench, bench.call("controller.acquire", controller_id="ctl_held", takeover=True)


def lived_in(directory: Path) -> Stores:
    """Make both: every table has rows, but for those of blobs."""
    url = postgresql.server().make(f"moved_{next(_made)}")
    bench, held = _bench()
    state_dir = directory / "state"
    state_dir.mkdir(mode=0o700)
    copy = apsw.Connection(str(state_dir / "penholder.db"))
    with copy.backup("main", bench.database.connection, "main") as backup:
        backup.step()
    for sql in _WITHOUT_BLOBS:
        copy.execute(sql)
    copy.close()
    return Stores(state_dir, url, bench, held)
