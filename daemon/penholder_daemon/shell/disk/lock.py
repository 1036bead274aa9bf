"""One daemon per directory, kept by flock: the kernel lets go of it however the daemon ends.

A pid in a file would outlive a crash, and its number might be another's by then. A lock does not.
But a lock on a file guards the file and not its name: whoever removes the file lets the next one
make a new file, which is locked by nobody. So two things are locked:

- The directory itself is what keeps a second daemon out, even where the file was removed.
- The lock file says whose the directory is: its first line is the pid alone, the second one of a
  daemon its control socket, so that clients find it from the state directory too; and whoever wants
  to know whether a daemon runs looks at its lock. It is put back when it was removed.

A file may also be replaced between its opening and its lock. The lock then is on a file that has no
name any more and keeps nobody out, so it is looked at once more after it was taken.
"""

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

import structlog

from penholder_daemon.shell.disk import kept_lines
from penholder_daemon.shell.disk.paths import UnusablePath

log = structlog.get_logger()

_NAME = "penholder.lock"
_TRIES = 100


class AlreadyRunning(Exception):
    """Another daemon serves this directory; the message names its pid."""


class DirectoryLock:
    """An exclusive lock on a directory, held until `release` or the process ends."""

    def __init__(self, directory: Path, control_socket: Path | None = None) -> None:
        """Take the lock, for a daemon with its socket; raises AlreadyRunning."""
        self._path = directory / _NAME
        self._control_socket = control_socket
        self._told = ""
        """Why the file cannot be put back: said once, not at every try."""
        # O_CLOEXEC above all: a child that inherited it would go on holding the lock.
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self._directory = os.open(directory, flags)
        try:
            _lock(self._directory, self._path)
            self._file = _lock_file(self._path)
        except BaseException:
            os.close(self._directory)
            raise
        self._sign()

    def _sign(self) -> None:
        """Leave the pid for others to read; a disk that takes nothing keeps nobody from serving."""
        try:
            # Emptied first: of what a longer one left there the end would stay.
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, self._signature(), 0)
        except OSError as error:
            log.warning("the pid could not be left in the lock file", reason=str(error))

    def _signature(self) -> bytes:
        socket = self._control_socket
        return b"%d\n" % os.getpid() + (b"" if socket is None else os.fsencode(socket) + b"\n")

    @property
    def is_in_place(self) -> bool:
        """Whether the directory that is locked is still the one that has this path."""
        return _is_at(self._directory, self._path.parent)

    def put_back(self) -> None:
        """Make the lock file again where somebody has removed it."""
        if _is_at(self._file, self._path):
            return
        try:
            again = _lock_file(self._path)
        except (OSError, AlreadyRunning, UnusablePath) as error:
            if str(error) != self._told:
                self._told = str(error)
                log.warning("the lock file was removed, and cannot be put back", reason=self._told)
            return
        self._told = ""
        log.warning("the lock file was removed, and is put back", path=str(self._path))
        os.close(self._file)
        self._file = again
        self._sign()

    def release(self) -> None:
        """Let go of the lock; the file stays, since unlinking it would race with the next one."""
        os.close(self._file)
        os.close(self._directory)


def _lock_file(path: Path) -> int:
    """Lock the file that has this path; one that was replaced meanwhile locks nobody out."""
    for _ in range(_TRIES):
        descriptor = _open(path)
        try:
            _lock(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)
    raise AlreadyRunning(f"{path} is replaced again and again; another daemon seems to start there")


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(
            f"another daemon (pid {_holder(path)}) already serves {path.parent};"
            " stop it with `penholder down`, or choose another directory"
        ) from None


def _holder(path: Path) -> str:
    try:
        told = kept_lines.read(path)
    except (OSError, UnusablePath):
        told = ""
    return told.partition("\n")[0] or "unknown"


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    ours = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


def _open(path: Path) -> int:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            # What a pipe in its place is said, nobody could read there.
            raise UnusablePath(
                f"{path} is no plain file: move it away, or choose another directory"
            )
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDWR | flags, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        # On a disk that is read-only the file of an earlier daemon can be locked all the same.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
