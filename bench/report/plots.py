"""Which figures are drawn."""

from collections.abc import Iterator
from pathlib import Path

from bench.report.svg import Chart, draw
from bench.results import Name, Results
from bench.workloads import fan_out, growth
from bench.workloads.appends import CLOSED, DEEP, MANY


def write_plots(results: Results, directory: Path) -> None:
    """Write a file for each chart that something was measured for."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, chart in _charts(results).items():
        if chart.groups:
            (directory / f"{name}.svg").write_text(draw(chart), "utf-8")


def _charts(results: Results) -> dict[str, Chart]:
    closed = results.names(CLOSED)
    pipelined = [*results.names(DEEP), *results.names(MANY)]
    return {
        "appends": _chart(results, closed, "per_second", "Appends, closed loop", "per second"),
        "appends-p99": _chart(
            results, closed, "p99_ms", "Appends, closed loop: p99", "ms, logarithmic", True
        ),
        "appends-cpu": _chart(
            results, closed, "cpu_us", "The server's processor time an append", "µs"
        ),
        "pipelined": _chart(
            results, pipelined, "per_second", "Appends, many under way",
            "per second, logarithmic", True,
        ),
        "growth": _chart(
            results, results.names(growth.WORKLOAD), "p50_ms", "Journals of different lengths",
            "ms, median",
        ),
        "fan-out": _chart(
            results, results.names(fan_out.WORKLOAD), "p50_ms",
            "An append is sent → its notification is received", "ms, logarithmic", True,
        ),
    }  # fmt: skip


def _chart(
    results: Results,
    names: list[Name],
    figure: str,
    title: str,
    unit: str,
    logarithmic: bool = False,
) -> Chart:
    found = [name for name in names if results.median(name, figure) is not None]
    groups = list(dict.fromkeys(name.case for name in found))
    series = {
        who: list(_row(results, found, groups, who, figure))
        for who in dict.fromkeys(name.who for name in found)
    }
    everybody = dict.fromkeys(name.who for name in results.rounds)
    colours = {who: place for place, who in enumerate(everybody)}
    return Chart(title, unit, groups, series, colours, logarithmic)


def _row(
    results: Results, names: list[Name], groups: list[str], who: str, figure: str
) -> Iterator[float | None]:
    by_case = {name.case: name for name in names if name.who == who}
    for group in groups:
        yield results.median(by_case[group], figure) if group in by_case else None
