"""A picture as SVG: names at the left, time to the right, a row a worker.

The plot is an `svg` of its own inside, a million wide from the begin of the picture to its end,
whatever that is in pixels: who changes its `viewBox` zooms in time and nothing else. Marks are
strokes without a length, which stay round at any zoom, as strokes do not grow with it.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from penholder.cli.terminal import cells
from penholder.cli.terminal.text import printable
from penholder.cli.timeline import axis
from penholder.cli.timeline.clock import Clock
from penholder.cli.timeline.density import counted
from penholder.cli.timeline.markup import Markup, about, element, joined, text
from penholder.cli.timeline.picture import Group, Mark, Picture, Row, Span

MARKER = "penholder timeline"
"""Which files are ours: it stands in their first lines."""
WIDTH = 1200
PLOT_X, PLOT_WIDTH = 236, 924
UNITS = 1_000_000
AXIS_Y, TOP = 34, 44
GROUP_HEIGHT, ROW_HEIGHT = 30, 38
_LINE_HEIGHT = 16
_NAME_CELLS, _NOTE_CELLS = 32, 170
_DENSITY_BOTTOM, _DENSITY_HEIGHT = 13, 10
STATES = (
    *("starting", "idle", "running", "waiting_approval"),
    *("canceling", "error", "stopped"),
)
_LEGEND = (*STATES, "turn", "question", "owner", "takeover", "restart", "failure", "answer")
_ROUND = ("takeover", "restart", "failure", "answer", "removed")
_NARROWEST = 1.0


class _Lane(msgspec.Struct, frozen=True):
    y: float
    height: float


_STATE, _TURN, _QUESTION, _OWNER = _Lane(14, 10), _Lane(26, 3), _Lane(30, 4), _Lane(12, 8)


def inline(picture: Picture) -> Markup:
    """Draw a picture for a page, which has its style."""
    return _drawn(picture, [], class_="picture")


def alone(picture: Picture, style: Markup) -> Markup:
    """Draw a picture that is an image of its own."""
    height = _Drawing(picture).bottom
    return _drawn(picture, [element("style", style)], width=WIDTH, height=height)


def _drawn(picture: Picture, first: list[Markup], **attributes: object) -> Markup:
    drawing = _Drawing(picture)
    parts = [
        element("title", text(MARKER)),
        *first,
        drawing.axis(),
        drawing.names(),
        element("rect", class_="field", x=PLOT_X, y=TOP, width=PLOT_WIDTH, height=drawing.height),
        drawing.plot(),
        drawing.foot(),
    ]
    return element(
        "svg",
        joined(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {drawing.bottom}",
        role="img",
        aria_label=MARKER,
        data_begin=picture.begin_ms,
        data_end=picture.end_ms,
        data_offset=axis.offset(drawing.clock),
        **attributes,
    )


class _Drawing:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self.clock = Clock(picture.begin_ms, picture.end_ms, picture.zone)
        self.height = sum(_height(group) for group in picture.groups) or ROW_HEIGHT
        self.bottom = TOP + self.height + _LINE_HEIGHT * (3 + len(picture.notes))

    def axis(self) -> Markup:
        ticks = []
        for ms, label in axis.ticks(self.clock):
            x = round(PLOT_X + self._share(ms) * PLOT_WIDTH, 2)
            end = TOP + self.height
            ticks.append(element("line", x1=x, x2=x, y1=AXIS_Y + 4, y2=end))
            ticks.append(element("text", text(label), x=x, y=AXIS_Y))
        zone = element("text", text(self.clock.zone_name), class_="zone", x=8, y=AXIS_Y)
        return joined([zone, element("g", joined(ticks), class_="axis")])

    def names(self) -> Markup:
        return element("g", joined(self._names()), class_="names")

    def _names(self) -> Iterator[Markup]:
        y = TOP
        for group in self._picture.groups:
            told = [each for each in (group.label, group.controller_id) if each]
            yield _name(told, 8, y + 20, "controller")
            y += GROUP_HEIGHT
            for row in group.rows:
                yield _name(row.about, 16, y + 18, "worker")
                state = _fitted(f"{row.state} · {counted(row.entries)}", _NAME_CELLS)
                yield element("text", text(state), class_="state", x=16, y=y + 31)
                y += ROW_HEIGHT

    def plot(self) -> Markup:
        """Draw what has a time."""
        return element(
            "svg",
            joined(self._lanes()),
            class_="plot",
            x=PLOT_X,
            y=TOP,
            width=PLOT_WIDTH,
            height=self.height,
            viewBox=f"0 0 {UNITS} {self.height}",
            preserveAspectRatio="none",
        )

    def _lanes(self) -> Iterator[Markup]:
        y = 0
        for group in self._picture.groups:
            yield element("rect", class_="group", x=0, y=y, width=UNITS, height=GROUP_HEIGHT)
            yield from self._spans(group.owners, y, _OWNER)
            yield from self._marks(group.marks, y + 16)
            y += GROUP_HEIGHT
            for row in group.rows:
                yield from self._row(row, y)
                y += ROW_HEIGHT

    def _row(self, row: Row, y: int) -> Iterator[Markup]:
        yield from self._density(row, y)
        yield from self._spans(row.states, y, _STATE)
        yield from self._spans(row.turns, y, _TURN)
        yield from self._spans(row.questions, y, _QUESTION, "question ")
        yield from self._marks(row.marks, y + 19)

    def _density(self, row: Row, y: int) -> Iterator[Markup]:
        highest, width = max(row.density, default=0), UNITS / max(1, len(row.density))
        for part, entries in enumerate(row.density):
            if round(entries) < 1:
                continue
            height = round(max(_NARROWEST, _DENSITY_HEIGHT * (entries / highest) ** 0.5), 1)
            yield element(
                "rect",
                about(self._density_about(row, part, entries)),
                class_="density",
                x=round(part * width, 1),
                y=round(y + _DENSITY_BOTTOM - height, 1),
                width=round(width, 1),
                height=height,
            )

    def _density_about(self, row: Row, part: int, entries: float) -> Iterator[str]:
        part_ms = (self.clock.end_ms - self.clock.begin_ms) / len(row.density)
        begin_ms = self.clock.begin_ms + part * part_ms
        more = "about " if row.is_sampled else ""
        yield f"{more}{counted(round(entries))} of {row.worker_id}"
        yield self.clock.stretch(round(begin_ms), round(begin_ms + part_ms))

    def _spans(
        self, spans: Iterable[Span], y: int, lane: _Lane, classes: str = ""
    ) -> Iterator[Markup]:
        for span in spans:
            x, end = self._x(span.begin_ms), self._x(span.end_ms)
            yield element(
                "rect",
                about(span.about),
                class_=f"{classes}{_known(span.kind)}",
                x=x,
                y=y + lane.y,
                width=round(max(end - x, _NARROWEST), 1),
                height=lane.height,
            )

    def _marks(self, marks: Iterable[Mark], y: int) -> Iterator[Markup]:
        for mark in marks:
            d = f"M{self._x(mark.at_ms)} {y}h0"
            yield element("path", about(mark.about), class_=f"mark {_known(mark.kind)}", d=d)

    def foot(self) -> Markup:
        return joined(self._foot())

    def _foot(self) -> Iterator[Markup]:
        y, x = TOP + self.height + 20, 8
        for kind in _LEGEND:
            yield element("rect", class_=f"key {kind}", x=x, y=y - 8, width=10, height=8)
            yield element("text", text(kind), class_="note", x=x + 14, y=y)
            x += 26 + 7 * len(kind)
        for note in self._picture.notes:
            y += _LINE_HEIGHT
            yield element("text", about([note]), text(_fitted(note, _NOTE_CELLS)),
                          class_="note", x=8, y=y)  # fmt: skip

    def _x(self, ms: int) -> float:
        return round(self._share(ms) * UNITS, 1)

    def _share(self, ms: int) -> float:
        """Return where a moment lies in the picture's time, from 0 to 1."""
        whole_ms = max(1, self.clock.end_ms - self.clock.begin_ms)
        return min(max((ms - self.clock.begin_ms) / whole_ms, 0.0), 1.0)


def _height(group: Group) -> int:
    return GROUP_HEIGHT + ROW_HEIGHT * len(group.rows)


def _name(lines: Sequence[str], x: int, y: int, class_: str) -> Markup:
    shown = text(_fitted(lines[0], _NAME_CELLS))
    return element("text", about(lines), shown, class_=class_, x=x, y=y)


def _fitted(line: str, width: int) -> str:
    """Cut a line; escaped first, so that it is as wide as it looks."""
    return cells.fit(printable(line[: 4 * width]), width)


def _known(kind: str) -> str:
    """Return the class of a kind; one that a later daemon may have has that of no other."""
    known = (*STATES, *_ROUND, "turn", "owner", "pending", "decided", "canceled", "expired")
    return kind if kind in known else "other"
