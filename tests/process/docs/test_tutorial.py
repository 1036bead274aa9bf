"""The tutorial, done from its first command to its last, by who has nothing but a home."""

from penholder_daemon.generate.__main__ import ROOT
from tests.helpers.docs.blocks import blocks
from tests.helpers.docs.terminal import Terminal
from tests.helpers.docs.transcripts import Reader
from tests.tidy.source import require_none

TUTORIAL = ROOT / "docs/tutorial.md"


def test_it_goes_as_it_says(terminal: Terminal) -> None:
    reader = Reader(terminal)
    require_none(wrong for block in blocks(TUTORIAL) for wrong in reader.follow(block))


def test_it_says_all_that_a_first_evening_needs() -> None:
    typed = "".join(block.text for block in blocks(TUTORIAL, "console"))
    for word in ("run -d", "ps", "ps -a", "inbox", "approve", "wait", "logs", "logs -f", "stop"):
        assert f"$ penholder {word} " in typed.replace("\n", " \n"), word
