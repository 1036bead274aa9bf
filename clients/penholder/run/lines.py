"""Bytes that a command wrote into events: a line each, and nothing lost.

A long line comes in pieces; what is no UTF-8 comes as base64. Text of a line and of its pieces put
together, with a newline after each line but one that is marked, is what the command wrote.
"""

from base64 import b64encode
from collections.abc import Generator, Iterator
from typing import Literal

import msgspec

from penholder_protocol.limits import MAX_VALUE_BYTES

StreamName = Literal["stdout", "stderr"]
MAX_PIECE_BYTES = 64 << 10


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """Data of an `output` event; `text` or `base64`, without the newline at its end."""

    stream: StreamName
    text: str | None = None
    base64: str | None = None
    continued: bool = False
    """The line goes on in the next event of this stream."""
    newline: bool = True
    """Whether a newline followed; false only at the end of a stream."""


class Splitter:
    """Cuts one stream into lines; keeps at most one piece of an unfinished line."""

    def __init__(self, stream: StreamName) -> None:
        """Start at the beginning of a line."""
        self._stream = stream
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[msgspec.Raw]:
        """Yield the data of the events that these bytes complete."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            last = yield from self._cut(line)
            yield from self._encode(last)
        self._rest = yield from self._cut(rest)

    def end(self) -> Iterator[msgspec.Raw]:
        """Yield what is left when the stream ends."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._encode(rest, newline=False)

    def _cut(self, line: bytes) -> Generator[msgspec.Raw, None, bytes]:
        """Yield the pieces of a line that is too long and return what is left of it."""
        while len(line) > MAX_PIECE_BYTES:
            end = boundary(line, MAX_PIECE_BYTES)
            yield from self._encode(line[:end], continued=True)
            line = line[end:]
        return line

    def _encode(
        self, piece: bytes, *, continued: bool = False, newline: bool = True
    ) -> Iterator[msgspec.Raw]:
        """Encode a piece; in two where escapes make it longer than a value may be."""
        data = msgspec.json.encode(self._output(piece, continued=continued, newline=newline))
        if len(data) <= MAX_VALUE_BYTES:
            yield msgspec.Raw(data)
            return
        half = boundary(piece, len(piece) // 2)
        yield from self._encode(piece[:half], continued=True)
        yield from self._encode(piece[half:], continued=continued, newline=newline)

    def _output(self, piece: bytes, *, continued: bool, newline: bool) -> Output:
        try:
            text = piece.decode()
        except UnicodeDecodeError:
            base64 = b64encode(piece).decode()
            return Output(self._stream, base64=base64, continued=continued, newline=newline)
        return Output(self._stream, text=text, continued=continued, newline=newline)


def boundary(line: bytes, end: int) -> int:
    """Return where to cut at or before `end` so that no UTF-8 character is cut in two."""
    for earlier in range(end, max(end - 4, 0), -1):
        if line[earlier] & 0xC0 != 0x80:
            return earlier
    return end
