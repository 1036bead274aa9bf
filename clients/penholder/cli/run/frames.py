"""What goes over a runner's socket once a viewer is attached: frames of bytes, both ways.

Before them each side says one line of JSON: the request with its `kind`, and the answer. A frame is
a letter, the length of what follows in four bytes (big end first), and that. All is bounded, as
whoever has this user's id can write to the socket: what is longer, or of no known kind, ends the
connection.
"""

import struct
from collections.abc import Iterator
from enum import Enum

import msgspec

MAX_LINE_BYTES = 256 << 10
"""Of the request and of the answer, which `send` fills with its text."""
MAX_PAYLOAD_BYTES = 64 << 10
MAX_LINES_OR_COLUMNS = 10_000
"""Of a terminal that somebody says to have."""
_HEADER = struct.Struct(">cI")
_SIZE = struct.Struct(">HH")


class Kind(Enum):
    """Kinds of frames; a viewer sends the first three, a runner the others."""

    INPUT = b"i"
    SIZE = b"s"
    """Lines and columns of the viewer's terminal, two bytes each."""
    DETACH = b"d"
    OUTPUT = b"o"
    ENDED = b"e"
    """How the command ended, as JSON."""


FROM_VIEWERS = frozenset({Kind.INPUT, Kind.SIZE, Kind.DETACH})
FROM_RUNNERS = frozenset({Kind.OUTPUT, Kind.ENDED})


class BadFrame(Exception):
    """What came is no frame that the other side may send."""


class Size(msgspec.Struct, frozen=True):
    """Of a terminal, in characters."""

    lines: int
    columns: int


class Ended(msgspec.Struct, frozen=True):
    """How a command ended: with a status, or by a signal; `code` is what a shell calls it."""

    exit_status: int | None
    signal: str | None
    code: int


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """Make frames of a payload: one, or as many as it takes."""
    if not payload:
        return _HEADER.pack(kind.value, 0)
    pieces = range(0, len(payload), MAX_PAYLOAD_BYTES)
    return b"".join(_frame(kind, payload[at : at + MAX_PAYLOAD_BYTES]) for at in pieces)


def _frame(kind: Kind, payload: bytes) -> bytes:
    return _HEADER.pack(kind.value, len(payload)) + payload


def encode_size(size: Size) -> bytes:
    """Make the frame that tells a terminal's size."""
    return encode(Kind.SIZE, _SIZE.pack(size.lines, size.columns))


def decode_size(payload: bytes) -> Size:
    """Read a terminal's size; raises BadFrame for what no terminal has."""
    if len(payload) != _SIZE.size:
        raise BadFrame("a size has four bytes")
    size = Size(*_SIZE.unpack(payload))
    if not all(0 < each <= MAX_LINES_OR_COLUMNS for each in (size.lines, size.columns)):
        raise BadFrame("no terminal has that size")
    return size


class Decoder:
    """Cuts what comes into frames; keeps at most one that is not whole."""

    def __init__(self, allowed: frozenset[Kind]) -> None:
        """Take the kinds that the other side may send."""
        self._allowed = {kind.value: kind for kind in allowed}
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Yield the frames that these bytes complete; raises BadFrame."""
        rest = self._rest + chunk
        at = 0
        while len(rest) - at >= _HEADER.size:
            letter, length = _HEADER.unpack_from(rest, at)
            kind = self._allowed.get(letter)
            # Before any of it is waited for: a length alone must not take memory.
            if kind is None or length > MAX_PAYLOAD_BYTES:
                raise BadFrame(f"{letter!r} with {length} bytes is no frame")
            end = at + _HEADER.size + length
            if len(rest) < end:
                break
            yield kind, rest[at + _HEADER.size : end]
            at = end
        self._rest = rest[at:]
