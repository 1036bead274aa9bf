"""A PostgreSQL whose commits are durable, a database of it for each test, and daemons on it."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.helpers.daemon_process import DaemonProcess, MakeDaemon
from tests.helpers.postgresql import Server

_numbers = count(1)


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """Give a server that keeps what it has committed, however it ends."""
    made = Server(is_safe=True)
    yield made
    made.remove()


@pytest.fixture
def url(server: Server) -> str:
    """Give the URL of an empty database."""
    return server.make(f"fleet_{next(_numbers)}")


@pytest.fixture
def make_daemon(url: str) -> Iterator[MakeDaemon]:
    """Give daemons of several hosts on one database; they are ended with the test."""
    with ExitStack() as made:

        def make() -> DaemonProcess:
            directory = made.enter_context(
                TemporaryDirectory(prefix="ph-", dir="/tmp", ignore_cleanup_errors=True)
            )
            daemon = DaemonProcess(Path(directory), "--store-url", url)
            made.callback(daemon.end)
            return daemon

        yield make


@pytest.fixture
def daemon(make_daemon: MakeDaemon) -> DaemonProcess:
    """Give a running daemon."""
    made = make_daemon()
    made.start()
    return made
