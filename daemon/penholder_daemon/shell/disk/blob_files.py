"""The bytes of blobs as files: one directory, private, each file named by the hash of its bytes.

Every name is looked up in a directory that was opened before (`dir_fd`), and no link is followed:
who could put one in the place of a file, or of the directory, could have the daemon read or write
somewhere else.

An upload is a file with a name of this run of the daemon. When all its parts are in it, it is
synced, then renamed to what its bytes are called, then the directory is synced: so under the name
of a blob there is all of it or nothing, whenever the power fails. A rename replaces what is there.
That has the same bytes by its name; if it has not, because a disk or a hand has damaged it, putting
it again mends it.

What a run that was killed has left of uploads carries that run's name, so the next one can clear it
away while its own are growing beside it (`left_over`).
"""

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from penholder_daemon.core.store import StoreFault
from penholder_daemon.shell.disk import copying
from penholder_daemon.shell.disk.paths import UnusablePath, make_private_directory

BLOB_ID = re.compile(r"sha256-[0-9a-f]{64}")
_UPLOAD = re.compile(r"\.upload-([0-9a-f]{16})-[0-9]+")
_SAFE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class BlobFiles:
    """Implements `BlobBytes`."""

    def __init__(self, directory: Path) -> None:
        """Keep them in a directory, which is made with the first one."""
        self._directory = directory
        self._run = secrets.token_hex(8)

    def read(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob; None if there is none."""
        with _faults(f"blob {blob_id} cannot be read"):
            try:
                with self._opened() as directory:
                    return _read(directory, checked(blob_id), offset, limit)
            except FileNotFoundError:
                return None

    def read_upload(self, name: str, offset: int, limit: int) -> bytes:
        """Read a piece of what an upload holds."""
        with _faults("an upload cannot be read"), self._opened() as directory:
            return _read(directory, self._upload(name), offset, limit)

    def write(self, name: str, offset: int, data: bytes) -> None:
        """Write a piece of an upload, which is made with its first one; all of it or nothing.

        What there was room for of a piece that failed would keep others from the last room.
        """
        with _faults("an upload cannot be written"), self._made() as directory:
            flags = os.O_WRONLY | os.O_CREAT | _SAFE
            with _descriptor(directory, self._upload(name), flags) as file:
                try:
                    _write_at(file, offset, data)
                except OSError:
                    os.ftruncate(file, offset)
                    raise

    def sync(self, name: str) -> None:
        """Have all of an upload on disk; one that is sealed already is."""
        with (
            _faults("an upload cannot be synced"),
            suppress(FileNotFoundError),
            self._opened() as directory,
            _descriptor(directory, self._upload(name), os.O_RDONLY | _SAFE) as file,
        ):
            os.fsync(file)

    def seal(self, name: str, blob_id: str) -> bool:
        """Make a synced upload a blob, durably; False if there is neither of the two."""
        with _faults(f"blob {blob_id} cannot be kept"), self._made() as directory:
            try:
                os.rename(
                    self._upload(name), checked(blob_id), src_dir_fd=directory, dst_dir_fd=directory
                )
            except FileNotFoundError:
                # Sent once more, since what came after the rename could not be told.
                if not _is_there(directory, blob_id):
                    return False
            os.fsync(directory)
        return True

    def drop(self, name: str) -> None:
        """Remove an upload, if it is there."""
        self._remove([self._upload(name)])

    def remove(self, blob_ids: Iterable[str]) -> None:
        """Remove blobs, those that are there."""
        self._remove(map(checked, blob_ids))

    def left_over(self) -> Iterator[str]:
        """Name every blob there is, and remove uploads of an earlier run."""
        with _faults("the blobs cannot be listed"):
            try:
                with self._opened() as directory, os.scandir(directory) as found:
                    for each in found:
                        upload = _UPLOAD.fullmatch(each.name)
                        if upload is not None and upload[1] != self._run:
                            os.unlink(each.name, dir_fd=directory)
                        elif BLOB_ID.fullmatch(each.name):
                            yield each.name
            except FileNotFoundError:
                return

    def _remove(self, names: Iterable[str]) -> None:
        with (
            _faults("a blob cannot be removed"),
            suppress(FileNotFoundError),
            self._opened() as directory,
        ):
            for name in names:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=directory)

    def _upload(self, name: str) -> str:
        return f".upload-{self._run}-{name}"

    @contextmanager
    def _made(self) -> Iterator[int]:
        if not self._directory.is_dir():
            make_private_directory(self._directory)
            # The name of the directory is not on disk with what is in it.
            copying.sync(self._directory.parent)
        with self._opened() as directory:
            yield directory

    @contextmanager
    def _opened(self) -> Iterator[int]:
        with opened(self._directory) as directory:
            yield directory


@contextmanager
def opened(directory: Path) -> Iterator[int]:
    """Open a directory itself, to look names up in it; raises OSError."""
    try:
        descriptor = os.open(directory, _DIRECTORY)
    except NotADirectoryError as error:
        # The kernel's words are those for a file, also where a link leads to a directory.
        raise NotADirectoryError(
            error.errno, "it is a symlink or no directory, and is not followed", str(directory)
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def checked(blob_id: str) -> str:
    """Return an id as the name of a file; what is none never becomes a path."""
    if not BLOB_ID.fullmatch(blob_id):
        raise ValueError(f"{blob_id!r} is no id of a blob")
    return blob_id


def size_of(directory: int, blob_id: str) -> int | None:
    """Return how many bytes a blob's file has; None if there is none, or no plain file."""
    try:
        found = os.stat(checked(blob_id), dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _is_there(directory: int, blob_id: str) -> bool:
    return size_of(directory, blob_id) is not None


@contextmanager
def _descriptor(directory: int, name: str, flags: int) -> Iterator[int]:
    file = os.open(name, flags, 0o600, dir_fd=directory)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{name} is no plain file")
        yield file
    finally:
        os.close(file)


def _write_at(file: int, offset: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        done = os.pwrite(file, rest, offset)
        rest, offset = rest[done:], offset + done


def _read(directory: int, name: str, offset: int, limit: int) -> bytes:
    with _descriptor(directory, name, os.O_RDONLY | _SAFE) as file:
        pieces = []
        while limit and (piece := os.pread(file, limit, offset)):
            pieces.append(piece)
            limit, offset = limit - len(piece), offset + len(piece)
        return b"".join(pieces)


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnusablePath) as error:
        raise StoreFault(f"{what}: {error}") from error
