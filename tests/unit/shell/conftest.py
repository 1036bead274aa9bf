"""Threads that read, ended with the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.helpers.reading import Scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Give readers over an empty database."""
    made = Scene(tmp_path / "p.db")
    yield made
    await made.close()
