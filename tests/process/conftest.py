"""A real daemon for each test that asks for one, in directories of its own; databases to import."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from bench import moving_source

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


@pytest.fixture
def executed_daemon(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that shares nothing, for what its memory is."""
    process = DaemonProcess(short_dir, is_executed=True)
    process.start()
    yield process
    process.end()


@pytest.fixture
def state_db(tmp_path: Path) -> Path:
    """Give a database of subagent-cli: w_0 with events 0, 2, 4 and w_1 with 1, 3, 5."""
    path = tmp_path / "state.db"
    moving_source.create(path)
    return path


@pytest.fixture
def talkative(short_dir: Path) -> Iterator[DaemonProcess]:
    """Give a daemon that logs every request."""
    config = short_dir / "config.toml"
    config.write_text('log_level = "debug"\n')
    daemon = DaemonProcess(short_dir, "--config", str(config))
    daemon.start()
    yield daemon
    daemon.end()
