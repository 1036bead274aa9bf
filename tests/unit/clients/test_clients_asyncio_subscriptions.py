"""Subscriptions under asyncio, against a daemon played by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from penholder import AsyncSubscription, open_client
from penholder_protocol.errors import CursorGone
from tests.helpers.aside import LONG_S
from tests.helpers.fake_daemon import FakeDaemon, Peer
from tests.helpers.in_asyncio import accepted, all_waiting, in_asyncio, waiting

_STREAMS = ["worker:w"]


@asynccontextmanager
async def _subscribed(
    fake: FakeDaemon, pos: int = 0
) -> AsyncIterator[tuple[AsyncSubscription, Peer]]:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        entries = client.subscribe(_STREAMS, after=pos)
        entering = asyncio.create_task(entries.__aenter__())
        peer = await waiting(fake.accept)
        await waiting(peer.accept_subscription, "s_1", pos)
        await entering
        try:
            yield entries, peer
        finally:
            entries.close()


async def _positions(entries: AsyncSubscription, count: int) -> list[int]:
    return [(await anext(entries)).pos for _ in range(count)]


@in_asyncio
async def test_entries_in_their_order_however_they_are_cut(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        peer.send_entries("s_1", 1, 2)
        peer.send_entries("s_1", 4)
        peer.send_entries("s_1", 5)
        assert await _positions(entries, 4) == [1, 2, 4, 5]
        assert entries.pos == 5


@in_asyncio
async def test_a_cancelled_reader_loses_nothing(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        reading = asyncio.create_task(_positions(entries, 1))
        await all_waiting()
        # In one turn of the loop: the entry is there when the task hears that it is cancelled.
        peer.send_entries("s_1", 1)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await _positions(entries, 1) == [1]


@in_asyncio
async def test_who_does_not_read_lets_the_daemon_feel_it(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        peer.send_entries("s_1", 1)
        await all_waiting()
        sent = asyncio.create_task(waiting(peer.send_bytes, b'{"method":"x"}\n' * 500_000))
        _, unfinished = await asyncio.wait([sent], timeout=0.2)
        assert unfinished, "it reads on while nobody takes what it has"
        assert await _positions(entries, 1) == [1]
        peer_reads = asyncio.create_task(_positions(entries, 1))
        await sent
        peer.send_entries("s_1", 2)
        assert await peer_reads == [2]


@in_asyncio
async def test_a_subscription_survives_a_restart(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        peer.send_entries("s_1", 1, 2)
        assert await _positions(entries, 2) == [1, 2]
        fake.stop()
        following = asyncio.create_task(_positions(entries, 2))
        await all_waiting()
        fake.start()
        second = await waiting(fake.accept)
        assert (await waiting(second.accept_subscription, "s_2", 2))["after"] == 2
        second.send_entries("s_1", 99)
        second.send_entries("s_2", 2, 3, 4)
        assert await following == [3, 4]


@in_asyncio
async def test_a_reader_that_lagged_resumes(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        peer.send_entries("s_1", 1)
        peer.send(method="journal.lagged", params={"subscription": "s_1", "resume_after": 1})
        following = asyncio.create_task(_positions(entries, 2))
        second = await waiting(fake.accept)
        assert (await waiting(second.accept_subscription, "s_2", 1))["after"] == 1
        second.send_entries("s_2", 2)
        assert await following == [1, 2]


@in_asyncio
async def test_pruned_entries_are_told_once(fake: FakeDaemon) -> None:
    async with _subscribed(fake) as (entries, peer):
        pruned = {"subscription": "s_1", "stream": "worker:w", "oldest_pos": 8}
        peer.send(method="journal.pruned", params=pruned)
        peer.send_entries("s_1", 8)
        with pytest.raises(CursorGone):
            await anext(entries)
        assert await _positions(entries, 1) == [8]


@in_asyncio
async def test_a_cursor_that_is_gone_at_the_start(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:
        entering = asyncio.create_task(client.subscribe(_STREAMS, after=1).__aenter__())
        peer, request = await accepted(fake)
        peer.refuse(request, CursorGone(oldest_pos=8))
        with pytest.raises(CursorGone):
            await entering
        assert await waiting(peer.read) == {}, "the connection is closed"


@in_asyncio
async def test_closing_ends_the_iteration(fake: FakeDaemon) -> None:
    async def read(entries: AsyncSubscription) -> list[int]:
        return [entry.pos async for entry in entries]

    async with _subscribed(fake) as (entries, peer):
        reading = asyncio.create_task(read(entries))
        await all_waiting()
        entries.close()
        assert await reading == []
        assert await waiting(peer.read) == {}
