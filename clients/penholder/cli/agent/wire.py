"""Lines of JSON-RPC between the runner and the agent.

A line may be large, as agents send whole files. So it is collected in pieces and joined once, and
one that passes all bounds is skipped to its end and told of, instead of growing for ever.

What is no message is what the agent's program, or something in it, prints for people: lines of the
stream stdout, as of every command. A message with bytes in it that are no UTF-8, such as half a
character at a cut, is one all the same, with U+FFFD in their place: its agent waits for an answer.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from penholder.cli.agent.protocol import Error, Message, decoded
from penholder.cli.run.lines import Splitter

MAX_LINE_BYTES = 50 << 20
_MESSAGE = msgspec.json.Decoder(Message)
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_SHOWN_BYTES = 200


class _OddlyRefused(msgspec.Struct):
    id: int
    error: msgspec.Raw


class Wire:
    """Reads the agent's stdout; messages go to the conversation, all else becomes output."""

    due_at: float | None = None
    """Nothing is sent before it is whole."""

    def __init__(
        self,
        heard: Callable[[Message, bytes], None],
        too_long: Callable[[int], None],
        closed: Callable[[], None],
        wait_for_room: Callable[[], None],
        most_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        """`heard` gets a message and its line, `too_long` the bytes of a line that was skipped.

        `closed` is called when nothing more is said.
        """
        self._heard = heard
        self._closed = closed
        self._too_long = too_long
        self._wait_for_room = wait_for_room
        self._most_bytes = most_bytes
        self._pieces: list[bytes] = []
        self._bytes = 0

    def feed(self, chunk: bytes, _now: float = 0.0) -> Iterator[msgspec.Raw]:
        """Take bytes; see reader.Cuts."""
        self._wait_for_room()
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            self._collect(end)
            yield from self._line()
        self._collect(rest)

    def flush(self) -> Iterator[msgspec.Raw]:
        """Yield nothing: half a message is none."""
        return iter(())

    def postpone(self, by_s: float) -> None:
        """Wait for nothing, so nothing is postponed."""

    def end(self) -> Iterator[msgspec.Raw]:
        """Take the last line, which has no newline."""
        if self._bytes:
            yield from self._line()
        self._closed()

    def _collect(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > self._most_bytes:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def _line(self) -> Iterator[msgspec.Raw]:
        line, size = b"".join(self._pieces), self._bytes
        self._pieces.clear()
        self._bytes = 0
        if size > self._most_bytes:
            self._too_long(size)
            return
        if not line.strip():
            return
        messages = _read_all(line)
        for message, raw in messages:
            self._heard(message, raw)
        if not messages:
            yield from Splitter("stdout").feed(line + b"\n")


def _read_all(line: bytes) -> list[tuple[Message, bytes]]:
    """Read a line: one message, or several in an array; nothing where it is neither."""
    parts = _parts(line)
    found = [each for part in parts if (each := _read_part(part)) is not None]
    return found if len(found) == len(parts) else []


def _parts(line: bytes) -> list[bytes]:
    if line.lstrip().startswith(b"["):
        with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return [bytes(each) for each in _BATCH.decode(line)]
    return [line]


def _read_part(part: bytes) -> tuple[Message, bytes] | None:
    message = _read(part)
    if message is None:
        return None
    text = _as_text(part)
    return message if text is part else _read(text) or message, text


def _as_text(line: bytes) -> bytes:
    """Return what any reader can read; the decoder looks at no text that it only passes on."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("utf-8", "replace").encode()
    return line


def _read(line: bytes) -> Message | None:
    try:
        return _MESSAGE.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # An error that is none of JSON-RPC's is an answer, and who asked waits for one.
        odd = decoded(line, _OddlyRefused)
    if odd is None:
        return None
    return Message(
        id=odd.id, error=Error(0, bytes(odd.error)[:_SHOWN_BYTES].decode("utf-8", "replace"))
    )
