"""Blobs: what is too large for a value, put in parts and named by entries (see `core.blobs`)."""

import base64
import binascii
from collections.abc import Iterator

from penholder_daemon.core import blobs, places, seats, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.session import Session
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.verify import query
from penholder_protocol.errors import (
    BlobNotFound,
    BlobsFull,
    Denied,
    Fenced,
    InvalidParams,
    NotAttached,
    StoreFailed,
    UploadNotFound,
    ValueTooLarge,
)
from penholder_protocol.limits import (
    BLOB_BLOCK_BYTES,
    BLOB_UNNAMED_MS,
    MAX_BLOB_BYTES,
    MAX_BLOB_PART_BYTES,
)
from penholder_protocol.nouns import BlobPart, Finding, Upload
from penholder_protocol.nouns.words import (
    BlobId,
    BlobOffset,
    BlobPartLimit,
    BlobPartText,
    UploadId,
)

room = Room("blob")

_BOTH = (CONTROL, RUNTIME)
_FORGET_AT_ONCE = 1000
"""Blobs that one timer run looks at, while everybody else waits; the next one follows at once."""
_CHECKS = {
    "blobs_of_entries": (
        "SELECT s.name || ' has names of blobs for its entry ' || n.seq || ', which is not there'"
        " FROM blob_names n JOIN streams s ON s.stream_id = n.stream_id LEFT JOIN journal j"
        f" ON j.pos = {places.of('n.stream_id', 'n.seq')} WHERE j.blobs IS NULL"
    ),
    "room_of_blobs": (
        "SELECT 'blobs take ' || used || ' bytes, counted are ' || counted FROM (SELECT"
        f" COALESCE(SUM(CASE WHEN size > 0 THEN (size + {BLOB_BLOCK_BYTES - 1})"
        f" / {BLOB_BLOCK_BYTES} ELSE 1 END), 0)"
        f" * {BLOB_BLOCK_BYTES} AS used, COALESCE((SELECT bytes FROM blob_room), 0) AS counted"
        " FROM blobs) b WHERE used <> counted"
    ),
}


@room.local(
    sockets=_BOTH,
    errors=(NotAttached, Fenced, UploadNotFound, BlobsFull, InvalidParams, ValueTooLarge),
    acts=True,
)
async def put(
    session: Session,
    *,
    upload_id: UploadId | None = None,
    offset: BlobOffset = 0,
    bytes_base64: BlobPartText,
    last: bool = False,
) -> Upload:
    """Put a part of a blob; with the `last` one it is kept, on disk, and has its id.

    The first part has offset 0 and no `upload_id`, or a new one of the caller's own; each further
    one begins where the answer's `size` ends. A part that is there already may be sent again; the
    last one is where what is there ends. An upload ends with the daemon's run, and an hour after
    its last part.
    """
    data = _decoded(bytes_base64)
    if offset + len(data) > MAX_BLOB_BYTES:
        raise ValueTooLarge(
            f"a blob has MAX_BLOB_BYTES ({MAX_BLOB_BYTES}) at most; split it into several",
            limit="MAX_BLOB_BYTES",
            maximum=MAX_BLOB_BYTES,
        )
    stored_bytes = await session.read(_may_put)
    return await session.blobs.put(upload_id, offset, data, last=last, stored_bytes=stored_bytes)


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidParams(
            f"param `bytes_base64` is no base64 ({error}); expected were bytes in the alphabet"
            " A-Za-z0-9+/ with their padding, without line breaks",
            param="bytes_base64",
        ) from None
    if len(data) > MAX_BLOB_PART_BYTES:
        raise ValueTooLarge(
            f"one part has MAX_BLOB_PART_BYTES ({MAX_BLOB_PART_BYTES}) at most; put it in several",
            limit="MAX_BLOB_PART_BYTES",
            maximum=MAX_BLOB_PART_BYTES,
        )
    return data


def _may_put(rx: Rx) -> int:
    """Look whether the caller may write, as its mutations would; returns what all blobs take."""
    if rx.caller.worker_id is not None:
        seats.require(rx, rx.caller.worker_id)
    return blobs.used_bytes(rx)


@room.query(sockets=_BOTH, errors=(BlobNotFound, StoreFailed))
def get(
    rx: Rx,
    *,
    blob_id: BlobId,
    offset: BlobOffset = 0,
    limit: BlobPartLimit = MAX_BLOB_PART_BYTES,
) -> BlobPart:
    """Return a piece of a blob; on a runtime socket of one that the worker's own entries name."""
    own = rx.caller.worker_id
    if own is not None and not blobs.is_named_in(rx, streams.worker(own), blob_id):
        raise Denied(f"no entry of {own} names {blob_id}", blob_id=blob_id)
    size = blobs.size_of(rx, blob_id)
    if size is None:
        raise blobs.not_found(blob_id)
    wanted = max(0, min(limit, size - offset))
    data = rx.world.read_blob(blob_id, offset, wanted)
    if data is None or len(data) != wanted:
        raise StoreFailed(
            f"{'nothing' if data is None else 'less than was put'} is left on disk of {blob_id};"
            " put it again, or restore a backup; daemon.verify looks for all that is damaged",
            blob_id=blob_id,
        )
    return BlobPart(
        bytes_base64=base64.b64encode(data).decode(), size=size, eof=offset + wanted >= size
    )


# --- the daemon's own ---------------------------------------------------------------------------
@room.mutation(sockets=())
def keep(tx: Tx, *, blob_id: str, size: int) -> None:
    """Know a blob whose bytes have just come to the disk.

    It is the caller's own call, so its seat is looked at as in any mutation: since it sent the part
    another may have taken it.
    """
    blobs.keep(tx, blob_id, size)


@room.mutation(sockets=())
def without_row(tx: Tx, *, blob_ids: list[str]) -> list[str]:
    """Return the blobs of which there are only bytes; asked of the writer, after all before it."""
    return blobs.without_row(tx, blob_ids)


@room.mutation(sockets=(), timer=True)
def forget_unnamed(tx: Tx) -> int | None:
    """Remove what was put an hour ago and no entry names; returns when to come again."""
    wait_ms = blobs.forget_unnamed(tx, _FORGET_AT_ONCE)
    # What is put from now on has its hour.
    return tx.world.boottime_ms() + (BLOB_UNNAMED_MS if wait_ms is None else wait_ms)


@room.check
def checks(rx: Rx) -> Iterator[Finding]:
    """Look for names without entries, and whether the room that blobs take is counted right."""
    return query(rx, _CHECKS)
