"""Bytes of blobs in an export: lines behind all rows, each with a piece of one.

`{"blob": …, "offset": …, "base64": …}`, blob after blob, piece after piece. A blob is known by the
hash of its bytes, so who reads them in knows by itself whether all are there and right. They come
to the disk before the rows that know of them are committed; should it not come to that, a start of
the daemon clears them away.
"""

import hashlib
from collections.abc import Iterator

import msgspec

from penholder_daemon.core.store import Store, integer
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk.blob_files import BLOB_ID, BlobFiles
from penholder_protocol.limits import MAX_BLOB_PART_BYTES

BEGIN = b'{"blob":'
"""How a line of a blob begins, and none of a row."""
_NAME = "0"
"""Of what is being read: one blob after the other."""


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line."""

    blob: str
    offset: int
    base64: bytes


_PIECE = msgspec.json.Decoder(Piece)


def sizes(store: Store) -> dict[str, int]:
    """Return every blob that a database knows, with its size."""
    rows = store.rows("SELECT blob_id, size FROM blobs ORDER BY blob_id")
    return {str(blob_id): integer(size) for blob_id, size in rows}


def write(store: Store, files: BlobFiles) -> Iterator[bytes]:
    """Yield the lines of all blobs; raises Refused where bytes are missing."""
    for blob_id, size in sizes(store).items():
        # One without bytes has a line too: else it would be missing.
        for offset in range(0, max(1, size), MAX_BLOB_PART_BYTES):
            data = files.read(blob_id, offset, MAX_BLOB_PART_BYTES)
            if data is None or len(data) != min(size - offset, MAX_BLOB_PART_BYTES):
                raise Refused(
                    f"the bytes of {blob_id} are not there, or not all of them; an export is whole"
                    " or none: put it again, restore a backup, or prune the entries that name it"
                )
            yield msgspec.json.encode(Piece(blob_id, offset, data)) + b"\n"


class Incoming:
    """What an import reads of blobs; without `files` it only looks whether all is right."""

    def __init__(self, files: BlobFiles | None) -> None:
        """Begin with none."""
        self._files = files
        self._blob_id = ""
        self._size = 0
        self._hasher = hashlib.sha256()
        self._whole: dict[str, int] = {}

    def take(self, text: bytes, number: int) -> None:
        """Take a line; raises Refused."""
        try:
            piece = _PIECE.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(f"line {number} is no piece of a blob: {error}") from error
        if not BLOB_ID.fullmatch(piece.blob):
            raise Refused(f"line {number}: {piece.blob[:80]!r} is no id of a blob")
        if piece.blob != self._blob_id:
            self._finish()
            self._blob_id, self._size, self._hasher = piece.blob, 0, hashlib.sha256()
        if piece.offset != self._size:
            raise Refused(
                f"line {number}: a piece of {piece.blob} begins at {piece.offset}; expected was"
                f" {self._size}"
            )
        self._hasher.update(piece.base64)
        if self._files is not None:
            self._files.write(_NAME, self._size, piece.base64)
        self._size += len(piece.base64)

    def _finish(self) -> None:
        if not self._blob_id:
            return
        if f"sha256-{self._hasher.hexdigest()}" != self._blob_id:
            raise Refused(f"the bytes of {self._blob_id} have another hash than its name says")
        if self._files is not None:
            self._files.sync(_NAME)
            self._files.seal(_NAME, self._blob_id)
        self._whole[self._blob_id] = self._size

    def finish(self, store: Store) -> None:
        """Refuse rows of which the bytes have not come; raises Refused."""
        self._finish()
        for blob_id, size in sizes(store).items():
            if self._whole.get(blob_id) != size:
                raise Refused(f"the bytes of {blob_id} are missing at the end, or not all of them")
