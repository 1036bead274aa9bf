"""Bytes in, frames out: one JSON text per line.

Sans I/O, after h11: a `Framer` is fed what a socket gave and yields whole lines. It keeps at
most one unfinished frame, so its memory is bounded by MAX_FRAME_BYTES and one read.
"""

from collections.abc import Iterator

from penholder_protocol.errors import ValueTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES


class Framer:
    """Cuts a byte stream into frames at newlines.

    After `ValueTooLarge` the stream has lost its place and its connection must be closed.
    """

    __slots__ = ("_parts", "_parts_bytes")

    def __init__(self) -> None:
        """Start with nothing read."""
        self._parts: list[bytes] = []
        self._parts_bytes = 0

    @property
    def unfinished_bytes(self) -> int:
        """How much of a frame has come that is not complete yet."""
        return self._parts_bytes

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every frame that `chunk` completes, without newline; blank lines are skipped.

        Raises ValueTooLarge where a frame passes MAX_FRAME_BYTES; earlier ones were yielded.
        """
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            frame = chunk[start:end]
            start = end + 1
            if self._parts:
                self._keep(frame)
                frame = b"".join(self._parts)
                self._parts, self._parts_bytes = [], 0
            elif len(frame) > MAX_FRAME_BYTES:
                raise _too_large(len(frame))
            if frame and not frame.isspace():
                yield frame
        if start < len(chunk):
            self._keep(chunk[start:])

    def _keep(self, part: bytes) -> None:
        self._parts_bytes += len(part)
        if self._parts_bytes > MAX_FRAME_BYTES:
            raise _too_large(self._parts_bytes)
        self._parts.append(part)


def _too_large(frame_bytes: int) -> ValueTooLarge:
    return ValueTooLarge(
        f"a frame is longer than MAX_FRAME_BYTES ({MAX_FRAME_BYTES}); the connection is closed",
        limit="MAX_FRAME_BYTES",
        maximum=MAX_FRAME_BYTES,
        seen=frame_bytes,
    )
