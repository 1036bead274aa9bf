"""Bounded reads of the journal, and where in it a time begins.

What retention has taken is not there, and no read of it is made to look whole: that it is gone is
noted. How many calls a picture may cost is counted here; when they are used up, what is left out
is noted, too.
"""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from penholder.blocking import Client
from penholder.cli.timeline.facts import NOTHING, PROCESS_TYPES, Happening
from penholder.cli.timeline.turning import TYPES
from penholder_protocol.errors import CursorGone

MAX_CALLS = 20_000
"""Of one picture; each is answered within a few milliseconds."""
PAGE = 1_000
READ_TYPES = (*PROCESS_TYPES, *TYPES)
"""Of what a worker tells, that of which the data is read."""


class Stretch(msgspec.Struct):
    """A page of entries, and the position up to which there are no others."""

    items: list[Happening]
    pos: int


class Journal:
    """The journal of a daemon, as far as a number of calls goes."""

    def __init__(self, client: Client, calls: int = MAX_CALLS) -> None:
        """Read over a client, with so many calls."""
        self._client = client
        self.calls_left = calls
        self.pruned: set[str] = set()
        """Streams of which retention has taken what was looked for."""

    def page(
        self,
        streams: Sequence[str],
        after: int,
        *,
        limit: int = PAGE,
        types: Sequence[str] | None = None,
    ) -> Stretch:
        """Read once; of a single stream from its oldest entry where its beginning was pruned."""
        try:
            return self._read(streams, after, limit, types)
        except CursorGone as gone:
            oldest = gone.details.get("oldest_pos")
            # Of several, where one was pruned is not where the others begin.
            if len(streams) != 1 or streams == ["*"] or not isinstance(oldest, int):
                raise
            self.pruned.add(streams[0])
            return self._read(streams, max(after, oldest - 1), limit, types)

    def _read(
        self, streams: Sequence[str], after: int, limit: int, types: Sequence[str] | None
    ) -> Stretch:
        self.calls_left -= 1
        params = {"streams": streams, "after": after, "limit": limit, "types": types}
        found = self._client.call("journal.read", params, Stretch)
        return Stretch([_light(each) for each in found.items], found.pos)

    def pages(
        self, streams: Sequence[str], after: int, most: int, types: Sequence[str] | None = None
    ) -> Iterator[Stretch]:
        """Read on, at most so many pages; the last one is empty if that was all there is."""
        for _ in range(most):
            if self.calls_left <= 0:
                return
            found = self.page(streams, after, types=types)
            yield found
            # The journal's end, unless the last entry is it, or a page of rare types ended early.
            if found.pos == after or (not found.items and types is None):
                return
            after = found.pos

    def begin(self, streams: Sequence[str], ms: int, end: int) -> int | None:
        """Return a position after which all entries of a time and later lie; bisects.

        None where retention has taken what would have to be looked at.
        """
        low, high, is_pruned = 0, end, False
        while low < high and self.calls_left > 0:
            middle = (low + high) // 2
            try:
                found = self._read(streams, middle, 1, None)
            except CursorGone as gone:
                oldest = gone.details.get("oldest_pos")
                skipped = oldest - 1 if isinstance(oldest, int) else end
                low, is_pruned = max(middle + 1, skipped), True
                continue
            if found.items and found.items[0].ms < ms:
                low, is_pruned = max(middle + 1, found.items[0].pos), False
            else:
                high = middle
        return None if is_pruned else low


def _light(happening: Happening) -> Happening:
    """Keep the data of what will be read: a page of output may be a megabyte."""
    is_read = not happening.stream.startswith("worker:") or happening.type in READ_TYPES
    # A copy, else the whole page would be kept for it.
    data = happening.data.copy() if is_read else NOTHING
    return msgspec.structs.replace(happening, data=Raw(data))
