"""One daemon per directory, kept by flock: the kernel lets go of it however the daemon ends."""

import errno
import fcntl
import os
from pathlib import Path

import structlog

log = structlog.get_logger()


class AlreadyRunning(Exception):
    """Another daemon serves this directory; the message names its pid."""


class DirectoryLock:
    """An exclusive lock on a directory's lock file, held until `release` or the process ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock; raises AlreadyRunning."""
        self._descriptor = _open(directory / "penholder.lock")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunning(
                f"another daemon (pid {holder or 'unknown'}) already serves {directory};"
                " stop it with `penholder down`, or choose another directory"
            ) from None
        self._sign()

    def _sign(self) -> None:
        """Leave the pid for others to read; a disk that takes nothing keeps nobody from serving."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            log.warning("the pid could not be left in the lock file", reason=str(error))

    def release(self) -> None:
        """Let go of the lock; the file stays, since unlinking it would race with the next one."""
        os.close(self._descriptor)


def _open(path: Path) -> int:
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, os.O_RDWR | flags, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise
        # On a disk that is read-only the file of an earlier daemon can be locked all the same.
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
