"""One daemon per directory, kept by flock: the kernel lets go of it however the daemon ends."""

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another daemon serves this directory; the message names its pid."""


class DirectoryLock:
    """An exclusive lock on a directory's lock file, held until `release` or the process ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock; raises AlreadyRunning."""
        self._path = directory / "penholder.lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise AlreadyRunning(
                f"another daemon (pid {holder or 'unknown'}) already serves {directory};"
                " stop it with `penholder down`, or choose another directory"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go of the lock; the file stays, since unlinking it would race with the next one."""
        os.close(self._descriptor)
