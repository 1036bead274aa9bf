"""A real daemon for each test that asks for one, in directories of its own."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.helpers.daemon_process import DaemonProcess


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """Give a directory whose path leaves room for the names of sockets."""
    with TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True) as path:
        yield Path(path)


@pytest.fixture
def daemon(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a running daemon; it is ended with the test."""
    process = DaemonProcess(short_dir)
    process.start()
    yield process
    process.end()
