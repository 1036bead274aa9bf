"""The end of one worker's stream: what was read of it, and what has come since.

It is asked for when the worker is chosen, and comes later; meanwhile entries go on coming. Those
are kept aside, and joined by their numbers: what was read goes first, and of what came only that
is added which is newer. So there is no gap and no double, whichever is first.

Output comes in pieces: a long line, or one that waited for its end. A piece that goes on is put to
the line that it belongs to, though another stream may have written below it since.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from penholder.cli.top.model.records import Event, Key
from penholder.cli.top.model.text import MAX_LINE_CHARACTERS, clean, overwritten
from penholder.cli.top.model.worker import Output, read_output
from penholder_protocol.nouns import Entry

MAX_LINES = 2_000
"""Kept of one stream."""
STREAMS = ("stdout", "stderr")
_MAX_DETAIL = 400


class Line(msgspec.Struct):
    """A line of output, or an event; `kind` is stdout, stderr or event."""

    seq: int
    ts: str
    kind: str
    text: str


class Tail:
    """The last lines of a worker."""

    def __init__(self, worker: Key) -> None:
        """Know nothing yet."""
        self.worker = worker
        self.lines: deque[Line] = deque(maxlen=MAX_LINES)
        self.is_read = False
        self._last_seq = 0
        self._early: deque[Event] = deque(maxlen=MAX_LINES)
        self._open: dict[str, Line] = {}
        self._returned: set[str] = set()

    def read(self, events: Iterable[Event]) -> None:
        """Take what was read, and then what came before that."""
        if self.is_read:
            return
        self.is_read = True
        for event in (*events, *self._early):
            self._take(event)
        self._early.clear()

    def come(self, entry: Entry) -> None:
        """Take an entry of the journal."""
        event = Event(event_seq=entry.seq, ts=entry.ts, type=entry.type, data=entry.data)
        if self.is_read:
            self._take(event)
        else:
            # A copy: what is kept must not keep a whole answer of the daemon with it.
            self._early.append(msgspec.structs.replace(event, data=Raw(bytes(event.data))))

    def _take(self, event: Event) -> None:
        if event.event_seq <= self._last_seq:
            return
        self._last_seq = event.event_seq
        output = read_output(event.data) if event.type == "output" else None
        if output is None or output.shown is None:
            self.lines.append(_line(event, "event", _described(event)))
        else:
            self._write(event, output, output.shown)

    def _write(self, event: Event, output: Output, text: str) -> None:
        kind = output.stream if output.stream in STREAMS else "stdout"
        first, *others = text.split("\n")
        open_line = self._open.pop(kind, None)
        if open_line is None:
            open_line = _line(event, kind, "")
            self.lines.append(open_line)
        # What follows a return is written over what stands there.
        is_over = (first and kind in self._returned) or "\r" in first.rstrip("\r")
        before = "" if is_over else open_line.text
        open_line.text = clean(before + overwritten(first)[:MAX_LINE_CHARACTERS])
        for other in others:
            open_line = _line(event, kind, overwritten(other))
            self.lines.append(open_line)
        self._returned.discard(kind)
        if output.continued:
            self._open[kind] = open_line
            if text.endswith("\r"):
                self._returned.add(kind)


def _line(event: Event, kind: str, text: str) -> Line:
    return Line(event.event_seq, event.ts, kind, clean(text))


def _described(event: Event) -> str:
    return " ".join((event.type, *_facts(event.data)))


def _facts(data: Raw) -> Iterator[str]:
    """Say what an event's data holds, its fields one after the other."""
    if len(data) > MAX_LINE_CHARACTERS:
        yield bytes(data)[:_MAX_DETAIL].decode(errors="replace") + "…"
        return
    try:
        found = msgspec.json.decode(data, type=dict[str, object] | None) or {}
    except (msgspec.MsgspecError, RecursionError):
        yield bytes(data).decode(errors="replace")
        return
    for name, value in found.items():
        if value not in (None, [], {}, ""):
            yield f"{name}={_written(value)}"


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return msgspec.json.encode(value).decode()
