"""A booted box for each test that asks for one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.systemd.box import Box, why_impossible


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Give a booted systemd without Penholder in it yet."""
    reason = why_impossible()
    if reason is not None and os.environ.get("CI") and os.geteuid() == 0:
        pytest.fail(f"CI as root must run this: {reason}")
    if reason is not None:
        pytest.skip(reason)
    box = Box(tmp_path)
    try:
        box.boot()
        yield box
    finally:
        box.end()
