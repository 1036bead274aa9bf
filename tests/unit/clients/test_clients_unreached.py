"""A control socket at which no daemon was ever seen is given up soon, with what to do about it."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
import trio

from penholder import DaemonUnreachable, open_client
from penholder._shared import call
from penholder.blocking import Client
from tests.helpers.aside import Aside
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import PONG

_SOON_S = 2.0
_PATIENT_S = 0.3
Ping: TypeAlias = Callable[[Path], None]


def _blocking(path: Path) -> None:
    with Client(path) as client:
        client.rpc.ping()


def _subscribing(path: Path) -> None:
    with Client(path) as client:
        client.subscribe(["*"])


async def _awaiting(path: Path) -> None:
    async with open_client(path) as client:
        await client.rpc.ping()


def _in_trio(path: Path) -> None:
    trio.run(_awaiting, path)


def _in_asyncio(path: Path) -> None:
    asyncio.run(_awaiting(path))


PINGS = pytest.mark.parametrize(
    "ping", [_blocking, _subscribing, _in_trio, _in_asyncio], ids=lambda each: each.__name__
)


@PINGS
def test_it_says_within_two_seconds_where_and_what_to_do(fake: FakeDaemon, ping: Ping) -> None:
    fake.stop()
    began = time.monotonic()
    with pytest.raises(DaemonUnreachable) as caught:
        ping(fake.path)
    assert time.monotonic() - began < _SOON_S
    assert f"no daemon answers at {fake.path} (No such file" in str(caught.value)
    assert "`penholder up`" in str(caught.value)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let who waits for a daemon that it never saw give up long before `_PATIENT_S`."""
    monkeypatch.setattr(call, "UNREACHED_S", 0.05)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("ping", [_blocking, _in_trio, _in_asyncio])
def test_a_worker_waits_for_the_daemon_that_has_made_it(
    fake: FakeDaemon, aside: Aside, ping: Ping
) -> None:
    path = fake.path.parent / "workers" / "w_1.sock"
    pinging = aside(lambda: ping(path))
    with pytest.raises(TimeoutError):
        pinging.result(timeout=_PATIENT_S)
    path.parent.mkdir()
    path.symlink_to(fake.path)
    peer = fake.accept()
    peer.answer(peer.read(), PONG)
    pinging.result()


@pytest.mark.usefixtures("impatient")
def test_who_was_connected_waits_for_its_return(fake: FakeDaemon, aside: Aside) -> None:
    with Client(fake.path) as client, client.beside() as other:
        first = aside(client.rpc.ping)
        peer = fake.accept()
        peer.answer(peer.read(), PONG)
        assert first.result().pong
        fake.stop()
        # Also over another connection, which shares what the client knows.
        calls = [aside(client.rpc.ping), aside(other.rpc.ping)]
        for each in calls:
            with pytest.raises(TimeoutError):
                each.result(timeout=_PATIENT_S)
        fake.start()
        for _ in calls:
            peer = fake.accept()
            threading.Thread(target=lambda peer=peer: peer.answer(peer.read(), PONG)).start()
        assert all(each.result().pong for each in calls)
