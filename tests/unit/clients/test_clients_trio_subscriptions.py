"""Subscriptions of the trio client against a daemon played by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from penholder import AsyncClient, AsyncSubscription, open_client
from penholder_protocol.errors import CursorGone
from tests.helpers.aside import accepted, in_task, waiting
from tests.helpers.fake_daemon import FakeDaemon, Peer

_STREAMS = ["worker:w"]


@asynccontextmanager
async def _subscribed(
    fake: FakeDaemon, trio_client: AsyncClient, pos: int = 0
) -> AsyncIterator[tuple[AsyncSubscription, Peer]]:
    async with trio.open_nursery() as nursery:
        entries = trio_client.subscribe(_STREAMS, after=pos)
        entering = in_task(nursery, entries.__aenter__)
        peer = await waiting(fake.accept)
        await waiting(peer.accept_subscription, "s_1", pos)
        await entering.result()
    try:
        yield entries, peer
    finally:
        entries.close()


async def _positions(entries: AsyncSubscription, count: int) -> list[int]:
    return [(await anext(entries)).pos for _ in range(count)]


async def test_entries_in_their_order(fake: FakeDaemon, trio_client: AsyncClient) -> None:
    async with _subscribed(fake, trio_client) as (entries, peer):
        peer.send_entries("s_1", 1, 2)
        peer.send_entries("s_1", 4)
        assert await _positions(entries, 3) == [1, 2, 4]
        assert entries.pos == 4


async def test_a_cancelled_reader_loses_nothing(fake: FakeDaemon, trio_client: AsyncClient) -> None:
    async with _subscribed(fake, trio_client) as (entries, peer):
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(entries)
        peer.send_entries("s_1", 1)
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(entries)
        assert await _positions(entries, 1) == [1]


async def test_a_subscription_survives_a_restart(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    async with _subscribed(fake, trio_client) as (entries, peer):
        peer.send_entries("s_1", 1, 2)
        assert await _positions(entries, 2) == [1, 2]
        fake.stop()
        following = in_task(nursery, lambda: _positions(entries, 2))
        await trio.testing.wait_all_tasks_blocked()
        fake.start()
        second = await waiting(fake.accept)
        assert (await waiting(second.accept_subscription, "s_2", 2))["after"] == 2
        second.send_entries("s_1", 99)
        second.send_entries("s_2", 2, 3, 4)
        assert await following.result() == [3, 4]


async def test_a_reader_that_lagged_resumes(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    async with _subscribed(fake, trio_client) as (entries, peer):
        peer.send_entries("s_1", 1)
        peer.send(method="journal.lagged", params={"subscription": "s_1", "resume_after": 1})
        following = in_task(nursery, lambda: _positions(entries, 2))
        second = await waiting(fake.accept)
        assert (await waiting(second.accept_subscription, "s_2", 1))["after"] == 1
        second.send_entries("s_2", 2)
        assert await following.result() == [1, 2]


async def test_pruned_entries_are_told_once(fake: FakeDaemon, trio_client: AsyncClient) -> None:
    async with _subscribed(fake, trio_client) as (entries, peer):
        pruned = {"subscription": "s_1", "stream": "worker:w", "oldest_pos": 8}
        peer.send(method="journal.pruned", params=pruned)
        peer.send_entries("s_1", 8)
        with pytest.raises(CursorGone):
            await anext(entries)
        assert await _positions(entries, 1) == [8]


async def test_a_cursor_that_is_gone_at_the_start(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    subscription = trio_client.subscribe(_STREAMS, after=1)
    entering = in_task(nursery, subscription.__aenter__)
    peer, request = await accepted(fake)
    peer.refuse(request, CursorGone(oldest_pos=8))
    with pytest.raises(CursorGone):
        await entering.result()
    assert await waiting(peer.read) == {}, "the connection is closed"


async def test_notifications_of_the_seat_hold_nothing_up(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    entering = in_task(nursery, trio_client.subscribe(_STREAMS).__aenter__)
    peer, request = await accepted(fake)
    peer.send(method="runtime.fenced", params={"worker_id": "w", "current_epoch": 2})
    peer.answer(request, {"subscription": "s_1", "pos": 0})
    (await entering.result()).close()


async def test_closing_ends_the_iteration(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    async def read(entries: AsyncSubscription) -> list[int]:
        return [entry.pos async for entry in entries]

    async with _subscribed(fake, trio_client) as (entries, peer):
        reading = in_task(nursery, lambda: read(entries))
        await trio.testing.wait_all_tasks_blocked()
        entries.close()
        assert await reading.result() == []
        assert await waiting(peer.read) == {}


async def test_leaving_the_client_ends_its_subscriptions(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:
        entries = client.subscribe(_STREAMS)
        async with trio.open_nursery() as nursery:
            in_task(nursery, entries.__aenter__)
            peer = await waiting(fake.accept)
            await waiting(peer.accept_subscription, "s_1", 0)
        # Nobody takes these: their connection's reader is stuck when the client goes.
        peer.send_entries("s_1", 1)
        peer.send_entries("s_1", 2)
        await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(StopAsyncIteration):
        await anext(entries)
