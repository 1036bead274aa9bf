"""Bars in groups, as SVG: readable on light and on dark pages."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_COLOURS = ("#d1495b", "#edae49", "#2e86ab", "#66a182", "#8d6a9f", "#8d99ae", "#5f4b3a", "#00798c")
_WIDTH, _PLOT_HEIGHT = 880, 300
_LEFT, _TOP, _RIGHT, _LEGEND_LINE = 70, 50, 20, 20
_STYLE = (
    "text{font:12px sans-serif;fill:#24292f}.title{font-size:15px;font-weight:bold}"
    ".value{font-size:9px}.grid{stroke:#8884}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}"
)


@dataclass(frozen=True)
class Chart:
    """Groups along the bottom, and in each a bar for each series; None where there is none."""

    title: str
    unit: str
    groups: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    colours: Mapping[str, int]
    """Of each series, by its place: who is in several charts has one colour."""
    logarithmic: bool = False


def draw(chart: Chart) -> str:
    """Return the chart as the text of a file."""
    height = _TOP + _PLOT_HEIGHT + 30 + _LEGEND_LINE * math.ceil(len(chart.series) / 3)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' role="img" aria-label="{escape(chart.title)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="22">{escape(chart.title)}</text>',
        f'<text x="{_LEFT}" y="40">{escape(chart.unit)}</text>',
        *_grid(chart),
        *_bars(chart),
        *_legend(chart),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _values(chart: Chart) -> list[float]:
    return [value for each in chart.series.values() for value in each if value]


def _ends(chart: Chart) -> tuple[float, float]:
    """Return where the scale begins and ends: at powers of ten, or at zero and a round number."""
    values = _values(chart) or [1.0]
    if chart.logarithmic:
        low = 10.0 ** math.floor(math.log10(min(values)))
        return low, max(10.0 ** math.ceil(math.log10(max(values))), 10 * low)
    step = 10.0 ** math.floor(math.log10(max(values)))
    return 0.0, step * math.ceil(max(values) / step)


def _y(chart: Chart, value: float) -> float:
    low, high = _ends(chart)
    if chart.logarithmic:
        share = math.log(value / low) / math.log(high / low)
    else:
        share = (value - low) / (high - low)
    return _TOP + _PLOT_HEIGHT * (1 - share)


def _grid(chart: Chart) -> Iterator[str]:
    low, high = _ends(chart)
    if chart.logarithmic:
        marks = [low * 10.0**n for n in range(round(math.log10(high / low)) + 1)]
    else:
        marks = [high * n / 5 for n in range(6)]
    for mark in marks:
        y = _y(chart, mark)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(mark)}</text>'


def _bars(chart: Chart) -> Iterator[str]:
    group_width = (_WIDTH - _LEFT - _RIGHT) / len(chart.groups)
    bar_width = 0.86 * group_width / len(chart.series)
    bottom = _TOP + _PLOT_HEIGHT
    for group, label in enumerate(chart.groups):
        left = _LEFT + group * group_width
        middle = left + group_width / 2
        where = f'x="{middle:.1f}" y="{bottom + 18}" text-anchor="middle"'
        yield f"<text {where}>{escape(label)}</text>"
        for place, (name, values) in enumerate(chart.series.items()):
            if value := values[group]:
                x = left + 0.07 * group_width + place * bar_width
                yield _bar(chart, x, bar_width, value, name)


def _bar(chart: Chart, x: float, width: float, value: float, name: str) -> str:
    y = _y(chart, value)
    tall = _TOP + _PLOT_HEIGHT - y
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{0.92 * width:.1f}" height="{tall:.1f}"'
        f' fill="{_colour(chart, name)}"><title>{escape(name)}: {value:.4g}</title>'
        f'</rect><text class="value" x="{x + width / 2:.1f}" y="{y - 3:.1f}"'
        f' text-anchor="middle">{_short(value)}</text>'
    )


def _legend(chart: Chart) -> Iterator[str]:
    for place, name in enumerate(chart.series):
        x = _LEFT + place % 3 * 270
        y = _TOP + _PLOT_HEIGHT + 44 + place // 3 * _LEGEND_LINE
        yield f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{_colour(chart, name)}"/>'
        yield f'<text x="{x + 18}" y="{y}">{escape(name)}</text>'


def _colour(chart: Chart, name: str) -> str:
    return _COLOURS[chart.colours[name] % len(_COLOURS)]


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    if value >= 1_000:
        return f"{value / 1000:.1f}k"
    return f"{value:.3g}"
