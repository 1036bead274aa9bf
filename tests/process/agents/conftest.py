"""Agents that are ended with the test, and everything below them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.agents import Agents
from tests.helpers.background import end_all_below
from tests.helpers.daemon_process import DaemonProcess


@pytest.fixture
def agents(daemon: DaemonProcess, short_dir: Path) -> Iterator[Agents]:
    """Give what starts agents."""
    found = Agents(daemon, short_dir)
    yield found
    for running in found.running:
        running.clean_up()
    end_all_below(short_dir)
