"""The output of a worker put together again: lines out of the pieces that events hold.

Pure: events in, lines out. Both streams may be in the middle of a line at once, so each is put
together by itself, and a line comes where its last piece came. Who follows wants a question that
has no newline at once: he takes the pieces as they come.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator

import msgspec

OUTPUT = "output"
_LONGEST_BYTES = 1 << 20
"""Of a line that is put together; what is longer comes in pieces."""


class _Output(msgspec.Struct):
    stream: str = "stdout"
    text: str | None = None
    base64: str | None = None
    continued: bool = False
    newline: bool = True


class Piece(msgspec.Struct, frozen=True):
    """Some bytes of one stream: a line, or a part of one."""

    ts: str
    stream: str
    content: bytes
    is_end: bool
    """Whether the line ends here, with a newline or with the stream."""


def piece_of(ts: str, data: bytes | msgspec.Raw) -> Piece | None:
    """Read the data of an `output` event; None where another program wrote something else."""
    try:
        found = msgspec.json.decode(data, type=_Output)
        content = b64decode(found.base64 or "") if found.text is None else found.text.encode()
    except (msgspec.MsgspecError, TypeError, ValueError):
        return None
    newline = b"\n" if found.newline and not found.continued else b""
    return Piece(ts, found.stream, content + newline, not found.continued)


class Assembler:
    """Puts pieces together to lines, each stream by itself."""

    def __init__(self) -> None:
        """Begin with no line begun."""
        self._begun: dict[str, list[Piece]] = {}
        self._bytes: dict[str, int] = {}

    def take(self, piece: Piece) -> Iterator[Piece]:
        """Yield the line that a piece ends, or what has become too long to wait for its end."""
        self._begun.setdefault(piece.stream, []).append(piece)
        size = self._bytes[piece.stream] = self._bytes.get(piece.stream, 0) + len(piece.content)
        if piece.is_end or size > _LONGEST_BYTES:
            yield from self._joined(piece.stream)

    def rest(self) -> Iterator[Piece]:
        """Yield the lines that have no end yet."""
        for stream in list(self._begun):
            yield from self._joined(stream)

    def _joined(self, stream: str) -> Iterator[Piece]:
        begun = self._begun.pop(stream, [])
        self._bytes.pop(stream, None)
        if begun:
            content = b"".join(each.content for each in begun)
            yield Piece(begun[0].ts, stream, content, begun[-1].is_end)


def lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield whole lines, and at the end what has none yet."""
    assembler = Assembler()
    for piece in pieces:
        yield from assembler.take(piece)
    yield from assembler.rest()
