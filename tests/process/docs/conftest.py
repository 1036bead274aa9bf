"""A home for who reads the docs, and a terminal in it."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.docs.terminal import Terminal
from tests.helpers.docs.transcripts import READERS_HOME


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home whose path is as long as the pages': tables are as wide then."""
    made = _made()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _made() -> Path:
    while True:
        path = Path("/tmp") / secrets.token_hex(8)[: len(READERS_HOME) - len("/tmp/")]
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return path


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    """Give a terminal; what was started in it is ended with the test."""
    made = Terminal(home)
    yield made
    made.close()
