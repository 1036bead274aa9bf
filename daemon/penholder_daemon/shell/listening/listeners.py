"""Listening sockets: bound privately and without a race, accepting until told to stop.

A socket's file is made by bind, with a mode that the umask cuts. To change it afterwards leaves a
moment in which others may connect. On Linux the file takes its mode from the socket, so it is set
there before.

A path that is there already is in the way. After a crash it is a socket that nobody listens on.
Whether somebody does is not asked: the caller holds the directory's lock, so whoever made it is
gone. What is no socket is left alone.

Accepting is bounded too: some of those who wait are taken, then everybody else has a turn. Without
descriptors accepting fails while the socket stays readable, and the loop would spin; so it pauses
for a moment. `AcceptingSocket` knows its file by device and inode, and so knows whether it is still
the one that people find.
"""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import structlog
import trio

from penholder_daemon.shell.disk.paths import UnusablePath, check_socket_path
from penholder_daemon.shell.systemd.kept_sockets import CONTROL_NAME, KeptSockets

log = structlog.get_logger()

_BACKLOG = 1024
# What says nothing about the peer, and passes.
_OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BACK_OFF_SECONDS = 0.1
_ACCEPTS_IN_A_ROW = 32
Accepted = Callable[[socket.socket], None]


def bind(path: Path) -> socket.socket:
    """Listen on a path with mode 0600; a socket that a dead daemon left there is replaced.

    The caller holds the directory's lock. Raises UnusablePath.
    """
    check_socket_path(path)
    _remove_stale(path)
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    except OSError as error:
        raise UnusablePath(f"cannot listen on {path}: {error}") from error
    try:
        # On the socket before bind: the file never has another mode, not for a moment.
        os.fchmod(sock.fileno(), 0o600)
        sock.bind(str(path))
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise UnusablePath(f"cannot listen on {path}: {error}") from error
    return sock


def open_kept(kept: KeptSockets, name: str, path: Path) -> socket.socket:
    """Go on with the socket that systemd kept under a name, or bind one and have it kept."""
    sock = kept.take(name, path)
    if sock is None:
        sock = bind(path)
        kept.keep(name, sock)
    return sock


def open_control(kept: KeptSockets, path: Path) -> socket.socket:
    """Return the control socket: a socket unit's, wherever it is, or our own."""
    # Without a path, unlike a worker's: where a socket unit listens is the unit's to say.
    return kept.take(CONTROL_NAME) or open_kept(kept, CONTROL_NAME, path)


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnusablePath(f"{path} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISSOCK(found.st_mode):
        raise UnusablePath(f"{path} is there and is no socket; it was left alone")
    try:
        path.unlink()
    except OSError as error:
        raise UnusablePath(f"{path} cannot be replaced: {error.strerror}") from error


class AcceptingSocket:
    """Accepts connections on one socket until closed."""

    def __init__(self, sock: socket.socket, accepted: Accepted) -> None:
        """Own a listening socket; `accepted` takes each connection."""
        self._socket = sock
        self._path = Path(str(sock.getsockname()))
        self._file = _file_at(self._path)
        self._accepted = accepted
        self._scope = trio.CancelScope()

    async def run(self) -> None:
        """Accept until closed; it may have been before this task had its first turn."""
        with self._scope:
            while self._socket.fileno() >= 0:
                await trio.lowlevel.wait_readable(self._socket)
                # Those who wait stay in the socket's queue meanwhile.
                if not self._accept_waiting():
                    await trio.sleep(_BACK_OFF_SECONDS)

    def _accept_waiting(self) -> bool:
        """Accept some of those who wait; False when there are no descriptors left."""
        for _ in range(_ACCEPTS_IN_A_ROW):
            try:
                sock, _ = self._socket.accept()
            except BlockingIOError:
                return True
            except OSError as error:
                if error.errno in _OUT_OF_DESCRIPTORS:
                    log.error("cannot accept", reason=str(error))
                    return False
                log.debug("a connection was gone before it was accepted", reason=str(error))
                continue
            self._accepted(sock)
        return True

    @property
    def is_in_place(self) -> bool:
        """Whether who connects to its path still gets here."""
        return self._file is not None and _file_at(self._path) == self._file

    def close(self, *, keep_path: bool = False) -> None:
        """Accept no more, and take the path away unless somebody goes on listening there."""
        # Before the descriptor is closed: the task leaves on its own, and meets no closed socket.
        self._scope.cancel()
        if self._socket.fileno() < 0:
            return
        is_ours = self.is_in_place
        trio.lowlevel.notify_closing(self._socket)
        self._socket.close()
        # Another daemon may have taken the path since; what lies there then is its own.
        if is_ours and not keep_path:
            remove(self._path)


def remove(path: Path) -> None:
    """Take a socket's path away; what keeps it from that is logged, and nobody is harmed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("a socket's path stays", path=str(path), reason=str(error))


def _file_at(path: Path) -> tuple[int, int] | None:
    """Identify the file that has a path now; None if there is none, or it cannot be seen."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
