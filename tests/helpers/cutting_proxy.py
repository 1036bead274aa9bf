"""A proxy on a Unix socket between a daemon and PostgreSQL, which cuts connections at COMMIT.

Only of the connection that writes: the others commit what they have read. The server is told of
nothing; it sees a client that is gone.
"""

import re
import socket
import struct
import threading
from contextlib import suppress
from enum import Enum
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"
_WRITES = re.compile(rb"application_name\x00penholder [^ \x00]+ [^ \x00]+\x00")
_COMMITTED = b"C\0\0\0\x0bCOMMIT\0"
_BEFORE_STARTUP = (80877103, 80877104)
"""Asks for encryption; a startup follows."""


class Cut(Enum):
    """What becomes of a COMMIT."""

    BEFORE = "before"
    """It never reaches the server."""
    AFTER = "after"
    """It does, and nobody hears the answer."""
    GARBLED = "garbled"
    """It does, and the answer is nothing that any server would say; nothing is cut."""
    HELD = "held"
    """It is held back until `release`, whatever the server does, and never reaches it."""


class CuttingProxy:
    """Relays until it is armed, and cuts then at the next COMMIT."""

    def __init__(self, directory: Path, server: Path) -> None:
        """Serve in a directory what a server serves in another."""
        self.directory = directory
        self._server = str(server / _SOCKET)
        self._lock = threading.Lock()
        self._armed: list[Cut] = []
        self.cuts = 0
        """How many it has made."""
        self.is_held = threading.Event()
        self._released = threading.Event()
        self._held: socket.socket | None = None
        self._garbled: set[socket.socket] = set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / _SOCKET))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, *cuts: Cut) -> None:
        """Have the next commits cut so."""
        with self._lock:
            self._armed += cuts
            self.is_held.clear()
            self._released.clear()

    def release(self) -> None:
        """Cut what is held, or is to be."""
        with self._lock:
            self._armed.clear()
        self._released.set()

    def close(self) -> None:
        """Take no more connections; those that are there end with their daemon."""
        self.release()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                client.close()
                server.close()
                continue
            for relay in (self._forward, self._back):
                threading.Thread(target=relay, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, EOFError):
            writes = _relay_startup(client, server)
            while True:
                kind, message = _message(client)
                cut = self._due(kind, message, client) if writes else None
                if cut is Cut.AFTER:
                    _send_to_the_end(client, server, kind, message)
                if cut is Cut.GARBLED:
                    self._garbled.add(client)
                elif cut is not None:
                    break
                server.sendall(message)
        _end(client, server)

    def _due(self, kind: bytes, message: bytes, client: socket.socket) -> Cut | None:
        if kind not in b"QP" or not message.upper().rstrip(b"\0").endswith(b"\0COMMIT"):
            return None
        with self._lock:
            cut = self._armed.pop(0) if self._armed else None
        if cut is Cut.HELD:
            self._held = client
            self.is_held.set()
            self._released.wait()
        if cut is not None:
            self.cuts += 1
        return cut

    def _as_told(self, client: socket.socket, piece: bytes) -> bytes:
        if client not in self._garbled or _COMMITTED not in piece:
            return piece
        self._garbled.discard(client)
        return piece.replace(_COMMITTED, b"?" + _COMMITTED[1:])

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(65536):
                client.sendall(self._as_told(client, piece))
        if client is self._held:
            # Whoever waits for the answer is not to notice that the server is gone.
            self._released.wait()
        _end(client, server)


def _relay_startup(client: socket.socket, server: socket.socket) -> bool:
    """Relay what comes before messages; tells whether the connection is the one that writes."""
    while True:
        head = _exactly(client, 8)
        length, code = struct.unpack("!II", head)
        rest = _exactly(client, length - 8)
        server.sendall(head + rest)
        if code not in _BEFORE_STARTUP:
            return _WRITES.search(rest) is not None


def _message(client: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(client, 5)
    (length,) = struct.unpack("!I", head[1:])
    return head[:1], head + _exactly(client, length - 4)


def _send_to_the_end(
    client: socket.socket, server: socket.socket, kind: bytes, message: bytes
) -> None:
    """Send a message and what follows up to its sync; a query by itself has none."""
    while True:
        server.sendall(message)
        if kind in b"QS":
            return
        kind, message = _message(client)


def _exactly(source: socket.socket, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        piece = source.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return bytes(found)


def _end(*sockets: socket.socket) -> None:
    for each in sockets:
        # The other thread that waits on it is woken by this, and not by closing it.
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
