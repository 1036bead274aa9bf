"""The bytes of blobs as rows, so that every daemon that serves the database has them.

What is uploaded grows in a file of this machine first, as without a server: parts come one by one,
and only whole blobs are known by their hash. When all of it is there, it is written to the database
in pieces and in one transaction, and only then the file goes. So under the name of a blob there is
all of it or nothing, and a server that is away keeps an upload waiting, not losing.

All of it goes over a connection of its own: neither the writer nor a query waits for a large blob.

Another host may put the same bytes at the same moment, or remove them for it knows of no row. Who
puts writes over what is there, piece by piece, as it is the same. Who removes locks the pieces
first, and looks for a row once it has them; who makes a row sees to it that the first piece is
there, and stays until that is committed (`PostgresStore.holds_bytes`). So of a row and a removal
that meet, one is refused.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.disk.blob_files import BlobFiles, checked
from penholder_daemon.shell.store.postgres.store import PostgresStore

T = TypeVar("T")

PIECE_BYTES = 512 << 10
_READ = "SELECT at, bytes FROM blob_bytes WHERE blob_id = ? AND at < ? AND at > ? ORDER BY at"
_IS_THERE = "SELECT 1 FROM blob_bytes WHERE blob_id = ? LIMIT 1"
_HOLD = "SELECT at FROM blob_bytes WHERE blob_id = ? FOR UPDATE"
_HAS_ROW = "SELECT 1 FROM blobs WHERE blob_id = ?"
_DROP = "DELETE FROM blob_bytes WHERE blob_id = ?"
_ADD = (
    "INSERT INTO blob_bytes (blob_id, at, bytes) VALUES (?, ?, ?)"
    " ON CONFLICT (blob_id, at) DO UPDATE SET bytes = excluded.bytes"
)
_DROP_BEHIND = "DELETE FROM blob_bytes WHERE blob_id = ? AND at >= ?"
_AT_ONCE = 500


class PostgresBlobs:
    """Implements `BlobBytes`; may be used by several threads."""

    def __init__(self, uploads: BlobFiles, open_store: Callable[[], PostgresStore]) -> None:
        """Keep uploads in files; a connection is opened with the first use."""
        self._uploads = uploads
        self._open_store = open_store
        self._store: PostgresStore | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._store is not None:
                self._store.close()

    @contextmanager
    def _transaction(self) -> Iterator[PostgresStore]:
        with self._lock:
            if self._store is None:
                self._store = self._open_store()
            store = self._store
            store.run("BEGIN")
            try:
                yield store
                store.run("COMMIT")
            finally:
                if store.in_transaction:
                    store.run("ROLLBACK")

    def read(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob; None if there is none."""
        with self._transaction() as store:
            rows = list(store.rows(_READ, checked(blob_id), offset + limit, offset - PIECE_BYTES))
            if not rows and store.row(_IS_THERE, blob_id) is None:
                return None
        found = b"".join(_part(row[0], row[1], offset) for row in rows)
        return found[:limit]

    def size_of(self, blob_id: str) -> int | None:
        """Return how many bytes there are of a blob; None if there is none."""
        sql = "SELECT SUM(length(bytes)) FROM blob_bytes WHERE blob_id = ?"
        with self._transaction() as store:
            row = store.row(sql, checked(blob_id))
        return None if row is None or row[0] is None else int(str(row[0]))

    def read_upload(self, name: str, offset: int, limit: int) -> bytes:
        """Read a piece of what an upload holds."""
        return self._uploads.read_upload(name, offset, limit)

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write a piece of an upload."""
        self._uploads.write(name, offset, data)

    def sync(self, name: str) -> None:
        """Do nothing: what is durable is what is in the database."""

    def seal(self, name: str, blob_id: str) -> bool:
        """Make an upload a blob, durably; False if there is neither of the two."""
        checked(blob_id)
        try:
            first = self._uploads.read_upload(name, 0, PIECE_BYTES)
        except StoreFault as fault:
            if isinstance(fault.__cause__, FileNotFoundError):
                # Sent once more, since what came after the commit could not be told.
                return self.size_of(blob_id) is not None
            raise
        with self._transaction() as store:
            at, piece = 0, first
            while piece or not at:
                store.run(_ADD, blob_id, at, piece)
                at += len(piece)
                if len(piece) < PIECE_BYTES:
                    break
                piece = self._uploads.read_upload(name, at, PIECE_BYTES)
            # Of what was damaged; the first piece is there always.
            store.run(_DROP_BEHIND, blob_id, max(at, 1))
        self._uploads.drop(name)
        return True

    def drop(self, name: str) -> None:
        """Remove an upload, if it is there."""
        self._uploads.drop(name)

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove blobs, those that are there and have no row: another host may have made it."""
        for blob_id in map(checked, blob_ids):
            with self._transaction() as store:
                store.run(_HOLD, blob_id)
                if store.row(_HAS_ROW, blob_id) is None:
                    store.run(_DROP, blob_id)

    def has_row(self, blob_id: str) -> bool:
        """Tell whether there is a blob by now, whatever a view shows that began before."""
        with self._transaction() as store:
            return store.row(_HAS_ROW, checked(blob_id)) is not None

    def left_over(self) -> Iterator[str]:
        """Name every blob there is, and remove uploads of an earlier run."""
        # Whole blobs in the directory are of a time without this database, and are left alone.
        for _ in self._uploads.left_over():
            continue
        after = ""
        sql = (
            "SELECT DISTINCT blob_id FROM blob_bytes WHERE blob_id > ? ORDER BY blob_id"
            f" LIMIT {_AT_ONCE}"
        )
        while True:
            with self._transaction() as store:
                found = [str(row[0]) for row in store.rows(sql, after)]
            yield from found
            if len(found) < _AT_ONCE:
                return
            after = found[-1]


def _part(at: object, piece: object, offset: int) -> bytes:
    assert isinstance(at, int)
    assert isinstance(piece, bytes)
    return piece[max(0, offset - at) :]
