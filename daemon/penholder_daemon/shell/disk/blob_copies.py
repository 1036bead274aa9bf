"""Blobs beside a copy of a database: `NAME.blobs`, a directory of files, for `NAME`.

A copy of a database without its blobs is half a copy, so both are made together. The directory gets
its name before the database does: who finds the name of a backup finds all of it.

Every file is read and hashed on its way. What is damaged at its source would else be carried into
all backups, until the last one that is whole is removed.
"""

import errno
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from penholder_daemon.shell.disk import copying
from penholder_daemon.shell.disk.blob_files import BLOB_ID, checked, opened, size_of
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_protocol.limits import MAX_BLOB_BYTES

_CHUNK_BYTES = 1 << 20
_PARTIAL = re.compile(r"\.(.+)\.blobs\.partial")


class Holds:
    """How many looks at all blobs are underway; each is of a thread of its own."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._count = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have nothing removed; to be held before the view begins."""
        with self._lock:
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1

    @property
    def is_held(self) -> bool:
        """Whether there is one; one that begins now sees no row of what is removed now."""
        return self._count > 0


def beside(database: Path) -> Path:
    """Return where the blobs of a copy lie."""
    return database.with_name(f"{database.name}.blobs")


def of(database: Path) -> Path:
    """Return where the daemon looks for the blobs of its database, or a restore of another file."""
    return database.with_name("blobs") if database.name == "penholder.db" else beside(database)


def keep_beside(
    target: Path, blob_ids: Iterable[str], source: Path, must_end: Callable[[], bool]
) -> None:
    """Copy blobs beside a copy that is about to get its name; raises CopyFailed.

    Where there are none, there is no directory.
    """
    directory = beside(target)
    partial = directory.with_name(f".{directory.name}.partial")
    try:
        _clear(partial)
        copied = False
        for blob_id in blob_ids:
            if not copied:
                partial.mkdir(mode=0o700)
            copied = True
            copy(blob_id, source, partial, must_end)
        if copied:
            copying.sync(partial)
            # Onto what is there it fails, unless that is empty.
            os.rename(partial, directory)
    except OSError as error:
        raise CopyFailed(f"the blobs cannot be copied: {error}") from error
    finally:
        _clear(partial)


def copy(blob_id: str, source: Path, target: Path, must_end: Callable[[], bool]) -> None:
    """Copy one blob, synced; raises CopyFailed where it is not what its name says, or OSError."""
    name = checked(blob_id)
    partial = f".{name}.partial"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with opened(target) as directory:
        try:
            file = os.open(partial, flags, 0o600, dir_fd=directory)
            try:
                found = hashlib.sha256()
                for piece in _pieces(source, name, must_end):
                    found.update(piece)
                    _write(file, piece)
                if f"sha256-{found.hexdigest()}" != name:
                    raise CopyFailed(f"{source / name} is damaged: its bytes have another hash")
                os.fsync(file)
            finally:
                os.close(file)
            os.rename(partial, name, src_dir_fd=directory, dst_dir_fd=directory)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(partial, dir_fd=directory)


def is_there(blob_id: str, directory: Path) -> bool:
    """Tell whether a directory has a plain file of that name."""
    return _size_in(directory, blob_id) is not None


def is_whole(blob_id: str, directory: Path, must_end: Callable[[], bool] = lambda: False) -> bool:
    """Read a blob and tell whether it is what its name says; False too where there is none."""
    found = hashlib.sha256()
    try:
        for piece in _pieces(directory, checked(blob_id), must_end):
            found.update(piece)
    except OSError:
        return False
    return f"sha256-{found.hexdigest()}" == blob_id


def damages(
    blobs: Iterable[tuple[str, int]], directory: Path, must_end: Callable[[], bool], *, deep: bool
) -> Iterator[str]:
    """Say which blobs are not there or have another size; `deep` reads all of each, too."""
    for blob_id, size in blobs:
        there = _size_in(directory, blob_id)
        if there is None:
            yield f"blob {blob_id} has no file in {directory}"
        elif there != size:
            yield f"blob {blob_id} has {there} bytes in {directory}, not {size}"
        elif deep and not is_whole(blob_id, directory, must_end):
            yield f"blob {blob_id} in {directory} has other bytes than its name says"
        if must_end():
            raise CopyFailed("the daemon stops")


def names_in(directory: Path) -> list[str]:
    """List the blobs of a directory; none where it is not there."""
    try:
        with opened(directory) as descriptor:
            return [each for each in os.listdir(descriptor) if BLOB_ID.fullmatch(each)]
    except OSError:
        return []


def link_beside(kept: Path, blob_ids: Iterable[str], source: Path) -> None:
    """Give blobs second names beside a database that is kept; raises OSError.

    Where theirs is another disk they are copied as they are, whole or damaged.
    """
    target = beside(kept)
    for blob_id in blob_ids:
        target.mkdir(mode=0o700, exist_ok=True)
        try:
            os.link(source / checked(blob_id), target / blob_id, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_as_it_is(blob_id, source, target)
    if target.is_dir():
        copying.sync(target)


def _copy_as_it_is(name: str, source: Path, target: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(target / name, flags, 0o600)
    try:
        for piece in _pieces(source, name, lambda: False):
            _write(file, piece)
        os.fsync(file)
    finally:
        os.close(file)


def remove_beside(database: Path) -> None:
    """Remove the blobs of a copy that is removed."""
    _clear(beside(database))


def clear_left_over(directory: Path, is_copy: re.Pattern[str]) -> None:
    """Remove the blobs of copies that a crash has kept from their names."""
    for path in directory.iterdir():
        partial = _PARTIAL.fullmatch(path.name)
        name = partial[1] if partial else path.name.removesuffix(".blobs")
        is_left = bool(partial) or not os.path.lexists(path.with_name(name))
        if name != path.name and is_copy.fullmatch(name) and is_left:
            _clear(path)


def _size_in(directory: Path, blob_id: str) -> int | None:
    try:
        with opened(directory) as descriptor:
            return size_of(descriptor, blob_id)
    except OSError:
        return None


def _clear(directory: Path) -> None:
    """Remove a directory of blobs with what is in it, and nothing where it is none."""
    # What is something else is somebody else's; and in a pipe's place it would be waited for.
    if directory.is_dir() and not directory.is_symlink():
        shutil.rmtree(directory)


def _pieces(directory: Path, name: str, must_end: Callable[[], bool]) -> Iterator[bytes]:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with opened(directory) as descriptor:
        file = os.open(name, flags, dir_fd=descriptor)
    try:
        # A file that has grown without end would be read, and copied, until the disk is full.
        if os.fstat(file).st_size > MAX_BLOB_BYTES:
            raise OSError(f"{name} is larger than any blob")
        while piece := os.read(file, _CHUNK_BYTES):
            if must_end():
                raise CopyFailed("the daemon stops")
            yield piece
    finally:
        os.close(file)


def _write(file: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(file, rest) :]
