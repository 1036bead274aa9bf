"""Every block that somebody may type is typed, page by page, each page in a home of its own.

What cannot be typed here says why, above the block, with a word of `NOT_RUN`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.docs.blocks import PAGES, Block, blocks
from tests.helpers.docs.terminal import Terminal
from tests.helpers.docs.transcripts import Reader
from tests.tidy.source import require_none

NOT_RUN = {
    "a screen": "it fills one: tests/process/words/test_attach.py, tests/process/cli/test_top_*.py",
    "an example": "it is of ids, files or faults that are not there; what it shows has a test",
    "another machine": "it needs one behind ssh: tests/process/words/test_at.py",
    "another store": "it needs its database: tests/process/test_moving.py",
    "make": "it works on the whole checkout, for minutes",
    "netcat": "it is not everywhere: tests/process/test_wire.py sends the same bytes",
    "npm": "it needs Node: tests/process/test_typescript.py installs the package both ways",
    "installation": "it installs for good: tests/process/docs/test_install.py does so elsewhere",
    "systemd": "it needs one: tests/process/systemd boots it; tests/process/docs/test_howtos.py",
}
ALONE = {ROOT / "docs/tutorial.md"}
"""Has a test of its own."""


def _typed(page: Path) -> list[Block]:
    return [block for block in blocks(page, "console") if block.not_run is None]


RUN = [page for page in PAGES if page not in ALONE and _typed(page)]


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_followed(terminal: Terminal, page: Path) -> None:
    reader = Reader(terminal)
    require_none(wrong for block in _typed(page) for wrong in reader.follow(block))


def _unreasoned() -> Iterator[str]:
    marked = [block for page in PAGES for block in blocks(page) if block.not_run is not None]
    yield from (f"{each.place}: {each.not_run}?" for each in marked if each.not_run not in NOT_RUN)
    yield from (f"nothing is {why}" for why in NOT_RUN if why not in {b.not_run for b in marked})


def test_what_is_not_run_says_why() -> None:
    require_none(_unreasoned())
