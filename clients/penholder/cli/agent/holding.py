"""One runner to one session: two that went on with the same one would write over each other.

Who goes on with a session holds a lock on a file for it, which ends with the process, however that
ends. What the file says is only for people: who it is.
"""

import fcntl
import os
from hashlib import sha256
from pathlib import Path

from penholder.cli.run.endpoint import make_private
from penholder.cli.terminal.text import printable

_SAID_BYTES = 4096


class Held(Exception):
    """Somebody else has the session; the message says who, and how to end it."""


class Holding:
    """The session that this runner has, at most one."""

    def __init__(self, directory: Path, worker_id: str) -> None:
        """Hold nothing; files are made in the directory."""
        self._directory = directory
        self._worker_id = worker_id
        self._fd: int | None = None
        self._session_id: str | None = None

    def take(self, launcher: str, session_id: str) -> None:
        """Hold a session, and let go of another; raises Held."""
        if session_id == self._session_id:
            return
        make_private(self._directory)
        digest = sha256(f"{launcher}\0{session_id}".encode("utf-8", "surrogatepass")).hexdigest()
        path = self._directory / f"{digest[:32]}.lock"
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.pread(descriptor, _SAID_BYTES, 0).decode("utf-8", "replace").split()
            os.close(descriptor)
            raise Held(_text(session_id, said)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {self._worker_id}\n".encode(), 0)
        self.release()
        self._fd, self._session_id = descriptor, session_id

    def release(self) -> None:
        """Hold nothing any more."""
        if self._fd is not None:
            os.close(self._fd)
        self._fd = self._session_id = None


def _text(session_id: str, said: list[str]) -> str:
    session = f"session {printable(session_id)!r} is held by another runner"
    if len(said) != 2:
        return session
    pid, worker_id = map(printable, said)
    return f"{session}, process {pid} of worker {worker_id}; end it: penholder stop {worker_id}"
