"""How the clocks of this run lie to the scales of durations and to the wall; one to a world.

The scales themselves are `durations`' business. What is kept here lives as long as the process:
the offsets of the scales, found once at the start, and the stalls, in which leases do not age.
"""

from collections import deque
from typing import NamedTuple

_JITTER_MS = 20
"""Two clocks are not read at one instant, and NTP turns one slowly: less is no change."""
_KEPT_LINES = 1000
_KEPT_STALLS = 64
"""Those that another tale may still overlap; older ones are counted and over."""


class Scales(NamedTuple):
    """What is to be added to CLOCK_BOOTTIME for each of the scales that outlive a boot."""

    delays_ms: int
    ages_ms: int


class Difference:
    """The difference of two clocks, which stays as it was told until it has really changed."""

    def __init__(self) -> None:
        """Take the first one that comes."""
        self._told: int | None = None

    def of(self, difference_ms: int) -> int:
        """Return what is to be told of this difference, so that what is told does not flicker."""
        told = self._told
        if told is None or abs(difference_ms - told) > _JITTER_MS:
            self._told = told = difference_ms
        return told


class Clocks:
    """The offsets and the stalls of one run."""

    def __init__(self) -> None:
        """Know nothing yet: `durations.resume` finds where the scales stand."""
        self.scales: Scales | None = None
        self.wall_from_boottime = Difference()
        self.wall_from_monotonic = Difference()
        self.stalled_ms = 0
        """How long nobody could be heard in this run, all together."""
        self.shared_leases_ms: int | None = None
        """Where other hosts judge leases, too: what is to be added to CLOCK_MONOTONIC for them."""
        self.shared_wall_ms: int | None = None
        """Where other hosts tell the time, too: what is to be added to CLOCK_BOOTTIME for it."""
        self.newest_in_line: dict[tuple[str, int], str] = {}
        """When the newest was made in this run of those that go in the order of their making.

        Perhaps of a transaction that was rolled back: to be believed only where it is past.
        """
        self._stalls: list[tuple[int, int]] = []
        self._told: deque[tuple[int, int]] = deque()

    @property
    def leases_ms(self) -> int:
        """What is to be added to CLOCK_MONOTONIC for the scale of leases."""
        return -self.stalled_ms if self.shared_leases_ms is None else self.shared_leases_ms

    def note_in_line(self, line: tuple[str, int], made_at: str) -> None:
        """Note when the newest was made; of lines that are forgotten it is asked again."""
        if len(self.newest_in_line) >= _KEPT_LINES:
            self.newest_in_line.clear()
        self.newest_in_line[line] = made_at

    def stalled(self, from_ms: int, to_ms: int) -> None:
        """Tell, from any thread, that nobody was heard between two instants of CLOCK_MONOTONIC."""
        # Without a lock: both ends of a deque are safe between threads.
        self._told.append((from_ms, to_ms))

    def count_stalls(self) -> bool:
        """Count what was told, for the writer alone and before it judges any lease.

        Loop and writer may have told of the same time, and of a stall that lasts again and again:
        it counts once. Returns whether there was any.
        """
        before_ms = self.stalled_ms
        while self._told:
            self._count(*self._told.popleft())
        return self.stalled_ms > before_ms

    def _count(self, from_ms: int, to_ms: int) -> None:
        apart: list[tuple[int, int]] = []
        counted_ms = 0
        for begin, end in self._stalls:
            if end < from_ms or begin > to_ms:
                apart.append((begin, end))
            else:
                from_ms, to_ms = min(begin, from_ms), max(end, to_ms)
                counted_ms += end - begin
        self._stalls = [*apart, (from_ms, to_ms)][-_KEPT_STALLS:]
        self.stalled_ms += to_ms - from_ms - counted_ms
