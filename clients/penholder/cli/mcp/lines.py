"""Bytes in, lines out: one message a line, each of bounded length.

Unlike the daemon's own framing a line that is too long does not end the connection: an agent that
says too much at once is told so and goes on. What is over the limit is dropped as it comes, but for
both ends of the line: libraries write a message's id first or last, and whoever waits for the
answer is told under that id.
"""

import re
from collections.abc import Iterator

import msgspec

from penholder_protocol.limits import MAX_FRAME_BYTES

_END_BYTES = 256
_ID = rb'"id"\s*:\s*(-?\d{1,18}|"[^"\\]{0,100}")'
# Compiled where they are needed, which may be never: that takes as long as an import.
_FIRST = (
    rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?(?:"method"\s*:\s*"[^"\\]*"\s*,\s*)?'
    rb'(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID + rb"\s*[,}]"
)
"""Up to the id there are only members of the message itself, so it is not one of its params."""
_LAST = rb',\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?' + _ID + rb"\s*\}\s*$"
"""What the last brace closes is the message."""


class TooLong(msgspec.Struct, frozen=True):
    """A line over the limit: how long it was, and under which id it was sent, as JSON."""

    size: int
    id: bytes | None


class Cutter:
    """Cuts a stream of bytes into lines; holds no more than one of the greatest length."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        """Start with nothing read."""
        self._limit = limit
        self._begun = bytearray()
        self._dropped = 0
        self._tail = b""

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        """Yield each line that a chunk completes; blank ones are skipped."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._take(part)
            yield from self._complete()
        self._take(rest)

    def end(self) -> Iterator[bytes | TooLong]:
        """Yield what was sent last without a newline."""
        yield from self._complete()

    def _take(self, part: bytes) -> None:
        room = max(0, self._limit - len(self._begun))
        self._begun += part[:room]
        if len(part) > room:
            self._dropped += len(part) - room
            self._tail = (self._tail + part[room:])[-_END_BYTES:]

    def _complete(self) -> Iterator[bytes | TooLong]:
        line, dropped, tail = bytes(self._begun), self._dropped, self._tail
        self._begun, self._dropped, self._tail = bytearray(), 0, b""
        if dropped:
            yield TooLong(len(line) + dropped, _id_of(line, tail))
        elif line.strip():
            yield line


def _id_of(line: bytes, tail: bytes) -> bytes | None:
    found = re.match(_FIRST, line[: 4 * _END_BYTES])
    if found is None:
        found = re.search(_LAST, (line + tail)[-_END_BYTES:])
    return found[1] if found else None
