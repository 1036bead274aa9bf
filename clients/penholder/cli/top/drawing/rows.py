"""A row: pieces of text, each in a style, that together fit a width.

Styles are words (`bold red`), since what they look like is the terminal's business, and some have
no colours: nothing is told by a style alone.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from penholder.cli.terminal import cells
from penholder.cli.top.model.records import Key

Span = tuple[str, str]
"""A text and its style."""


class Row(msgspec.Struct, frozen=True):
    """A row of a pane; `key` is what is chosen by a click on it."""

    spans: tuple[Span, ...]
    key: Key | None = None

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(text for text, _ in self.spans)


def row(spans: Iterable[Span], width: int, key: Key | None = None, style: str = "") -> Row:
    """Make a row of exactly that width; `style` is put over that of every piece."""
    return Row(tuple(_styled(_filled(spans, width), style)), key)


def text_row(text: str, width: int, style: str = "", key: Key | None = None) -> Row:
    """Make a row of one text."""
    return row([(text, style)], width, key)


def title(text: str, right: str, width: int, is_focused: bool) -> Row:
    """Make the row over a pane; the pane that has the keys is marked."""
    begin = f"{'▶' if is_focused else '─'} {cells.fit(text, width - 4)} "
    left = width - cells.width(begin)
    end = f" {cells.fit(right, left - 3)} ─" if right and left > 8 else ""
    line = "─" * (left - cells.width(end))
    return row([(begin + line + end, "title" if is_focused else "dim")], width)


def found(spans: Iterable[Span], wanted: str) -> Iterator[Span]:
    """Mark what was looked for."""
    if not wanted:
        yield from spans
        return
    for text, style in spans:
        yield from _found_in(text, style, wanted.casefold())


def window(rows: Sequence[Row], chosen: int | None, height: int) -> Sequence[Row]:
    """Return so many of the rows that the chosen one is among them, in the middle if it can be."""
    if len(rows) <= height or height <= 0:
        return rows[: max(height, 0)]
    begin = 0 if chosen is None else max(0, min(chosen - height // 2, len(rows) - height))
    return rows[begin : begin + height]


def padded(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Return exactly so many rows, the last ones empty."""
    kept = list(rows[:height])
    return kept + [text_row("", width)] * (height - len(kept))


def _found_in(text: str, style: str, wanted: str) -> Iterator[Span]:
    folded = text.casefold()
    # A letter that folds to two would shift all that follows it.
    if len(folded) != len(text):
        yield text, style
        return
    at = 0
    while (hit := folded.find(wanted, at)) >= 0:
        yield text[at:hit], style
        yield text[hit : hit + len(wanted)], f"{style} found"
        at = hit + len(wanted)
    yield text[at:], style


def _filled(spans: Iterable[Span], width: int) -> Iterator[Span]:
    left = width
    for text, style in spans:
        shown = cells.fit(text, left)
        if shown:
            yield shown, style
        left -= cells.width(shown)
        if left <= 0:
            return
    yield " " * left, ""


def _styled(spans: Iterable[Span], style: str) -> Iterator[Span]:
    return ((text, f"{own} {style}".strip()) for text, own in spans)
