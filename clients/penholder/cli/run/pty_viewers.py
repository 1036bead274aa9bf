"""Who looks at a command's terminal from elsewhere: shown what it writes, heard if they may type.

The command must never wait for a viewer, nor one viewer for another. So what a viewer has not read
is bounded. One that falls behind is shown the last of the screen instead of all in between; one
that has read nothing for a while is dropped.

The smallest terminal of those who type decides the size, or some would not see all. Who only looks
changes nothing, not even that.

Who came and went is told in the worker's stream; what was typed is not.
"""

import time
from collections.abc import Callable

import msgspec

from penholder.cli.run.connection import Connection
from penholder.cli.run.frames import (
    FROM_VIEWERS,
    BadFrame,
    Decoder,
    Ended,
    Kind,
    Size,
    decode_size,
    encode,
)
from penholder.cli.run.pty_input import MAX_WAITING_BYTES, Input
from penholder.cli.run.pty_pair import Pty
from penholder.cli.run.pty_screen import Screen
from penholder.cli.run.telling import event
from penholder_protocol.nouns import NewEvent

MAX_VIEWERS = 16
MAX_BEHIND_BYTES = 1 << 20
STALLED_S = 5.0
ENTER = b"\r"
_ENTER_AFTER_S = 0.05
"""Programs take a line and an Enter that come at once for something that was pasted."""


class Viewer:
    """One who is attached."""

    def __init__(self, connection: Connection, is_view: bool) -> None:
        """Take a connection, not attached yet; `is_view` is not heard."""
        self.connection = connection
        self.is_view = is_view
        self.size: Size | None = None
        self.decoder = Decoder(FROM_VIEWERS)
        self.read_at = 0.0
        self.behind_bytes = 0

    def fields(self) -> dict[str, object]:
        """Return what the worker's stream says of it."""
        peer = self.connection.peer
        return {"uid": peer.uid, "pid": peer.pid, "view": self.is_view}


class Viewers:
    """All who are attached to one terminal; lives in the loop's thread."""

    def __init__(
        self,
        tell: Callable[[NewEvent], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tell` puts an event to the worker's, and says whether it could."""
        self._pty: Pty | None = None
        self._typed: Input | None = None
        self.size: Size | None = None
        """Of the terminal as it was last, if the viewers or the runner's own have said one."""
        self._tell = tell
        self._clock = clock
        self._screen = Screen()
        self._viewers: list[Viewer] = []
        self._own_size: Size | None = None
        self._is_over = False

    def connect(self, pty: Pty, typed: Input) -> None:
        """Take the terminal of another start; who is attached stays."""
        self._pty, self._typed = pty, typed
        self._fit()

    def disconnect(self) -> None:
        """Take that there is none, between two starts: what is typed then is dropped."""
        self._pty = self._typed = None

    def attach(self, viewer: Viewer) -> str | None:
        """Take a viewer in; returns why not, where that cannot be."""
        if self._is_over:
            return "the command has ended"
        if len(self._viewers) >= MAX_VIEWERS:
            return f"{MAX_VIEWERS} viewers are attached already"
        if not self._tell(event("attached", **viewer.fields())):
            return "the daemon is away, and cannot be told who attaches"
        connection = viewer.connection
        connection.receive(lambda chunk: self._hear(viewer, chunk))
        connection.when_closed(lambda: self._forget(viewer))
        self._viewers.append(viewer)
        connection.send(msgspec.json.encode({"ok": True, "view": viewer.is_view}) + b"\n")
        self._send(viewer, self._screen.replay())
        return None

    def type(self, text: bytes, with_enter: bool) -> str | None:
        """Type a text, as somebody who is attached for this alone; returns why not."""
        if len(text) > MAX_WAITING_BYTES:
            return f"a text has {MAX_WAITING_BYTES} bytes at most"
        if self._is_over:
            return "the command has ended"
        if self._typed is None:
            return "its command does not run now: it waits for its next start"
        if self._typed.is_full:
            return "the command does not read what was typed before"
        self._typed.put(text)
        if with_enter:
            self._typed.put(ENTER, _ENTER_AFTER_S if text else 0.0)
        return None

    def show(self, written: bytes) -> None:
        """Show what the command wrote."""
        self._screen.feed(written)
        for viewer in list(self._viewers):
            self._send(viewer, written)

    def resize(self, own: Size | None) -> None:
        """Note the size of the runner's own terminal, if it shows this one there."""
        self._own_size = own
        self._fit()

    def end(self, how: Ended) -> None:
        """Tell all how the command ended, and let them go."""
        self._is_over = True
        ended = encode(Kind.ENDED, msgspec.json.encode(how))
        for viewer in list(self._viewers):
            self._forget(viewer)
            viewer.connection.send(ended)
            viewer.connection.close_after_sending()

    def _send(self, viewer: Viewer, written: bytes) -> None:
        connection, now = viewer.connection, self._clock()
        if connection.unsent_bytes < viewer.behind_bytes or not connection.unsent_bytes:
            viewer.read_at = now
        if connection.unsent_bytes + len(written) > MAX_BEHIND_BYTES:
            if now - viewer.read_at >= STALLED_S:
                connection.close()
                return
            connection.drop_unsent()
            written = self._screen.replay()
        connection.send(encode(Kind.OUTPUT, written) if written else b"")
        viewer.behind_bytes = connection.unsent_bytes

    def _hear(self, viewer: Viewer, chunk: bytes) -> None:
        try:
            for kind, payload in viewer.decoder.feed(chunk):
                self._obey(viewer, kind, payload)
        except BadFrame:
            viewer.connection.close()

    def _obey(self, viewer: Viewer, kind: Kind, payload: bytes) -> None:
        if kind is Kind.DETACH:
            viewer.connection.close()
        elif viewer.is_view or viewer.connection.is_closed:
            return
        elif kind is Kind.SIZE:
            viewer.size = decode_size(payload)
            self._fit()
        elif self._typed is not None:
            self._typed.put(payload)
            if self._typed.is_full:
                viewer.connection.pause()
                self._typed.when_room(viewer.connection.resume)

    def _forget(self, viewer: Viewer) -> None:
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._tell(event("detached", **viewer.fields()))
            self._fit()

    def _fit(self) -> None:
        sizes = [viewer.size for viewer in self._viewers] + [self._own_size]
        known = [size for size in sizes if size is not None]
        # With nobody left the last size stays: a command has no use for another one.
        if known and not self._is_over:
            lines = min(size.lines for size in known)
            self.size = Size(lines, min(size.columns for size in known))
            if self._pty is not None:
                self._pty.resize(self.size)
