"""Blobs: bytes that are too large for a value, kept beside the journal and named by its entries.

A blob is known by the hash of its bytes. So it never changes, the same content is kept once however
often it is put, and whoever has an id can tell whether what it reads is what was meant.

The bytes are not in the database: it would have to move each of them through its log, while
everybody waits for the one writer. They come to the disk first, aside, and are synced there; only
then the writer makes the row (`keep`), and only what has a row can be named (`check`). So an entry
never names what is not there, whatever is killed when. The other way round bytes without a row may
be left by a crash, which nobody can reach; they are cleared away by and by (`without_row`).

The end goes in the opposite order: the row goes with the transaction that takes the last name, the
bytes after its commit (`RemoveBlobs`).

What nobody names goes an hour after its last put. That is not looked for among all there are: a row
holds the age of its put only until somebody has looked at it past its hour and found it named
(`forget_unnamed`). From then on only the loss of its last name is of interest (`forget_names`).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from penholder_daemon.core import durations, places
from penholder_daemon.core.effects import RemoveBlobs
from penholder_daemon.core.ledger import Head
from penholder_daemon.core.store import Row, integer, integer_in, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import BlobNotFound, BlobsFull
from penholder_protocol.limits import BLOB_BLOCK_BYTES, BLOB_UNNAMED_MS, MAX_BLOBS_BYTES
from penholder_protocol.nouns import Upload


class BlobBytes(Protocol):
    """The port to the bytes of blobs, and of uploads that are to become some.

    Each call may take as long as a disk does, so none is made where others would wait for it; calls
    may come from several threads. What fails raises StoreFault.
    """

    def read(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob; None if there is none, less than asked for at its end."""

    def read_upload(self, name: str, offset: int, limit: int) -> bytes:
        """Read a piece of what an upload holds."""

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write a piece of an upload, which is made with its first one."""

    def sync(self, name: str) -> None:
        """Have all of an upload on disk."""

    def seal(self, name: str, blob_id: str) -> bool:
        """Make a synced upload a blob, durably; False if there is neither of the two.

        What was under that name before had the same bytes, or was damaged: it is replaced.
        """

    def drop(self, name: str) -> None:
        """Remove an upload, if it is there."""

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove blobs, those that are there."""

    def left_over(self) -> Iterator[str]:
        """Name every blob there is, and remove uploads of an earlier run."""


class Blobs(Protocol):
    """The port through which a room puts blobs: who carries a local method out has no bytes."""

    async def put(
        self, upload_id: str | None, offset: int, data: bytes, *, last: bool, stored_bytes: int
    ) -> Upload:
        """Add a part to an upload, and with the last one make it a blob."""


