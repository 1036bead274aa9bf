"""The socket of a runner: where people's words reach the command behind a worker.

The daemon knows workers, not commands: that a command is to get a signal, to be started again, or
is typed into, is between people and the runner. So every `penholder run` serves a socket
`<runtime-dir>/runners/<worker_id>.sock`, and tells its path by worker.set_endpoint.

A connection has one request, a line of JSON with its `kind`, and the handler of that kind has the
connection until it returns. Most answer with one line and are done; one that stays (attach) goes on
by its own rules. Only processes of this user are served, as the kernel names them, and the
directory is nobody else's.

It answers on threads of its own and decides nothing: handlers tell the session's loop.
"""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from penholder._shared.address import connectable

MAX_REQUEST_BYTES = 256 << 10
_MOST_CONNECTIONS = 64
_REQUEST_S = 10.0
"""What a peer gets to say what it wants."""
_LEAST_S = 0.001
"""To wait no time at all would mean not to block."""
_ACCEPT_AGAIN_S = 1.0
_CREDENTIALS = struct.Struct("3i")
_CHUNK_BYTES = 64 << 10


class Refused(Exception):
    """A handler cannot do what was asked; the message goes to who asked."""


class Peer(msgspec.Struct, frozen=True):
    """Who asks, as the kernel says it."""

    pid: int
    uid: int


class Exchange:
    """One connection with its request; a handler's until it returns."""

    def __init__(self, connection: socket.socket, peer: Peer, line: bytes, rest: bytes) -> None:
        """Take what was read: the line of the request, and what came behind it."""
        self.socket = connection
        self.peer = peer
        self.line = line
        self.rest = rest

    def answer(self, **fields: object) -> None:
        """Send a line; a peer that has gone does not hear it."""
        with suppress(OSError):
            self.socket.sendall(msgspec.json.encode(fields) + b"\n")


Handler = Callable[[Exchange], None]


class _Request(msgspec.Struct):
    kind: str


class Endpoint:
    """The listening socket and the threads that answer on it."""

    def __init__(self, path: Path) -> None:
        """Name the socket; nothing listens yet."""
        self.path = path
        self._handlers: dict[str, Handler] = {}
        self._socket: socket.socket | None = None
        self._identity: tuple[int, int] | None = None
        self._room = threading.BoundedSemaphore(_MOST_CONNECTIONS)

    def serve(self, kind: str, handler: Handler) -> None:
        """Let a handler answer all requests of a kind; it may raise Refused."""
        self._handlers[kind] = handler

    def start(self) -> None:
        """Listen; raises OSError where the socket cannot be made or its directory is not ours."""
        make_private(self.path.parent)
        listening = socket.socket(socket.AF_UNIX)
        try:
            with connectable(str(self.path)) as address:
                # Left by a runner that was killed: whoever makes this one has the worker's seat.
                self.path.unlink(missing_ok=True)
                listening.bind(address)
            self.path.chmod(0o600)
            listening.listen()
        except BaseException:
            listening.close()
            raise
        self._socket, self._identity = listening, _identity(self.path)
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def close(self) -> None:
        """Listen no more. Connections that are open end with their handlers, or the process."""
        if self._socket is None:
            return
        # Whoever took the seat meanwhile has put another in its place.
        if _identity(self.path) == self._identity:
            self.path.unlink(missing_ok=True)
        # Not closed alone: a thread that waits in accept would go on waiting.
        closed, self._socket = self._socket, None
        with suppress(OSError):
            closed.shutdown(socket.SHUT_RDWR)
        closed.close()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            self._room.acquire()
            try:
                connection, _ = listening.accept()
            except OSError:
                self._room.release()
                if self._socket is None:
                    return
                # No descriptor is left, say: whoever waits is taken when there is one.
                time.sleep(_ACCEPT_AGAIN_S)
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection:
                peer = peer_of(connection)
                if peer.uid == os.geteuid():
                    self._answer(connection, peer)
        except OSError:
            # Gone, or silent for too long: there is nobody to be told.
            return
        finally:
            self._room.release()

    def _answer(self, connection: socket.socket, peer: Peer) -> None:
        line, rest = read_line(connection, _REQUEST_S)
        connection.settimeout(None)
        exchange = Exchange(connection, peer, line, rest)
        try:
            self._handler(line)(exchange)
        except (Refused, msgspec.MsgspecError) as error:
            exchange.answer(ok=False, error=str(error))

    def _handler(self, line: bytes) -> Handler:
        kind = msgspec.json.decode(line, type=_Request).kind
        if kind not in self._handlers:
            known = ", ".join(sorted(self._handlers))
            raise Refused(f"this runner does not know {kind[:64]!r}; it knows {known}")
        return self._handlers[kind]


def path_of(runtime_dir: Path, worker_id: str) -> Path:
    """Return where a runner's socket is."""
    return runtime_dir / "runners" / f"{worker_id}.sock"


def make_private(directory: Path) -> None:
    """Make a directory that only this user can enter; raises OSError where it is another's."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.lstat()
    if found.st_uid != os.geteuid():
        raise PermissionError(1, "belongs to another user", str(directory))
    if not os.path.isdir(directory) or directory.is_symlink():
        raise NotADirectoryError(20, "is not a directory of its own", str(directory))
    if found.st_mode & 0o777 != 0o700:
        directory.chmod(0o700)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def peer_of(connection: socket.socket) -> Peer:
    """Ask the kernel who is at the other end."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return Peer(pid, uid)


def read_line(connection: socket.socket, within_s: float | None) -> tuple[bytes, bytes]:
    """Read up to a newline; returns the line, and what came behind it. Raises OSError.

    All of it has to come within the time: a peer that says a byte now and then is no better than a
    silent one.
    """
    deadline = None if within_s is None else time.monotonic() + within_s
    heard = bytearray()
    while b"\n" not in heard:
        if deadline is not None:
            connection.settimeout(max(_LEAST_S, deadline - time.monotonic()))
        chunk = connection.recv(_CHUNK_BYTES)
        if not chunk:
            raise ConnectionResetError("the other end closed before its line was whole")
        heard += chunk
        if len(heard) > MAX_REQUEST_BYTES + _CHUNK_BYTES:
            raise ConnectionAbortedError("the line is too long")
    line, _, rest = bytes(heard).partition(b"\n")
    return line, rest
