"""Bytes in, frames out: one JSON text per line.

A socket gives bytes as they come: half a frame, or many at once. Sans I/O, after h11: a `Framer` is
fed what a socket gave and yields whole lines, so it does not care how they were cut, and every way
to cut them can be tried without a socket. In a JSON string a newline is escaped, and between its
parts nobody needs one; so no byte of a frame has to be understood to find its end.

Each byte is looked at once. What is not complete yet is kept in pieces and joined when its newline
comes. Joining it with each chunk, or looking for the newline from the frame's beginning again,
would cost the square of a frame that comes in small pieces.

It keeps at most one unfinished frame, so its bytes are bounded by MAX_FRAME_BYTES and one read;
what each piece takes as an object comes on top of that. A longer frame is refused as soon as it is
seen, not when its end comes, which may be never. Its rest would have to be thrown away to find the
next frame, and a peer may send that for ever; so the stream is given up.
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
            # Whole in one chunk, so `_keep` has not measured it.
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
