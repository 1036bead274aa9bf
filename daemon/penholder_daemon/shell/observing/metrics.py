"""The counters and the daemon's gauges in the text format of Prometheus."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from penholder_daemon.core.blobs import Kept
from penholder_daemon.core.session import Figures
from penholder_daemon.shell.observing.counters import Counters
from penholder_protocol.limits import MAX_BLOBS_BYTES

Gauges = Mapping[str, tuple[str, float]]
"""By name: what it is, and its value."""


class _Page(Collector):
    """One reading of everything."""

    def __init__(self, counters: Counters, gauges: Gauges, workers: Mapping[str, int]) -> None:
        self._counters = counters
        self._gauges = gauges
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._requests()
        yield from self._commits()
        for name, (help_text, value) in self._gauges.items():
            yield GaugeMetricFamily(f"penholder_{name}", help_text, value=value)
        workers = GaugeMetricFamily("penholder_workers", "Workers by state.", labels=["state"])
        for state, count in self._workers.items():
            workers.add_metric([state], count)
        yield workers

    def _requests(self) -> Iterator[Metric]:
        seconds = HistogramMetricFamily(
            "penholder_request_seconds", "Requests by method.", labels=["method"]
        )
        for method, histogram in self._counters.requests.items():
            seconds.add_metric([method], histogram.buckets(), histogram.total)
        errors = CounterMetricFamily(
            "penholder_errors", "Refused requests by method and class.", labels=["method", "class"]
        )
        for (method, number), count in self._counters.errors.items():
            errors.add_metric([method, str(number)], count)
        yield seconds
        yield errors

    def _commits(self) -> Iterator[Metric]:
        for name, help_text, histogram in (
            ("commit_mutations", "Mutations that shared a commit.", self._counters.batches),
            ("commit_seconds", "From the begin of a batch to its sync.", self._counters.commits),
        ):
            family = HistogramMetricFamily(f"penholder_{name}", help_text)
            family.add_metric([], histogram.buckets(), histogram.total)
            yield family


def render(
    counters: Counters,
    figures: Figures,
    workers: Mapping[str, int],
    blobs: Kept | None,
    *,
    largest_unsent_bytes: int,
) -> str:
    """Return the page; without what could not be read, as no figure is better than a wrong one."""
    # One for each page: the library's own registry would add figures of the process.
    registry = CollectorRegistry(auto_describe=False)
    gauges = _gauges(figures, largest_unsent_bytes)
    if blobs is not None:
        gauges = {**gauges, **_of_blobs(blobs)}
    registry.register(_Page(counters, gauges, workers))
    return generate_latest(registry).decode()


def _gauges(figures: Figures, largest_unsent_bytes: int) -> Gauges:
    return {
        "connections": ("Open connections.", figures.connections),
        "subscriptions": ("Live subscriptions.", figures.subscriptions),
        "largest_unsent_bytes": (
            "Of the connection that lags most: what its peer has not taken.",
            largest_unsent_bytes,
        ),
        "held_bytes": (
            "Bytes that connections make the daemon hold: frames, params, answers.",
            figures.held_bytes,
        ),
        "held_bytes_limit": (
            "Where the connection that holds most is ended.",
            figures.held_bytes_limit,
        ),
        "unserved_workers": (
            "Workers whose runtime socket cannot be served at the moment.",
            figures.unserved_workers,
        ),
        "writer_queue": ("Mutations that wait or are being written.", figures.writer_queue),
        "store_failing": (
            "1 while nothing can be written, 0 otherwise.",
            0 if figures.store_fault is None else 1,
        ),
        "journal_position": ("Position of the newest entry.", figures.pos),
        "wal_bytes": ("Size of the write-ahead log.", figures.wal_bytes),
        "database_bytes": ("Size of the database.", figures.db_bytes),
    }


def _of_blobs(blobs: Kept) -> Gauges:
    return {
        "blobs": ("Blobs that are kept.", blobs.number),
        "blob_bytes": ("What they take, in whole blocks of a disk.", blobs.used_bytes),
        "blob_bytes_limit": ("Where no more is taken.", MAX_BLOBS_BYTES),
    }
