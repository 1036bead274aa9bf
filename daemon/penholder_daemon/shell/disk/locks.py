"""The locks of one daemon: on its state directory and on its runtime directory.

The state directory's lock is never let go of: its descriptor means the directory, whatever becomes
of the name. A runtime directory that was removed and is there again is another one, though, and
whoever locks it first serves there. So nothing in it is replaced before the new one is locked
(`make_ready`). A daemon that did it the other way round unlinked the sockets of the one that had
taken its place.
"""

import structlog

from penholder_daemon.shell.disk.lock import AlreadyRunning, DirectoryLock
from penholder_daemon.shell.disk.paths import Paths, UnusablePath, is_private_directory

log = structlog.get_logger()


class Locks:
    """The locks on the directories of a daemon."""

    def __init__(self, paths: Paths) -> None:
        """Take them; raises AlreadyRunning."""
        self._paths = paths
        self._state = DirectoryLock(paths.state_dir, paths.control_socket)
        self._runtime: DirectoryLock | None = None
        self._told = ""
        """Why the lock cannot be taken again: said once, not twice a second."""
        if paths.runtime_dir != paths.state_dir:
            try:
                self._runtime = DirectoryLock(paths.runtime_dir, paths.control_socket)
            except BaseException:
                # A start that is refused leaves nothing locked.
                self._state.release()
                raise

    def put_back(self) -> None:
        """Put back what was removed; a runtime directory that is new is locked."""
        self._state.put_back()
        if self._runtime is None:
            return
        if self._runtime.is_in_place:
            self._runtime.put_back()
        elif self._paths.runtime_dir.is_dir():
            self._lock_again(self._runtime)

    def make_ready(self) -> None:
        """Have the runtime directory be there and be ours, before anything in it is replaced.

        Raises UnusablePath where it is not: another daemon may have taken the path over.
        """
        if self._is_ours and is_private_directory(self._paths.workers_dir):
            return
        self._paths.restore_runtime_dir()
        self.put_back()
        if not self._is_ours:
            raise UnusablePath(f"{self._paths.runtime_dir} is not locked: {self._told}")

    @property
    def _is_ours(self) -> bool:
        return self._runtime is None or self._runtime.is_in_place

    def _lock_again(self, lost: DirectoryLock) -> None:
        try:
            self._runtime = DirectoryLock(self._paths.runtime_dir, self._paths.control_socket)
        except (OSError, AlreadyRunning, UnusablePath) as error:
            if str(error) != self._told:
                self._told = str(error)
                log.error("the runtime directory is new and cannot be locked", reason=self._told)
            return
        self._told = ""
        lost.release()

    def release(self) -> None:
        """Let go of them."""
        if self._runtime is not None:
            self._runtime.release()
        self._state.release()
