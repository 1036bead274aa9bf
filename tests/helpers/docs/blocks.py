"""The blocks of code of a page, and what stands above one for the tests alone.

A comment directly above a block is for the tests, and no reader sees it:

- `<!-- not run: WHY -->`: it is checked, and not run. WHY is one of a few words, each with its
  reason (tests/process/docs/test_transcripts.py).
- `<!-- before`, lines, `-->`: what has to be so before it, in the language of the block.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from penholder_daemon.generate.__main__ import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "systemd/README.md",
    ROOT / "clients/typescript/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
_BLOCK = re.compile(
    r"^(?:<!-- (?:not run: (?P<why>[^\n]*?) -->\n|before\n(?P<before>(?s:.*?))-->\n)\s*)?"
    r"^(?P<fence> *```)(?P<language>[^\n`]*)\n(?P<text>(?s:.*?))^ *```$",
    re.MULTILINE,
)


class Block(NamedTuple):
    """A block of a page."""

    page: Path
    line: int
    """Of its first line of text."""
    language: str
    text: str
    before: str
    not_run: str | None

    @property
    def place(self) -> str:
        """Where it is, as it is told."""
        return f"{_told(self.page)}:{self.line}"


class Step(NamedTuple):
    """A command that is typed in a block, and what the page says that it prints."""

    place: str
    command: str
    expected: tuple[str, ...]


def blocks(page: Path, language: str | None = None) -> Iterator[Block]:
    """Yield the blocks of a page; only those of one language, if it is given."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        if language is None or found["language"] == language:
            line = text.count("\n", 0, found.start("text")) + 1
            yield Block(
                page, line, found["language"], found["text"], found["before"] or "", found["why"]
            )


def steps(block: Block) -> list[Step]:
    """Return the commands of a block: a line with `$ `, and those after it with `> `."""
    made: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            made.append((number, [line[2:]], []))
        elif not made:
            raise AssertionError(f"{block.place}: begins without a command: {line!r}")
        elif (line == ">" or line.startswith("> ")) and not made[-1][2]:
            made[-1][1].append(line[2:])
        else:
            made[-1][2].append(line)
    return [
        Step(f"{_told(block.page)}:{number}", "\n".join(typed), tuple(expected))
        for number, typed, expected in made
    ]


def _told(page: Path) -> str:
    return str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
