"""Every block of Python in README.md and docs is right, as far as types tell.

A block is a module by itself. What a part of one needs before it stands in a comment above the
block, which no reader sees: `<!-- before` and lines of Python, up to `-->`. If the last one ends
with a colon, the block is its body.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

from penholder_daemon.generate.__main__ import ROOT
from tests.tidy.source import require_none

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?:<!-- before\n(?P<before>(?:(?!-->).*\n)+)-->\n\s*)?^```python\n(?P<code>(?s:.*?))^```",
    re.MULTILINE,
)
ERROR = re.compile(r"^block_(\d+)\.py:(\d+): error: (.*)$", re.MULTILINE)
TIMEOUT_S = 300


class Block(NamedTuple):
    """A block of a page, as a module whose lines are those of the page."""

    page: Path
    module: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield every block of a page."""
    text = page.read_text("utf-8")
    for found in BLOCK.finditer(text):
        before, code = found["before"] or "", found["code"]
        if before.rstrip().endswith(":"):
            code = indent(code, "    ")
        above = text.count("\n", 0, found.start("code")) - before.count("\n")
        yield Block(page, "\n" * above + before + code)


def _wrong(pages: list[Path], directory: Path) -> list[str]:
    """Return what mypy finds in all blocks, by page and line."""
    found = [block for page in pages for block in blocks(page)]
    for number, block in enumerate(found):
        (directory / f"block_{number}.py").write_text(block.module, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--no-pretty"]
    done = subprocess.run(
        # A cache of its own: the rules of `make types` are others, and would throw it away.
        [*command, "--cache-dir", str(ROOT / ".mypy_cache/docs"), "."],
        cwd=directory, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    faults = [(found[int(each[0])].page.name, int(each[1]), each[2])
              for each in ERROR.findall(done.stdout)]  # fmt: skip
    told = [f"{page}:{line}: {what}" for page, line, what in sorted(faults)]
    assert (bool(done.returncode), done.stderr) == (bool(told), ""), done.stdout
    return told


def test_every_block_of_python_has_its_types(tmp_path: Path) -> None:
    require_none(_wrong(PAGES, tmp_path))


def test_there_are_blocks_and_each_is_one(tmp_path: Path) -> None:
    """Also one that is written in another way than `BLOCK` knows."""
    assert [page.name for page in PAGES if any(blocks(page))] == [
        "README.md", "clients.md", "fence-outside.md",
    ]  # fmt: skip
    for page in PAGES:
        fences = re.findall(r"^\s*[`~]{3,}\s*(?:python|py)", page.read_text("utf-8"), re.I | re.M)
        assert len(fences) == len(list(blocks(page))), page


def test_a_block_that_is_wrong_is_told_with_its_line(tmp_path: Path) -> None:
    page, directory = tmp_path / "page.md", tmp_path / "blocks"
    directory.mkdir()
    page.write_text(
        "# A\n\n```python\nx: int = ''\n```\n\n"
        "<!-- before\nfrom penholder.blocking import Client\nclient: Client\n-->\n\n"
        "```python\nclient.rpc.pink()\nclient.rpc.ping()\n```\n"
        "<!-- before\nasync def main() -> int:\n-->\n```python\nreturn ''\n```\n"
    )
    told = _wrong([page], directory)
    assert [each.split(": ")[0] for each in told] == ["page.md:4", "page.md:13", "page.md:20"]
    assert '"pink"' in told[1]
