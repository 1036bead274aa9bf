"""Bytes of blobs on their way: files of a directory without a server, rows with one.

A blob is known by the hash of its bytes, so each is looked at as it is read and once more as it was
written. Rows are of the transaction of the move. Files come to the disk before the database knows
of them; should it not come to that, a start of the daemon clears them away.
"""

import hashlib
from collections.abc import Iterable, Iterator

from penholder_daemon.core.store import Store
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.blob_files import BlobFiles
from penholder_daemon.shell.store.postgres import filling
from penholder_daemon.shell.store.postgres.blobs import PIECE_BYTES
from penholder_daemon.shell.store.postgres.store import PostgresStore

_UPLOAD = "0"
"""Of what is being written: one blob after the other."""


def whole(blob_id: str, size: int, pieces: Iterable[bytes], where: str) -> Iterator[bytes]:
    """Yield the bytes of a blob, and refuse in the end what is not all of it."""
    hasher, count = hashlib.sha256(), 0
    for piece in pieces:
        hasher.update(piece)
        count += len(piece)
        yield piece
    if count != size or blob_id != f"sha256-{hasher.hexdigest()}":
        raise Refused(
            f"the bytes of {blob_id} are not all in {where}, or damaged; a store is moved whole or"
            " not at all: put it again, restore a backup, or prune the entries that name it"
        )


def from_files(files: BlobFiles, blob_id: str) -> Iterator[bytes]:
    """Read one of a directory; nothing if it is not there."""
    offset = 0
    while piece := files.read(blob_id, offset, PIECE_BYTES):
        yield piece
        offset += len(piece)


def into_files(files: BlobFiles, blob_id: str, pieces: Iterable[bytes]) -> None:
    """Write one to a directory, durably."""
    offset = 0
    files.write(_UPLOAD, 0, b"")
    for piece in pieces:
        files.write(_UPLOAD, offset, piece)
        offset += len(piece)
    files.sync(_UPLOAD)
    files.seal(_UPLOAD, blob_id)


def from_rows(store: Store, blob_id: str) -> Iterator[bytes]:
    """Read one of a database; nothing if it is not there."""
    sql = "SELECT bytes FROM blob_bytes WHERE blob_id = ? ORDER BY at"
    for (piece,) in store.rows(sql, blob_id):
        assert isinstance(piece, bytes)  # as the column is
        yield piece


def into_rows(store: PostgresStore, blob_id: str, pieces: Iterable[bytes]) -> None:
    """Write one to a database."""

    def rows() -> Iterator[tuple[str, int, bytes]]:
        offset = 0
        for piece in pieces:
            yield blob_id, offset, piece
            offset += len(piece)
        if not offset:
            yield blob_id, 0, b""  # there, and empty

    filling.copy_in(store, "blob_bytes", ("blob_id", "at", "bytes"), rows())
