"""Every block of Python that is a whole program is run, page by page, on a daemon that is new."""

import subprocess
import sys
from pathlib import Path

import pytest

from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.docs.blocks import PAGES, Block, blocks

_TIMEOUT_S = 60


def _programs(page: Path) -> list[Block]:
    """Return the blocks that need nothing before them; the others have their types checked."""
    return [block for block in blocks(page, "python") if not block.before]


QUOTING = ROOT / "CONTRIBUTING.md"
"""Its block is a piece of the source: tests/tidy/test_blocks_in_docs.py."""
WITH_PROGRAMS = [page for page in PAGES if page != QUOTING and _programs(page)]
FENCE_OUTSIDE = ROOT / "docs/howto/fence-outside.md"


def _run(daemon: DaemonProcess, block: Block, directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block.text], env=daemon.environment, cwd=directory,
        capture_output=True, text=True, check=False, timeout=_TIMEOUT_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), block.place
    return done.stdout


@pytest.mark.parametrize("page", WITH_PROGRAMS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_programs_of_a_page_run(daemon: DaemonProcess, tmp_path: Path, page: Path) -> None:
    for block in _programs(page):
        _run(daemon, block, tmp_path)


def test_a_stale_owner_is_refused_outside(daemon: DaemonProcess, tmp_path: Path) -> None:
    [program], [printed] = _programs(FENCE_OUTSIDE), list(blocks(FENCE_OUTSIDE, "text"))
    assert _run(daemon, program, tmp_path) == printed.text
    assert "refused: epoch 1" in printed.text
    # And whoever comes back once more, from a process of its own: epochs only grow.
    third = _run(daemon, program, tmp_path)
    assert third.splitlines()[-1] == "refused: epoch 3 of ship is over"