def room_of(size: int) -> int:
    """Return what a blob counts for, in whole blocks of a disk."""
    return max(1, -(-size // BLOB_BLOCK_BYTES)) * BLOB_BLOCK_BYTES


class Kept(NamedTuple):
    """How many blobs there are, and what they count for."""

    number: int
    used_bytes: int


def kept(rx: Rx) -> Kept:
    """Count all blobs."""
    return Kept(integer_in(rx.store, "SELECT COUNT(*) FROM blobs") or 0, used_bytes(rx))


def used_bytes(rx: Rx) -> int:
    """Return what all blobs count for."""
    return integer_in(rx.store, "SELECT bytes FROM blob_room") or 0


def refuse_full(used: int, more: int) -> None:
    """Raise BlobsFull where so much more would be too much."""
    if used + more > MAX_BLOBS_BYTES:
        raise BlobsFull(
            f"blobs and uploads take {used} bytes of MAX_BLOBS_BYTES ({MAX_BLOBS_BYTES}), which has"
            f" no room for {more} more; prune entries that name some (daemon.prune)",
            limit="MAX_BLOBS_BYTES",
            maximum=MAX_BLOBS_BYTES,
            used_bytes=used,
        )


# --- what is there ------------------------------------------------------------------------------
def keep(tx: Tx, blob_id: str, size: int) -> None:
    """Know a blob whose bytes are on disk by now; one that is known gets its hour anew.

    Raises BlobNotFound where another host has removed its bytes meanwhile.
    """
    now_ms = durations.age_of(tx)
    if tx.store.run("UPDATE blobs SET put_ms = ? WHERE blob_id = ?", now_ms, blob_id):
        return
    if not tx.store.holds_bytes(blob_id):
        raise not_found(blob_id)
    more = room_of(size)
    refuse_full(used_bytes(tx), more)
    tx.store.run(
        "INSERT INTO blobs (blob_id, size, put_ms) VALUES (?, ?, ?)", blob_id, size, now_ms
    )
    _count(tx, more)


def size_of(rx: Rx, blob_id: str) -> int | None:
    """Return how many bytes a blob has; None if there is none."""
    return integer_in(rx.store, "SELECT size FROM blobs WHERE blob_id = ?", blob_id)


def not_found(blob_id: str) -> BlobNotFound:
    """Make the error for a blob that is not there."""
    return BlobNotFound(
        f"there is no blob {blob_id}; put it (again): what no entry names is removed after an hour",
        blob_id=blob_id,
    )


def is_named_in(rx: Rx, stream: str, blob_id: str) -> bool:
    """Tell whether an entry of a stream names a blob."""
    sql = (
        "SELECT 1 FROM blob_names WHERE blob_id = ?"
        " AND stream_id = (SELECT stream_id FROM streams WHERE name = ?) LIMIT 1"
    )
    return rx.store.row(sql, blob_id, stream) is not None


def without_row(rx: Rx, blob_ids: Iterable[str]) -> list[str]:
    """Return those of which there are only bytes."""
    return [blob_id for blob_id in blob_ids if size_of(rx, blob_id) is None]


def all_of(rx: Rx) -> Iterator[tuple[str, int]]:
    """Yield every blob with its size."""
    rows = rx.store.rows("SELECT blob_id, size FROM blobs ORDER BY blob_id")
    return ((str(blob_id), integer(size)) for blob_id, size in rows)


def forget_lost(tx: Tx, blob_ids: Sequence[str]) -> None:
    """Know no more of blobs whose bytes are lost; entries go on naming them."""
    for blob_id in blob_ids:
        _delete(tx, "blob_id = ?", blob_id)


# --- names --------------------------------------------------------------------------------------
def name(tx: Tx, head: Head, pos: int, blob_ids: Sequence[str]) -> None:
    """Have the newest entry of a stream name blobs; raises BlobNotFound.

    Only few entries do. So they pay for it, with statements of their own, and all others are
    written as if there were no blobs.
    """
    for blob_id in dict.fromkeys(blob_ids):
        is_there = tx.store.run(
            "INSERT INTO blob_names (stream_id, seq, blob_id)"
            " SELECT ?, ?, blob_id FROM blobs WHERE blob_id = ?",
            head.stream_id,
            head.last_seq,
            blob_id,
        )
        if not is_there:
            raise not_found(blob_id)
    tx.store.run("UPDATE journal SET blobs = ? WHERE pos = ?", to_json(blob_ids), pos)


def last_within(rx: Rx, stream_id: int, first_seq: int, last_seq: int, most: int) -> int:
    """Return up to which entry of a stretch there are no more names than so many."""
    row = rx.store.row(
        "SELECT seq FROM blob_names WHERE stream_id = ? AND seq BETWEEN ? AND ? ORDER BY seq"
        " LIMIT 1 OFFSET ?",
        stream_id,
        first_seq,
        last_seq,
        most,
    )
    return last_seq if row is None else integer(row[0]) - 1


def count_names(rx: Rx, stream_id: int, first_seq: int, last_seq: int) -> int:
    """Return how many names a stretch of a stream has."""
    sql = "SELECT COUNT(*) FROM blob_names WHERE stream_id = ? AND seq BETWEEN ? AND ?"
    return integer_in(rx.store, sql, stream_id, first_seq, last_seq) or 0


def forget_names(tx: Tx, stream_id: int, up_to_seq: int) -> None:
    """Take the names of a stream's oldest entries, which are about to go, and what only they named.

    What was put again since the last of those entries has its hour, for an entry to come.
    """
    here = "stream_id = ?1 AND seq <= ?2"
    if tx.store.row(f"SELECT 1 FROM blob_names WHERE {here} LIMIT 1", stream_id, up_to_seq) is None:
        return
    _delete(
        tx,
        f"blob_id IN (SELECT blob_id FROM blob_names WHERE {here})"
        " AND (put_ms IS NULL OR put_ms <= ?3 OR put_ms <= COALESCE("
        f"(SELECT age_ms FROM journal WHERE pos = {places.of('?1', '?2')}), put_ms))"
        " AND NOT EXISTS (SELECT 1 FROM blob_names n WHERE n.blob_id = blobs.blob_id"
        " AND NOT (n.stream_id = ?1 AND n.seq <= ?2))",
        stream_id,
        up_to_seq,
        durations.age_of(tx) - BLOB_UNNAMED_MS,
    )
    tx.store.run(f"DELETE FROM blob_names WHERE {here}", stream_id, up_to_seq)


def forget_unnamed(tx: Tx, most: int) -> int | None:
    """Take what was put an hour ago and is named by nobody, so many at a time.

    Returns in how many milliseconds the next one has had its hour; None while none waits.
    """
    over_ms = durations.age_of(tx) - BLOB_UNNAMED_MS
    is_due = "blob_id IN (SELECT blob_id FROM blobs WHERE put_ms <= ?1 ORDER BY put_ms LIMIT ?2)"
    is_named = "EXISTS (SELECT 1 FROM blob_names n WHERE n.blob_id = blobs.blob_id)"
    _delete(tx, f"{is_due} AND NOT {is_named}", over_ms, most)
    tx.store.run(f"UPDATE blobs SET put_ms = NULL WHERE {is_due} AND {is_named}", over_ms, most)
    oldest_ms = integer_in(tx.store, "SELECT MIN(put_ms) FROM blobs WHERE put_ms IS NOT NULL")
    return None if oldest_ms is None else max(0, oldest_ms - over_ms)


def _delete(tx: Tx, where: str, *values: str | int) -> None:
    sql = f"DELETE FROM blobs WHERE {where} RETURNING blob_id, size"
    gone: list[Row] = list(tx.store.rows(sql, *values))
    if gone:
        _count(tx, -sum(room_of(integer(size)) for _, size in gone))
        tx.after_commit(RemoveBlobs(tuple(str(blob_id) for blob_id, _ in gone)))


def _count(tx: Tx, more: int) -> None:
    if not tx.store.run("UPDATE blob_room SET bytes = bytes + ?", more):
        tx.store.run("INSERT INTO blob_room (number, bytes) VALUES (1, ?)", more)
