"""As much of PostgreSQL's protocol as the benchmarks need: messages as bytes, and small answers."""

import socket
import struct
from collections.abc import Iterator
from typing import BinaryIO

READY = b"Z\x00\x00\x00\x05I"
"""ReadyForQuery outside of a transaction: the end of each answer."""
SYNC = b"S\x00\x00\x00\x04"


def message(kind: bytes, *parts: bytes) -> bytes:
    """Return a message: its kind, its length, what it holds."""
    body = b"".join(parts)
    return kind + struct.pack("!I", len(body) + 4) + body


def startup(user: str, database: str) -> bytes:
    """Return what a connection begins with."""
    words = ("user", user, "database", database, "")
    protocol = struct.pack("!I", 3 << 16)
    return message(b"", protocol, *(_text(word) for word in words))


def parse(name: str, sql: str) -> bytes:
    """Return what prepares a statement."""
    return message(b"P", _text(name), _text(sql), struct.pack("!H", 0)) + SYNC


def execute(name: str, *values: str) -> bytes:
    """Return what binds and runs a prepared statement and has it committed."""
    bound = (struct.pack("!I", len(value)) + value for value in map(str.encode, values))
    counts = (struct.pack("!HH", 0, len(values)), *bound, struct.pack("!H", 0))
    bind = message(b"B", _text(""), _text(name), *counts)
    return bind + message(b"E", _text(""), struct.pack("!I", 0)) + SYNC


def _text(word: str) -> bytes:
    return word.encode() + b"\x00"


class Postgres:
    """A connection for what is not measured."""

    def __init__(self, path: str, user: str, database: str) -> None:
        """Connect, as one whom the server trusts."""
        self._peer = socket.socket(socket.AF_UNIX)
        self._peer.connect(path)
        self._answers: BinaryIO = self._peer.makefile("rb")
        self._peer.sendall(startup(user, database))
        list(self._rows())

    def ask(self, sql: str) -> list[list[str]]:
        """Run statements and return their rows; raises RuntimeError for what is refused."""
        self._peer.sendall(message(b"Q", _text(sql)))
        return list(self._rows())

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._peer.close()

    def _rows(self) -> Iterator[list[str]]:
        refused = ""
        while True:
            kind, size = struct.unpack("!cI", self._answers.read(5).rjust(5, b"\x00"))
            body = self._answers.read(max(0, size - 4))
            if kind == b"D":
                yield list(_columns(body))
            elif kind in {b"E", b"\x00"}:
                refused = body.replace(b"\x00", b" ").decode(errors="replace") or "it has hung up"
            if kind in {b"Z", b"\x00"} or (kind == b"E" and b"FATAL" in body):
                break
        if refused:
            raise RuntimeError(f"PostgreSQL refuses: {refused}")


def _columns(row: bytes) -> Iterator[str]:
    at = 2
    for _ in range(*struct.unpack_from("!H", row)):
        (size,) = struct.unpack_from("!i", row, at)
        yield row[at + 4 : at + 4 + max(0, size)].decode()
        at += 4 + max(0, size)
