"""A daemon that a test plays by hand, one message at a time, over a real Unix socket."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from penholder_protocol.errors import PenholderError

Json = dict[str, Any]
_PATIENCE_S = 30


class Peer:
    """The daemon's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Own the connection."""
        connection.settimeout(_PATIENCE_S)
        self._socket = connection
        self._lines = connection.makefile("rb")

    def read(self) -> Json:
        """Return the next message of the client; empty when it has hung up."""
        line = self._lines.readline()
        return dict(json.loads(line)) if line else {}

    def send(self, **message: object) -> None:
        """Send a message."""
        self._socket.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def answer(self, request: Json, result: object) -> None:
        """Send the result of a request."""
        self.send(id=request["id"], result=result)

    def refuse(self, request: Json, error: PenholderError) -> None:
        """Send the error of a request; of {"id": None} that of the connection."""
        data = {"code": error.code, "retryable": error.retryable, "details": error.details}
        told = {"code": error.number, "message": error.message, "data": data}
        self.send(id=request["id"], error=told)

    def accept_subscription(self, name: str, pos: int) -> Json:
        """Answer journal.subscribe; returns its params."""
        request = self.read()
        assert request["method"] == "journal.subscribe"
        self.answer(request, {"subscription": name, "pos": pos})
        return dict(request["params"])

    def send_entries(self, name: str, *positions: int, pos: int | None = None) -> None:
        """Notify a subscription of entries at these positions."""
        params = {
            "subscription": name,
            "entries": [entry(each) for each in positions],
            "pos": positions[-1] if pos is None else pos,
        }
        self.send(method="journal.entries", params=params)

    def hang_up(self) -> None:
        """Close the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._lines.close()
        self._socket.close()


class FakeDaemon:
    """A socket that listens, or does not."""

    def __init__(self, path: Path) -> None:
        """Choose a path; nobody listens yet."""
        self.path = path
        self._listener: socket.socket | None = None
        self._peers: list[Peer] = []

    def start(self, backlog: int = 128) -> None:
        """Listen."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(_PATIENCE_S)
        self._listener.bind(str(self.path))
        self._listener.listen(backlog)

    def accept(self) -> Peer:
        """Wait for a connection."""
        assert self._listener is not None
        peer = Peer(self._listener.accept()[0])
        self._peers.append(peer)
        return peer

    def stop(self) -> None:
        """Hang up on everybody, and be gone."""
        while self._peers:
            self._peers.pop().hang_up()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            self.path.unlink()


@contextmanager
def fake_daemon() -> Iterator[FakeDaemon]:
    """Give a daemon that listens, at a path short enough for a socket."""
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        daemon = FakeDaemon(Path(directory, "control.sock"))
        daemon.start()
        try:
            yield daemon
        finally:
            daemon.stop()


def entry(pos: int) -> Json:
    """Make an entry."""
    return {
        "entry_id": f"ev_{pos}", "pos": pos, "stream": "worker:w", "seq": pos, "ts": "t",
        "type": "t", "turn_id": None, "data": {}, "raw": None, "request_id": None,
    }  # fmt: skip


PONG = {"pong": True, "ts": "2026-01-31T12:00:00.000Z"}
CONTROLLER = {
    "controller_id": "c", "label": "l", "workspace_key": "/w", "created_at": "t", "updated_at": "t",
}  # fmt: skip
