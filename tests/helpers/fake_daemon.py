"""A daemon that is none, over a real Unix socket: played by hand, or answering from a table.

Played by hand, message by message, it shows what a client does at each; from a table, in threads,
what a command comes to.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from penholder_protocol.errors import PenholderError
from tests.helpers.records import entry

Json = dict[str, Any]
Answer = Callable[[Json], object]
_PATIENCE_S = 30


class Peer:
    """The daemon's end of one connection."""

    def __init__(self, connection: socket.socket, patience_s: float | None = _PATIENCE_S) -> None:
        """Own the connection."""
        connection.settimeout(patience_s)
        self._socket = connection
        self._lines = connection.makefile("rb")

    def read(self) -> Json:
        """Return the next message of the client; empty when it has hung up."""
        line = self._lines.readline()
        return dict(json.loads(line)) if line else {}

    def read_bytes(self, count: int) -> bytes:
        """Return as many bytes, however they are cut into messages."""
        return self._lines.read(count)

    def send(self, **message: object) -> None:
        """Send a message."""
        self._socket.sendall(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        """Send what need not be a whole message, or may be several."""
        self._socket.sendall(data)

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

    def shut_down(self) -> None:
        """End the connection, and with it what another thread waits for on it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Close the connection."""
        self.shut_down()
        self._lines.close()
        self._socket.close()


class FakeDaemon:
    """A socket that listens, or does not; who speaks on it is the test."""

    def __init__(self, path: Path, patience_s: float | None = _PATIENCE_S) -> None:
        """Choose a path; nobody listens yet."""
        self.path = path
        self._patience_s = patience_s
        self._listener: socket.socket | None = None
        self._peers: list[Peer] = []

    def start(self, backlog: int = 128) -> None:
        """Listen."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(self._patience_s)
        self._listener.bind(str(self.path))
        self._listener.listen(backlog)

    def accept(self) -> Peer:
        """Wait for a connection."""
        assert self._listener is not None
        peer = Peer(self._listener.accept()[0], self._patience_s)
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


class Hangup(Exception):
    """Raised by an answer that ends the connection instead."""


class AnsweringDaemon(FakeDaemon):
    """Answers methods from a table and remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        """Listen, for as long as it takes."""
        super().__init__(path, patience_s=None)
        self.calls: list[tuple[str, Json]] = []
        self.answers: dict[str, Answer] = {"rpc.ping": _pong}
        self.silent = False
        self._serving: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept_all)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.start()
        self._accepting.start()

    def params(self, method: str) -> list[Json]:
        """Return what a method was asked with, each time."""
        return [params for called, params in self.calls if called == method]

    @property
    def methods(self) -> list[str]:
        """Return the methods that were called, in order."""
        return [method for method, _ in self.calls]

    def stop(self) -> None:
        """Hang up on everybody, and be gone with all threads."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()  # from here on nobody joins those who are served
        for peer in self._peers:
            peer.shut_down()
        for thread in self._serving:
            thread.join()
        super().stop()

    def _accept_all(self) -> None:
        with suppress(OSError):
            while True:
                thread = threading.Thread(target=self._serve, args=(self.accept(),))
                thread.start()
                self._serving.append(thread)

    def _serve(self, peer: Peer) -> None:
        try:
            with suppress(OSError, Hangup):
                while request := peer.read():
                    self._answer(peer, request)
        finally:
            peer.hang_up()

    def _answer(self, peer: Peer, request: Json) -> None:
        self.calls.append((request["method"], request["params"]))
        if self.silent:
            return
        try:
            result = self.answers[request["method"]](request["params"])
        except PenholderError as error:
            peer.refuse(request, error)
        else:
            peer.answer(request, result)


def _pong(_: Json) -> Json:
    """Say what time it is, which who tells an age asks."""
    return {"pong": True, "ts": datetime.now(UTC).isoformat(timespec="milliseconds")}


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
