"""As much of Redis's protocol as the benchmarks need: commands as bytes, and small answers read."""

import socket
from typing import BinaryIO, TypeAlias

Reply: TypeAlias = "str | int | list[Reply] | None"


def command(*words: str) -> bytes:
    """Return a command as bytes."""
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in (each.encode() for each in words))
    return b"*%d\r\n" % len(words) + b"".join(parts)


class Redis:
    """A connection for what is not measured."""

    def __init__(self, path: str) -> None:
        """Connect."""
        self._peer = socket.socket(socket.AF_UNIX)
        self._peer.connect(path)
        self._answers: BinaryIO = self._peer.makefile("rb")

    def ask(self, *words: str) -> Reply:
        """Carry a command out; raises RuntimeError for what Redis refuses."""
        self._peer.sendall(command(*words))
        return self._read()

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._peer.close()

    def _read(self) -> Reply:
        line = self._answers.readline().rstrip()
        kind, rest = line[:1], line[1:].decode()
        if kind == b"*":
            return [self._read() for _ in range(int(rest))]
        if kind == b"$":
            return None if rest == "-1" else self._answers.read(int(rest) + 2)[:-2].decode()
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        raise RuntimeError(f"Redis refuses: {rest or 'it has hung up'}")
