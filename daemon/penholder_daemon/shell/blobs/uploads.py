"""Uploads that are not done: what each holds, and what may come next.

A part may be sent twice, since its answer can be lost; and after that it may be cut another way. So
what matters is only which bytes go where: those that are there already are compared, the rest is
new, and a gap is refused with where to go on.

They live as long as the daemon's run. A part is answered before it is synced, so after a power loss
nobody could say what of it is there, and putting it all again is at most MAX_BLOB_BYTES.

A worker that is killed leaves its uploads behind, and the next one of the same worker begins anew.
So at their limit they do not keep it out: the one that was silent for longest makes room. Nor does
one worker's take another's.
"""

import hashlib
from dataclasses import dataclass, field
from itertools import count

import trio

from penholder_daemon.core.blobs import room_of
from penholder_protocol.errors import InvalidParams, UploadNotFound
from penholder_protocol.limits import BLOB_UNNAMED_MS, MAX_UPLOADS
from penholder_protocol.nouns import Upload


@dataclass(eq=False)
class OpenUpload:
    """One upload; its lock is held by who works on it."""

    scope: str
    upload_id: str
    name: str
    """Of its bytes."""
    touched_ms: int
    size: int = 0
    hasher: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    lock: trio.Lock = field(default_factory=trio.Lock)
    sealed_as: str | None = None
    """The blob whose bytes are on disk, though perhaps nobody knows of it yet."""
    is_done: bool = False
    is_over: bool = False
    """Whether it was forgotten meanwhile."""

    @property
    def record(self) -> Upload:
        """What its caller is answered."""
        blob_id = self.sealed_as if self.is_done else None
        return Upload(upload_id=self.upload_id, blob_id=blob_id, size=self.size)

    @property
    def room(self) -> int:
        """What it counts for beside all blobs."""
        return 0 if self.is_done or not self.size else room_of(self.size)

    def refuse_over(self) -> None:
        """Raise UploadNotFound if it ended while its lock was waited for."""
        if self.is_over:
            raise not_found(self.upload_id)

    def check(self, offset: int, data: bytes, *, last: bool) -> None:
        """Raise InvalidParams where a part does not go on with what is there, or end it."""
        if offset > self.size:
            raise InvalidParams(
                f"upload {self.upload_id} holds {self.size} bytes, so its next part has offset"
                f" {self.size}, not {offset}: send one part after the other",
                param="offset",
                upload_id=self.upload_id,
                size=self.size,
            )
        if self.sealed_as is not None and offset + len(data) > self.size:
            raise InvalidParams(
                f"upload {self.upload_id} has had its last part; begin another one",
                upload_id=self.upload_id,
                size=self.size,
            )
        if last and offset + len(data) < self.size:
            raise InvalidParams(
                f"upload {self.upload_id} holds {self.size} bytes, and this part ends at"
                f" {offset + len(data)}: it cannot be the last one",
                param="last",
                upload_id=self.upload_id,
                size=self.size,
            )

    def refuse_other(self, offset: int) -> InvalidParams:
        """Make the error for bytes that are not those which are there."""
        return InvalidParams(
            f"upload {self.upload_id} holds other bytes from offset {offset} on; begin another one",
            param="bytes_base64",
            upload_id=self.upload_id,
            size=self.size,
        )


class Uploads:
    """The uploads of all callers, each known within its caller's scope."""

    def __init__(self) -> None:
        """Begin with none."""
        self._of_scope: dict[str, dict[str, OpenUpload]] = {}
        self._names = count(1)

    @property
    def room(self) -> int:
        """What all of them count for."""
        return sum(each.room for scope in self._of_scope.values() for each in scope.values())

    def find(self, scope: str, upload_id: str, offset: int) -> OpenUpload | None:
        """Return an upload; None where this may be its first part. Raises UploadNotFound."""
        found = self._of_scope.get(scope, {}).get(upload_id)
        if found is None and offset:
            raise not_found(upload_id)
        return found

    def begin(self, scope: str, upload_id: str, now_ms: int) -> OpenUpload:
        """Begin an upload."""
        upload = OpenUpload(scope, upload_id, str(next(self._names)), now_ms)
        self._of_scope.setdefault(scope, {})[upload_id] = upload
        return upload

    def forget(self, upload: OpenUpload) -> None:
        """End an upload; who waits for its lock is told."""
        upload.is_over = True
        mine = self._of_scope.get(upload.scope, {})
        if mine.get(upload.upload_id) is upload:
            del mine[upload.upload_id]
            if not mine:
                del self._of_scope[upload.scope]

    def in_the_way(self, scope: str) -> OpenUpload | None:
        """Return which is to end where there are too many: one that is done, else the quietest."""
        mine = self._of_scope.get(scope, {})
        if len(mine) <= MAX_UPLOADS:
            return None
        return min(mine.values(), key=lambda each: (not each.is_done, each.touched_ms))

    def silent(self, now_ms: int) -> list[OpenUpload]:
        """Return those that had no part for so long that nobody will go on with them."""
        return [
            each
            for scope in self._of_scope.values()
            for each in scope.values()
            if each.touched_ms <= now_ms - BLOB_UNNAMED_MS
        ]


def not_found(upload_id: str) -> UploadNotFound:
    """Make the error for an upload that is not there."""
    return UploadNotFound(
        f"there is no upload {upload_id!r} (any more): one ends with the daemon's run, an hour"
        " after its last part, or when it was silent for longest of MAX_UPLOADS; begin anew with"
        " offset 0",
        upload_id=upload_id,
    )
