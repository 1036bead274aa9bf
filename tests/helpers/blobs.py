"""Bytes of blobs in memory, for what has no files, and what bytes are called."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

import trio

from penholder_daemon.core.store import StoreFault

P = ParamSpec("P")
T = TypeVar("T")


def id_of(data: bytes) -> str:
    """Return what bytes are called."""
    return f"sha256-{hashlib.sha256(data).hexdigest()}"


def encoded(data: bytes) -> str:
    """Return bytes as blob.put takes them."""
    return base64.b64encode(data).decode()


class MemoryBlobs:
    """Implements `BlobBytes`; a test can look into it, and have its next calls fail."""

    def __init__(self) -> None:
        """Begin with none."""
        self.uploads: dict[str, bytearray] = {}
        self.blobs: dict[str, bytes] = {}
        self.fail_at: str | None = None
        """The name of the method that fails, once."""

    def read(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob."""
        found = self.blobs.get(blob_id)
        return None if found is None else found[offset : offset + limit]

    def read_upload(self, name: str, offset: int, limit: int) -> bytes:
        """Read a piece of an upload."""
        return bytes(self.uploads[name][offset : offset + limit])

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write a piece; what fails has written half of it."""
        held = self.uploads.setdefault(name, bytearray())
        if self._fails("write"):
            held[offset:] = data[: len(data) // 2]
            raise StoreFault("no space left on device")
        held[offset:] = data

    def sync(self, name: str) -> None:  # noqa: ARG002
        """Have nothing to do."""
        if self._fails("sync"):
            raise StoreFault("input/output error")

    def seal(self, name: str, blob_id: str) -> bool:
        """Make an upload a blob."""
        if self._fails("seal"):
            raise StoreFault("input/output error")
        if name in self.uploads:
            self.blobs[blob_id] = bytes(self.uploads.pop(name))
        return blob_id in self.blobs

    def drop(self, name: str) -> None:
        """Remove an upload."""
        self.uploads.pop(name, None)

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove blobs."""
        for blob_id in blob_ids:
            self.blobs.pop(blob_id, None)

    def left_over(self) -> Iterator[str]:
        """Name every blob."""
        yield from list(self.blobs)

    def _fails(self, method: str) -> bool:
        if self.fail_at != method:
            return False
        self.fail_at = None
        return True


async def in_turn(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Carry out what a thread would, in this one; others have a turn before."""
    await trio.lowlevel.checkpoint()
    return act(*args, **kwargs)
