"""Bytes that a command wrote into events: a line each, and nothing lost.

A long line comes in pieces; what is no UTF-8 comes as base64. Text of a line and of its pieces put
together, with a newline after each line but one that is marked, is what the command wrote.

A question has no newline, and neither has a progress bar that writes over itself: what is no line
yet becomes a piece marked `partial` when nothing follows for a while, or when it has waited for
long. The line goes on in the next event, be it with nothing but the newline.

A terminal makes `\\r\\n` of each newline. That is not the line's text, so there it is marked `crlf`
and left out: who wants the bytes has them all, who wants lines need not know.
"""

from base64 import b64encode
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterator, Mapping
from typing import Literal

import msgspec

from penholder_protocol.limits import MAX_VALUE_BYTES

StreamName = Literal["stdout", "stderr"]
STREAMS: tuple[StreamName, StreamName] = ("stdout", "stderr")
MAX_PIECE_BYTES = 64 << 10
QUIET_S = 0.25
"""After its last byte an unfinished line is sent …"""
LONGEST_S = 1.0
"""… and at the latest so long after its first byte that was not."""
_LONGEST_CHARACTER = 4
_SURROGATES = b"\xed\xa0"
"""Where the codes begin that are no characters; all of them begin with this first byte."""
_UTF_8 = getincrementaldecoder("utf-8")


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """Data of an `output` event; `text` or `base64`, without the newline at its end."""

    stream: StreamName
    text: str | None = None
    base64: str | None = None
    continued: bool = False
    """The line goes on in the next event of this stream."""
    newline: bool = True
    """Whether a newline followed; false at the end of a stream, and where `partial`."""
    partial: bool = False
    """Sent before it was a line, because it had to wait."""
    crlf: bool = False
    """The newline was `\\r\\n`, as a terminal makes it; only there `\\r` is not in `text`."""


class Splitter:
    """Cuts one stream into lines; keeps at most one piece of an unfinished line."""

    def __init__(self, stream: StreamName, *, crlf: bool = False) -> None:
        """Start at the beginning of a line; with `crlf` it is a terminal's output."""
        self._stream = stream
        self._crlf = crlf
        self._rest = b""
        self._goes_on = False
        self._first_at = 0.0
        self._last_at = 0.0

    def feed(self, chunk: bytes, now: float = 0.0) -> Iterator[msgspec.Raw]:
        """Yield the data of the events that these bytes complete; `now` is when they came."""
        *lines, rest = (self._rest + chunk).split(b"\n")
        # What is left began with this chunk, unless it goes on with what was left before.
        if lines or not self._rest:
            self._first_at = now
        self._last_at = now
        for line in lines:
            last = yield from self._cut(line)
            crlf = self._crlf and last.endswith(b"\r")
            yield from self._encode(last[:-1] if crlf else last, crlf=crlf)
            self._goes_on = False
        self._rest = yield from self._cut(rest)
        if len(self._rest) < len(rest):
            self._first_at = now

    def end(self) -> Iterator[msgspec.Raw]:
        """Yield what is left when the stream ends."""
        rest, self._rest = self._rest, b""
        if rest or self._goes_on:
            yield from self._encode(rest, newline=False)
        self._goes_on = False

    @property
    def due_at(self) -> float | None:
        """When what is there is to be sent, though it is no line; None where nothing can be."""
        if len(self._rest) == self._unfinished():
            return None
        return min(self._last_at + QUIET_S, self._first_at + LONGEST_S)

    def postpone(self, by_s: float) -> None:
        """Not count a time in which nothing could be read."""
        self._first_at += by_s
        self._last_at += by_s

    def flush(self) -> Iterator[msgspec.Raw]:
        """Yield what is there of an unfinished line, up to a character that may still come."""
        end = len(self._rest) - self._unfinished()
        piece, self._rest = self._rest[:end], self._rest[end:]
        self._first_at = self._last_at
        if piece:
            self._goes_on = True
            yield from self._encode(piece, continued=True, newline=False, partial=True)

    def _unfinished(self) -> int:
        # Half of a newline is no piece by itself either.
        half = self._crlf and self._rest.endswith(b"\r")
        return 1 if half else unfinished(self._rest)

    def _cut(self, line: bytes) -> Generator[msgspec.Raw, None, bytes]:
        """Yield the pieces of a line that is too long and return what is left of it."""
        # A command may write no newline for ever; a piece has to fit a value, and the memory.
        while len(line) > MAX_PIECE_BYTES:
            end = boundary(line, MAX_PIECE_BYTES)
            yield from self._encode(line[:end], continued=True)
            line = line[end:]
        return line

    def _encode(
        self,
        piece: bytes,
        *,
        continued: bool = False,
        newline: bool = True,
        partial: bool = False,
        crlf: bool = False,
    ) -> Iterator[msgspec.Raw]:
        """Encode a piece; in two where escapes make it longer than a value may be."""
        marks = {"continued": continued, "newline": newline, "partial": partial, "crlf": crlf}
        data = msgspec.json.encode(self._output(piece, marks))
        if len(data) <= MAX_VALUE_BYTES:
            yield msgspec.Raw(data)
            return
        # Escapes may make six bytes of one, and a value has a limit in bytes of JSON.
        half = boundary(piece, len(piece) // 2)
        yield from self._encode(piece[:half], continued=True)
        yield from self._encode(piece[half:], **marks)

    def _output(self, piece: bytes, marks: Mapping[str, bool]) -> Output:
        text = base64 = None
        try:
            text = piece.decode()
        # Not with replacements: what the command wrote must come out of its events to the byte.
        except UnicodeDecodeError:
            base64 = b64encode(piece).decode()
        return Output(self._stream, text, base64, **marks)


def boundary(line: bytes, end: int) -> int:
    """Return where to cut at or before `end` so that no UTF-8 character is cut in two."""
    for earlier in range(end, max(end - 4, 0), -1):
        if line[earlier] & 0xC0 != 0x80:
            return earlier
    return end


def unfinished(line: bytes) -> int:
    """Return how many bytes at the end are the begin of a UTF-8 character that may still come."""
    for length in range(1, min(_LONGEST_CHARACTER, len(line) + 1)):
        tail = line[-length:]
        if tail[0] & 0xC0 != 0x80:
            return length if _may_become_a_character(tail) else 0
    return 0


def _may_become_a_character(begin: bytes) -> bool:
    if begin >= _SURROGATES and begin[0] == _SURROGATES[0]:
        return False  # the decoder would wait for the third byte before it says so
    try:
        return _UTF_8("strict").decode(begin) == ""
    except UnicodeDecodeError:
        return False
