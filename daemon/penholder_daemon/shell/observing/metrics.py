"""The tally and the daemon's gauges in the text format of Prometheus."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from penholder_daemon.shell.observing.counters import Tally

Gauges = Mapping[str, tuple[str, float]]
"""By name: what it is, and its value."""


class _Page(Collector):
    """One reading of everything."""

    def __init__(self, tally: Tally, gauges: Gauges, workers: Mapping[str, int]) -> None:
        self._tally = tally
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
        for method, histogram in self._tally.requests.items():
            seconds.add_metric([method], histogram.buckets(), histogram.total)
        errors = CounterMetricFamily(
            "penholder_errors", "Refused requests by method and class.", labels=["method", "class"]
        )
        for (method, number), count in self._tally.errors.items():
            errors.add_metric([method, str(number)], count)
        yield seconds
        yield errors

    def _commits(self) -> Iterator[Metric]:
        for name, help_text, histogram in (
            ("commit_mutations", "Mutations that shared a commit.", self._tally.batches),
            ("commit_seconds", "From the begin of a batch to its sync.", self._tally.commits),
        ):
            family = HistogramMetricFamily(f"penholder_{name}", help_text)
            family.add_metric([], histogram.buckets(), histogram.total)
            yield family


def render(tally: Tally, gauges: Gauges, workers: Mapping[str, int]) -> str:
    """Return the page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Page(tally, gauges, workers))
    return generate_latest(registry).decode()
