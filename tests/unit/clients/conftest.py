"""A daemon to play, and clients of it."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from penholder import AsyncClient, open_client
from penholder.blocking import Client
from tests.helpers.aside import LONG_S, Aside
from tests.helpers.fake_daemon import FakeDaemon, fake_daemon


@pytest.fixture
def fake() -> Iterator[FakeDaemon]:
    """Give a daemon to play."""
    with fake_daemon() as daemon:
        yield daemon


@pytest.fixture
def aside(fake: FakeDaemon) -> Iterator[Aside]:
    """Give threads for calls; they end before the daemon does."""
    with ThreadPoolExecutor(4) as pool:
        yield Aside(pool)
        fake.stop()


@pytest.fixture
def client(fake: FakeDaemon, aside: Aside) -> Iterator[Client]:
    """Give a blocking client that is patient."""
    with Client(fake.path, reconnect_s=LONG_S) as made:
        yield made


@pytest.fixture
async def trio_client(fake: FakeDaemon) -> AsyncIterator[AsyncClient]:
    """Give a trio client that is patient."""
    async with open_client(fake.path, reconnect_s=LONG_S) as made:
        yield made
