"""How help is laid out: what it is for, examples, and then the rest, at any width.

A text is paragraphs with empty lines between. One whose lines begin with spaces is an example or a
table and keeps its lines; all others are filled.
"""

import argparse
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from penholder.cli.terminal import screen

_WIDEST = 100
_WIDEST_NAME = 20


def width() -> int:
    """Return how wide help is: as the terminal, but no wider than is good to read."""
    return min(screen.page_width(), _WIDEST)


def described(summary: str, examples: Sequence[str], more: str = "") -> str:
    """Return a description: the summary, examples a line each, and what else there is to say."""
    shown = "\n".join(["examples:", *(f"  {example}" for example in examples)])
    return "\n\n".join(part for part in (summary, shown, more.strip()) if part)


def listed(rows: Mapping[str, str]) -> list[str]:
    """Return lines of names, each with its text beside it."""
    column = min(max(map(len, rows), default=0), _WIDEST_NAME) + 2
    return [
        line
        for name, text in rows.items()
        for line in _wrapped(text, width(), f"  {name:<{column}}", " " * (column + 2))
    ]


def filled(text: str, columns: int, indent: str = "") -> str:
    """Fill the paragraphs of a text; lines that begin with spaces stay lines."""
    return "\n".join(
        line
        for paragraph in text.split("\n\n")
        for line in (*_filled(paragraph, columns, indent), "")
    ).rstrip("\n")


def wrapped(text: str) -> list[str]:
    """Return a text as lines of help."""
    return _wrapped(text, width(), "", "    ")


def _filled(paragraph: str, columns: int, indent: str) -> Iterable[str]:
    loose: list[str] = []
    for line in paragraph.splitlines():
        if line.startswith(" "):
            yield from _wrapped(" ".join(loose), columns, indent, indent)
            loose = []
            begin = indent + line[: len(line) - len(line.lstrip())]
            yield from _wrapped(line.strip(), columns, begin, begin + "  ")
        elif line.endswith(":"):
            yield from _wrapped(" ".join([*loose, line]), columns, indent, indent)
            loose = []
        else:
            loose.append(line)
    yield from _wrapped(" ".join(loose), columns, indent, indent)


def _wrapped(text: str, columns: int, first: str, following: str) -> list[str]:
    return textwrap.wrap(
        text,
        columns,
        initial_indent=first,
        subsequent_indent=following,
        break_long_words=False,
        break_on_hyphens=False,
    )


class HelpFormatter(argparse.HelpFormatter):
    """Argparse's own, with paragraphs, and no line wider than the terminal."""

    def __init__(self, prog: str) -> None:
        """Take the width from where it is printed."""
        super().__init__(prog, max_help_position=26, width=width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return filled(text, width, indent)

    def _format_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None,
    ) -> str:
        text = super()._format_usage(usage, actions, groups, prefix)
        return "\n".join([*_wrapped(" ".join(text.split()), self._width, "", "    "), "", ""])
