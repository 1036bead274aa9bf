"""A daemon for tests of the command line: answers by hand over a real Unix socket, in threads."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from penholder_protocol import __version__
from penholder_protocol.errors import PenholderError

Json = dict[str, Any]
Answer = Callable[[Json], object]


class Hangup(Exception):
    """Raised by an answer that ends the connection instead."""


class FakeDaemon:
    """Answers methods from a table and remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        """Listen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.calls: list[tuple[str, Json]] = []
        self.answers: dict[str, Answer] = {}
        self.silent = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def params(self, method: str) -> list[Json]:
        """Return what a method was asked with, each time."""
        return [params for called, params in self.calls if called == method]

    @property
    def methods(self) -> list[str]:
        """Return the methods that were called, in order."""
        return [method for method, _ in self.calls]

    def close(self) -> None:
        """Hang up on everybody."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        while self._threads:
            self._threads.pop().join()
        for connection in self._connections:
            connection.close()
        self._listener.close()
        self.path.unlink()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            # Not before it runs: `close` waits for every thread that it finds.
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError, Hangup):
            for line in lines:
                answer = self._answer(json.loads(line))
                if not self.silent:
                    connection.sendall(answer + b"\n")

    def _answer(self, message: Json) -> bytes:
        method, params = message["method"], message["params"]
        self.calls.append((method, params))
        head: Json = {"jsonrpc": "2.0", "id": message["id"]}
        if self.silent:
            return b""
        try:
            return json.dumps({**head, "result": self.answers[method](params)}).encode()
        except PenholderError as error:
            data = {"code": error.code, "retryable": error.retryable, "details": error.details}
            told = {"code": error.number, "message": error.message, "data": data}
            return json.dumps({**head, "error": told}).encode()


def worker(**fields: object) -> Json:
    """Make a record of a worker."""
    return {
        "worker_id": "w", "controller_id": "c", "label": "l", "launcher": "x", "profile": "p",
        "packs": [], "cwd": "/", "env": {}, "session_id": "s", "socket_path": "/s",
        "runtime_pid": None, "runtime_socket": None, "state": "idle",
        "recovery_state": "restartable", "active_turn_id": None, "heartbeat_at": None,
        "created_at": "t", "updated_at": "t", "stopped_at": None, "last_error": None, **fields,
    }  # fmt: skip


def handle(**fields: object) -> Json:
    """Make the answer of controller.acquire."""
    return {
        "controller_id": "c", "instance_id": "ci_1", "epoch": 7, "token": "secret-token",
        "pid": 1, "created_at": "t", "lease_expires_at": None, **fields,
    }  # fmt: skip


def release(**fields: object) -> Json:
    """Make the answer of controller.release."""
    return {
        "controller_id": "c", "released": True, "reason": None, "released_at": "t",
        "instance_id": "ci_1", "epoch": 7, **fields,
    }  # fmt: skip


def status(**fields: object) -> Json:
    """Make the answer of daemon.status."""
    return {
        "version": __version__, "pid": 1, "boot_id": "b", "started_at": "t", "state_dir": "/s",
        "runtime_dir": "/r", "sqlite_version": "3.54.1", "schema_version": 4, "workers": {},
        "connections": 1, "subscriptions": 0, "writer_queue": 0, "wal_bytes": 0, "db_bytes": 4096,
        "pos": 0, **fields,
    }  # fmt: skip
