"""After a commit: who wants to hear of it.

Thousands may wait or be subscribed, and most commits matter to few of them. To ask each whether it
wants an entry would cost every commit by how many are connected. So waits and live subscriptions
are found by stream name, and a commit costs what it matters to whom. Who asked for everything, or
for all names that begin in one way, is in no such index and is asked one by one.

The two are told in different ways. A subscription is given the entries themselves, each encoded
once however many want it. A wait is only woken and looks again by itself: what it looks for may be
no entry at all, and another may have been faster.

A wait that is woken is a query more. Eight thousand of them woken by one commit kept everybody else
waiting for the better part of a second, so they are woken a few at a time, and between two pieces
the loop goes on with others. Those that take what they find are woken one by one (`takers`).

All of it lives in the loop. So nothing is published between two steps of a task that awaits nothing
in between, on which subscriptions rely when they go live.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec
import structlog
import trio

from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Published
from penholder_daemon.shell.publishing.by_stream import ByStream
from penholder_daemon.shell.publishing.takers import Takers

log = structlog.get_logger()


class Selecting(Protocol):
    """Anything that asked for certain entries."""

    @property
    def selection(self) -> Selection:
        """What it asked for."""


_WOKEN_A_TURN = 64
"""Waits that are woken at once: each looks again."""
SelectingT = TypeVar("SelectingT", bound=Selecting)


class _Index(Generic[SelectingT]):
    """Who asked for which stream; those with wildcards are asked one by one."""

    def __init__(self) -> None:
        self._by_stream: ByStream[SelectingT] = ByStream()
        self._by_wildcard: dict[SelectingT, None] = {}

    def add(self, member: SelectingT) -> None:
        self._by_stream.add(_keys(member.selection), member)
        if _has_wildcard(member.selection):
            self._by_wildcard[member] = None

    def discard(self, member: SelectingT) -> None:
        self._by_stream.discard(_keys(member.selection), member)
        self._by_wildcard.pop(member, None)

    def __bool__(self) -> bool:
        return bool(self._by_stream or self._by_wildcard)

    def of_stream(self, stream: str) -> list[SelectingT]:
        """Return who asked for a stream by its name."""
        return list(self._by_stream.of(stream))

    def interested(self, batch: Iterable[Published]) -> dict[SelectingT, None]:
        """Return who may want any of these, in a stable order."""
        found: dict[SelectingT, None] = {}
        for stream, parent in dict.fromkeys((p.entry.stream, p.parent) for p in batch):
            found.update(self._by_stream.of(stream))
            if parent is not None:
                found.update(self._by_stream.of(f"{parent}/workers"))
        found.update(self._by_wildcard)
        return found


def _keys(selection: Selection) -> list[str]:
    return [*selection.exact, *(f"{parent}/workers" for parent in selection.parents)]


def _has_wildcard(selection: Selection) -> bool:
    return selection.everything or bool(selection.prefixes)


class Watch:
    """A wait that looks again when an entry comes that it may want."""

    def __init__(self, selection: Selection) -> None:
        """Start with nothing heard."""
        self.selection = selection
        self.heard = trio.Event()


class Announcement:
    """The entries of one commit, each encoded once however many subscribe."""

    def __init__(self, published: Sequence[Published], pos: int) -> None:
        """Encode nothing yet: often nobody listens."""
        self.published = published
        self.pos = pos
        self._encoded: dict[int, bytes] = {}

    def encoded(self, index: int) -> bytes:
        """Return an entry as JSON."""
        if index not in self._encoded:
            self._encoded[index] = msgspec.json.encode(self.published[index].entry)
        return self._encoded[index]


class LiveListener(Selecting, Protocol):
    """A live subscription."""

    def announce(self, announcement: Announcement) -> None:
        """Take what it wants of a commit."""


class Publisher:
    """Knows the newest position that was told, and who is to be told of more."""

    def __init__(self, pos: int) -> None:
        """Start at the journal's position."""
        self.pos = pos
        self._listeners: _Index[LiveListener] = _Index()
        self._watches: _Index[Watch] = _Index()
        self.takers = Takers()
        self._to_wake: deque[Watch] = deque()
        self._goes_on = False
        """Whether more of them are woken in a turn that is coming."""
        self.listening = 0

    def listen(self, listener: LiveListener) -> None:
        """Tell a subscription of every commit from now on."""
        self._listeners.add(listener)
        self.listening += 1

    def stop_listening(self, listener: LiveListener) -> None:
        """Tell it no more."""
        self._listeners.discard(listener)
        self.listening -= 1

    def watch(self, watch: Watch) -> None:
        """Wake a wait when something comes for it."""
        self._watches.add(watch)

    def unwatch(self, watch: Watch) -> None:
        """Forget it."""
        self._watches.discard(watch)

    def wake(self, stream: str) -> None:
        """Have those who wait for a stream look again."""
        self.takers.begin(stream)
        self._to_wake.extend(self._watches.of_stream(stream))
        self._wake_some()

    def _wake_some(self) -> None:
        """Wake a few waits; between two pieces everybody else has a turn."""
        for _ in range(min(_WOKEN_A_TURN, len(self._to_wake))):
            self._to_wake.popleft().heard.set()
        if self._to_wake and not self._goes_on:
            self._goes_on = True
            trio.lowlevel.current_trio_token().run_sync_soon(self._wake_more)

    def _wake_more(self) -> None:
        self._goes_on = False
        self._wake_some()

    def publish(self, published: Sequence[Published]) -> None:
        """Tell of a commit; called once for each, in the order of commits."""
        if not published:
            return
        self.pos = published[-1].entry.pos
        # Nearly always for nobody, and asked for at every commit; so are watches.
        if self.takers:
            for stream in dict.fromkeys(each.entry.stream for each in published):
                self.takers.begin(stream)
        if self._watches:
            self._to_wake.extend(self._watches.interested(published))
            self._wake_some()
        if not self._listeners:
            return
        announcement = Announcement(published, self.pos)
        # A dict of its own: a subscription that lags is let go meanwhile, and leaves the index.
        for listener in self._listeners.interested(published):
            try:
                listener.announce(announcement)
            except Exception as bug:
                # Never met but for a mistake of ours; the others get what is theirs.
                log.error("a subscription failed inside the daemon", exc_info=bug)
