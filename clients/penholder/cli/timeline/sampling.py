"""A worker's own stream, all of it or some: a million entries must cost no more than a thousand.

The first pages are read whole, which is all there is of most streams. What comes behind is looked
at in places that are evenly spread over the journal: an entry each, whose number says how many were
before it (`density`). Where the command was started again and how it ended, and an agent's turns,
are asked for by type, as far as the calls go.
"""

from penholder.cli.timeline.facts import Happening
from penholder.cli.timeline.reading import READ_TYPES, Journal, Stretch

WHOLE_PAGES = 3


class Sampled:
    """What was read of a stream, and whether that is all."""

    def __init__(
        self, journal: Journal, stream: str, after: int, end: int, *, samples: int, scans: int
    ) -> None:
        """Read a stream between two positions, beyond its first pages in so many places.

        `scans` is how many calls may look there for starts and ends of the command; each passes
        over 2,000 entries.
        """
        self._journal = journal
        self._stream = stream
        self._end = end
        self._found: dict[int, Happening] = {}
        self.is_whole = False
        self.is_scanned = True
        pos = self._read_whole(after)
        if not self.is_whole:
            self._sample(pos, samples)
            self._scan(pos, scans)

    @property
    def happenings(self) -> list[Happening]:
        """The entries, oldest first, each once."""
        return [self._found[seq] for seq in sorted(self._found)]

    def _keep(self, stretch: Stretch) -> None:
        for happening in stretch.items:
            if happening.pos <= self._end:
                self._found[happening.seq] = happening

    def _read_whole(self, after: int) -> int:
        pos = after
        for stretch in self._journal.pages([self._stream], after, WHOLE_PAGES):
            self._keep(stretch)
            pos = stretch.pos
            if not stretch.items or pos >= self._end or pos > stretch.items[-1].pos:
                self.is_whole = True
        return pos

    def _sample(self, begin: int, samples: int) -> None:
        step = max(1, (self._end - begin) // samples)
        last = begin
        for after in range(begin, self._end, step):
            if self._journal.calls_left <= 0:
                return
            found = self._journal.page([self._stream], after, limit=1)
            if not found.items:
                break
            self._keep(found)
            last = after
        self._find_last(last)

    def _find_last(self, low: int) -> None:
        """Find the newest entry between a position behind which one is, and the end."""
        high = self._end
        while low < high and self._journal.calls_left > 0:
            middle = (low + high) // 2
            found = self._journal.page([self._stream], middle, limit=1)
            self._keep(found)
            if found.items and found.items[0].pos <= self._end:
                low = found.items[0].pos
            else:
                high = middle

    def _scan(self, after: int, scans: int) -> None:
        pos = after
        for stretch in self._journal.pages([self._stream], after, scans, READ_TYPES):
            self._keep(stretch)
            pos = stretch.pos
        self.is_scanned = pos >= self._end
