"""Servers for a test, and the workers that they start: all of it is ended with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.background import end_all_below
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.mcp_server import RawServer, Serve


@pytest.fixture
def serve(daemon: DaemonProcess, short_dir: Path) -> Iterator[Serve]:
    """Give a function that starts servers, whose name is `t` unless words say otherwise."""
    started: list[RawServer] = []

    def start(*words: str, first: str = "", **more: str) -> RawServer:
        started.append(RawServer(daemon, *(words or ("--name", "t")), first=first, **more))
        return started[-1]

    yield start
    for server in started:
        server.clean_up()
    end_all_below(short_dir)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give the file that a server's stderr goes to."""
    return tmp_path / "stderr"
