"""What a worker did, read from its stream: all of it, or what is new enough.

The end of a long stream is found without reading it: events are numbered without a hole, so the
last N lie in the last numbers, and what is newer than a time is found by halving. What retention
has taken is left out; who reads is told so (`Reading.is_pruned`).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from penholder.blocking import Client
from penholder_protocol.errors import CursorGone
from penholder_protocol.nouns import Entry, Event

_PAGE = 1000


class _Page(msgspec.Struct):
    items: list[Event]
    next: str | None = None


def of_worker(worker_id: str) -> str:
    """Return the name of a worker's stream."""
    return f"worker:{worker_id}"


def entries(
    client: Client,
    streams: Sequence[str],
    types: Sequence[str],
    after: int = 0,
    until: int | None = None,
) -> Iterator[Entry]:
    """Yield entries of these types after a position, up to another: default what there is now.

    What retention has taken is passed over. A page may be empty with more to come, since each looks
    through a piece of the journal only.
    """
    end = client.journal.position().pos if until is None else until
    while after < end:
        try:
            page = client.journal.read(streams=streams, types=types, after=after, limit=_PAGE)
        except CursorGone as gone:
            after = _before_oldest(gone, "oldest_pos", after)
            continue
        yield from (entry for entry in page.items if entry.pos <= end)
        after = page.pos


def _before_oldest(gone: CursorGone, kind: str, asked: int) -> int:
    """Return where to go on after what was pruned; raises the error where it leads nowhere."""
    oldest = gone.details.get(kind)
    if not isinstance(oldest, int) or oldest - 1 <= asked:
        raise gone
    return oldest - 1


class Reading:
    """One worker's events, oldest first."""

    def __init__(self, client: Client, worker_id: str) -> None:
        """Take whose they are; nothing is asked yet."""
        self._client = client
        self._worker_id = worker_id
        self.is_pruned = False

    def after(self, seq: int) -> Iterator[Event]:
        """Yield the events after a number, up to what is the last one when it is reached."""
        while True:
            items = self._page(seq, _PAGE)
            yield from items
            if not items:
                return
            seq = items[-1].event_seq

    def last_seq(self) -> int:
        """Return the number of the newest event, 0 where there is none."""
        latest = self._client.event.latest(worker_id=self._worker_id)
        return 0 if latest is None else latest.event_seq

    def seq_at(self, time: datetime) -> int:
        """Return the number after which all events are of this time or later."""
        low, high = 0, self.last_seq()
        while low < high:
            middle = (low + high) // 2
            found = self._page(middle, 1)
            if found and datetime.fromisoformat(found[0].ts) < time:
                low = max(middle + 1, found[0].event_seq)
            else:
                high = middle
        return low

    def _page(self, seq: int, limit: int) -> list[Event]:
        params: dict[str, object] = {
            "worker_id": self._worker_id, "after_seq": seq, "limit": limit,
        }  # fmt: skip
        try:
            return self._client.call("event.list", params, _Page).items
        except CursorGone as gone:
            self.is_pruned = True
            return self._page(_before_oldest(gone, "oldest_seq", seq), limit)
