"""Entries over restarts of the daemon, brought by a thread to whoever looks at the time as well.

The subscription stands at a position and goes on from there, so nothing is missed or seen twice. A
daemon that stays away is waited for as long as it takes. What retention took before it was read is
no more to be had: that is told as a gap, after which one looks at what there is.
"""

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Literal

from penholder.blocking import Client, ConnectionLost, DaemonUnreachable
from penholder_protocol.errors import CursorGone, StoreFailed
from penholder_protocol.nouns import Entry

Happening = Entry | Literal["away", "gap", "closed"] | Exception
_MOST_WAITING = 1_000
"""Entries that were received and not taken; further ones stay with the daemon."""
_RETRY_S = 1.0
_AWAY = (ConnectionLost, DaemonUnreachable, StoreFailed)


class Following:
    """A subscription in a thread of its own; used as a context."""

    def __init__(self, client: Client, streams: Sequence[str], types: Sequence[str]) -> None:
        """Subscribe to what comes from now on; it stands when this returns."""
        self._client = client
        self._streams, self._types = streams, types
        self._entries = client.subscribe(streams, "now", types)
        self._happenings: SimpleQueue[Happening] = SimpleQueue()
        self._room = threading.Semaphore(_MOST_WAITING)
        self._closed = threading.Event()
        self._is_away = False
        self._thread = threading.Thread(target=self._follow)

    def __enter__(self) -> "Following":
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        self.close()
        self._thread.join()

    def take(self, timeout_s: float) -> Happening | None:
        """Return what happens next; None where nothing does in that time."""
        try:
            happening = self._happenings.get(timeout=timeout_s)
        except Empty:
            return None
        if isinstance(happening, Entry):
            self._room.release()
        return happening

    def pause(self) -> bool:
        """Wait a moment, while the daemon is away; True where it is closed meanwhile."""
        return self._closed.wait(_RETRY_S)

    def close(self) -> None:
        """End it, from any thread; who takes then gets `closed`."""
        self._closed.set()
        self._entries.close()
        self._room.release()
        self._happenings.put("closed")

    def _follow(self) -> None:
        try:
            while not self._closed.is_set():
                self._step()
        except Exception as error:  # noqa: BLE001 - told to who takes, who raises it
            self._happenings.put(error)

    def _step(self) -> None:
        """Follow up to what ends a subscription, or to what it has to tell."""
        try:
            for entry in self._entries:
                self._is_away = False
                self._room.acquire()
                self._happenings.put(entry)
        except _AWAY:
            self._stay_away()
        except CursorGone:
            self._begin_anew()

    def _stay_away(self) -> None:
        if not self._is_away:
            self._is_away = True
            self._happenings.put("away")
        self.pause()

    def _begin_anew(self) -> None:
        """Subscribe to what comes from now on, and tell that there is a gap before it."""
        self._entries.close()
        try:
            self._entries = self._client.subscribe(self._streams, "now", self._types)
        except _AWAY:
            self._stay_away()
            return
        if self._closed.is_set():
            self._entries.close()
        self._happenings.put("gap")
