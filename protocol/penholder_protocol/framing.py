"""Bytes in, frames out: one JSON text per line.

A socket gives bytes as they come: half a frame, or many at once. Sans I/O, after h11: a `Framer` is
fed what a socket gave and yields whole lines, so it does not care how they were cut, and every way
to cut them can be tried without a socket. In a JSON string a newline is escaped, and between its
parts nobody needs one; so no byte of a frame has to be understood to find its end.

Each byte is looked at once. What is not complete yet is kept in one buffer that grows by a part of
itself: looking for the newline from the frame's beginning again, or a new text for each chunk,
would cost the square of a frame that comes in small pieces, and a list of the pieces many times
their bytes.

It keeps at most one unfinished frame, so what it holds is bounded by MAX_FRAME_BYTES and one read,
however its peer cuts it. A longer frame is refused as soon as it is
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

    __slots__ = ("_unfinished",)

    def __init__(self) -> None:
        """Start with nothing read."""
        self._unfinished = bytearray()

    @property
    def unfinished_bytes(self) -> int:
        """How much of a frame has come that is not complete yet."""
        return len(self._unfinished)

    def whole(self, chunk: bytes) -> bytes | None:
        """Return the frame that a chunk is, if it is just one: then nothing has to be cut."""
        end = len(chunk) - 1
        is_one = chunk.startswith(b"{") and chunk.find(b"\n") == end
        if self._unfinished or not is_one or end > MAX_FRAME_BYTES:
            return None
        return chunk[:end]

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield every frame that `chunk` completes, without newline; blank lines are skipped.

        Raises ValueTooLarge where a frame passes MAX_FRAME_BYTES; earlier ones were yielded.
        """
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            frame = chunk[start:end]
            start = end + 1
            if self._unfinished:
                self._keep(frame)
                frame = bytes(self._unfinished)
                self._unfinished = bytearray()
            # Whole in one chunk, so `_keep` has not measured it.
            elif len(frame) > MAX_FRAME_BYTES:
                raise _too_large(len(frame))
            if frame and not frame.isspace():
                yield frame
        if start < len(chunk):
            self._keep(chunk[start:])

    def _keep(self, part: bytes) -> None:
        self._unfinished += part
        if len(self._unfinished) > MAX_FRAME_BYTES:
            raise _too_large(len(self._unfinished))


def _too_large(frame_bytes: int) -> ValueTooLarge:
    return ValueTooLarge(
        f"a frame is longer than MAX_FRAME_BYTES ({MAX_FRAME_BYTES}); the connection is closed",
        limit="MAX_FRAME_BYTES",
        maximum=MAX_FRAME_BYTES,
        seen=frame_bytes,
    )
