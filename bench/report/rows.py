"""Figures as lines of text: medians of the rounds."""

from collections.abc import Sequence

from bench.results import Name, Results

_COLUMNS = {
    "per_second": "per second",
    "p50_ms": "p50 ms",
    "p90_ms": "p90 ms",
    "p99_ms": "p99 ms",
    "p99.9_ms": "p99.9 ms",
    "max_ms": "max ms",
    "cpu_us": "CPU µs",
    "client_cpu_us": "client µs",
    "rss_mb": "RSS MB",
    "wall_ms": "wall ms",
    "cpu_percent": "CPU %",
    "last_p50_ms": "all told ms",
}
"""CPU is the server's for each append, as is the client's."""


def show_round(results: Results, names: Sequence[Name]) -> None:
    """Print one case: a line for each who did it."""
    print("\n".join(rows(results, names)), flush=True)


def rows(results: Results, names: Sequence[Name]) -> list[str]:
    """Return a table whose columns are the figures that there are."""
    found = {key for name in names for each in results.rounds[name] for key in each}
    keys = [key for key in _COLUMNS if key in found]
    keys += sorted(found - set(keys))
    case = names[0].case if names else ""
    head = f"{case:32}" + "".join(f"{_COLUMNS.get(key, key):>11}" for key in keys)
    return [head, *(_row(results, name, keys) for name in names)]


def _row(results: Results, name: Name, keys: Sequence[str]) -> str:
    values = (results.median(name, key) for key in keys)
    return f"  {name.who:30}" + "".join(f"{number(value):>11}" for value in values)


def number(value: float | None) -> str:
    """Return a figure with three digits that say something."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 or not value else f"{value:.1e}"
