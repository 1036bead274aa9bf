"""Figures of the running daemon, counted cheaply: a few additions for each request.

prometheus_client's own counters cost several microseconds each; these lists are read only when
somebody asks for `daemon.metrics`, and only then become its metric families.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Histogram:
    """Counts by upper bound, and the sum."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Start with nothing seen."""
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, how many were no larger), as Prometheus wants it."""
        found: list[tuple[str, float]] = []
        seen = 0
        for bound, count in zip((*self._bounds, float("inf")), self.counts, strict=True):
            seen += count
            found.append(("+Inf" if bound == float("inf") else str(bound), seen))
        return found


class Counters:
    """What has happened since the start."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.requests: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        """By method: how many, how long."""
        self.errors: defaultdict[tuple[str, int], int] = defaultdict(int)
        """By method and number of the error."""
        self.batches = Histogram(SIZES)
        """Mutations that shared a commit."""
        self.commits = Histogram(SECONDS)
        """How long a batch took, from its begin to the end of its sync."""

    def answered(self, method: str, seconds: float, error: int | None) -> None:
        """Count a request."""
        histogram = self.requests[method]
        # As `Histogram.add` does, without a call more for each request.
        histogram.counts[bisect_left(SECONDS, seconds)] += 1
        histogram.total += seconds
        if error is not None:
            self.errors[method, error] += 1

    def committed(self, mutations: int, seconds: float) -> None:
        """Count a batch."""
        self.batches.add(mutations)
        self.commits.add(seconds)
