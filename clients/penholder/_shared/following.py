"""Where a subscription stands, without I/O: what was seen, and from where to go on.

Positions order all entries of all streams, so one number is the whole cursor. It moves with what
was received; an entry at or before it is a double and is dropped. A connection may so be lost at
any moment, and the next one subscribes after what has come: nothing is missed or seen twice.

There are two numbers all the same. What was received may still wait in `entries`. `pos` is what was
handed out: whoever stores it and goes on from it another day must not find that something was
received, never read, and passed over. When all is handed out `pos` follows the cursor, which may be
further on: what lies between was not wanted.

"now" is a moment, and must stay that one. It becomes a position with the first answer; asked again
after a restart it would leave out what came in between. "start" stays as it is until something was
seen.

A subscription that lagged is made again after what was received here. What retention has taken is
told to the program, as no way of going on would bring it back.
"""

from collections import deque
from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec
from msgspec import Raw, UnsetType

from penholder_protocol.errors import CursorGone
from penholder_protocol.nouns import EntriesNotice, Entry, LaggedNotice, PrunedNotice, Subscription

After: TypeAlias = int | Literal["now", "start"]

_decode_answer = msgspec.json.Decoder(Subscription).decode
_decode_entries = msgspec.json.Decoder(EntriesNotice).decode
_decode_lagged = msgspec.json.Decoder(LaggedNotice).decode
_decode_pruned = msgspec.json.Decoder(PrunedNotice).decode


class Following:
    """One subscription over all its connections; `pos` is where to resume it another day."""

    def __init__(self, streams: Sequence[str], after: After, types: Sequence[str] | None) -> None:
        """Stand after a position, the present or the very beginning."""
        self.entries: deque[Entry] = deque()
        self._streams = [streams] if isinstance(streams, str) else list(streams)
        self._types = None if types is None else list(types)
        self._cursor: After = after
        self._pos = after if isinstance(after, int) else 0
        self._name = ""

    @property
    def pos(self) -> int:
        """The position up to which entries were handed out."""
        return self._pos

    def params(self) -> dict[str, object]:
        """Return the params of journal.subscribe, after everything that was received."""
        return {"streams": self._streams, "after": self._cursor, "types": self._types}

    def begin(self, answer: Raw) -> None:
        """Take the answer to journal.subscribe."""
        subscription = _decode_answer(answer)
        self._name = subscription.subscription
        if self._cursor == "now":
            self._pos = subscription.pos
            self._cursor = self._pos

    def next(self) -> Entry:
        """Hand out the next of `entries`."""
        entry = self.entries.popleft()
        self._pos = entry.pos
        # Up to here the rest was not wanted; while more waits to be handed out it must not be
        # passed.
        if not self.entries and isinstance(self._cursor, int):
            self._pos = self._cursor
        return entry

    def take(self, method: str | None, params: Raw | UnsetType) -> bool:
        """Take a notification; returns whether to subscribe again. Raises CursorGone."""
        if isinstance(params, UnsetType):
            return False
        if method == "journal.entries":
            self._take_entries(_decode_entries(params))
        elif method == "journal.lagged":
            return self._take_lagged(_decode_lagged(params))
        elif method == "journal.pruned":
            self._take_pruned(_decode_pruned(params))
        return False

    def _take_entries(self, notice: EntriesNotice) -> None:
        # Of one that this connection had before, and whose last words are still on their way.
        if notice.subscription != self._name:
            return
        seen = self._cursor if isinstance(self._cursor, int) else 0
        self.entries.extend(entry for entry in notice.entries if entry.pos > seen)
        self._cursor = max(seen, notice.pos)
        if not self.entries:
            self._pos = max(seen, notice.pos)

    def _take_lagged(self, notice: LaggedNotice) -> bool:
        if notice.subscription != self._name:
            return False
        # Nothing was received yet, so what the daemon says is all there is.
        if not isinstance(self._cursor, int):
            self._cursor = notice.resume_after
        return True

    def _take_pruned(self, notice: PrunedNotice) -> None:
        if notice.subscription == self._name:
            raise CursorGone(
                f"retention has pruned entries of {notice.stream} before they were read",
                stream=notice.stream,
                oldest_pos=notice.oldest_pos,
            )
