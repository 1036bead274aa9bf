"""The ids under which both Python clients send their requests."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import trio

from penholder import AsyncClient, open_client
from penholder._shared.request_ids import RequestIds
from penholder.blocking import Client
from tests.helpers.aside import Aside, accepted, in_task, result_of, waiting
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import PONG


def _prefix(request_id: str) -> str:
    return request_id.rpartition("-")[0]


def test_ids_of_two_clients_never_collide_and_of_one_neither() -> None:
    clients = [RequestIds() for _ in range(100)]
    ids = [each.next() for each in clients for _ in range(10)]
    assert len(set(ids)) == len(ids)
    assert len({_prefix(request_id) for request_id in ids}) == len(clients)


def test_an_operation_comes_first_and_does_not_make_two_clients_one() -> None:
    first, second = RequestIds("deploy-42").next(), RequestIds("deploy-42").next()
    assert first != second
    assert first.startswith("deploy-42-")
    assert second.startswith("deploy-42-")


def test_threads_get_ids_of_their_own() -> None:
    ids = RequestIds()
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: ids.next(), range(10_000)))
    assert len(set(taken)) == len(taken)


@pytest.mark.parametrize("operation", ["", " ", "a b", 'a"', "ä", "a\n", "-x", "x" * 129, "\udc80"])
def test_an_operation_that_is_hard_to_search_for_is_refused(operation: str) -> None:
    with pytest.raises(ValueError, match="1 to 128 of the characters"):
        Client("/nowhere", operation=operation)
    with pytest.raises(ValueError, match="begins with a letter or digit"):
        AsyncClient("/nowhere", operation=operation)


def test_a_client_keeps_its_prefix_over_its_connections(fake: FakeDaemon, aside: Aside) -> None:
    with Client(fake.path, operation="deploy") as client:
        calling = aside(client.rpc.ping)
        peer = fake.accept()
        first = peer.read()["id"]
        peer.hang_up()
        peer = fake.accept()
        request = peer.read()
        peer.answer(request, PONG)
        result_of(calling)
        subscribing = aside(lambda: client.subscribe(["*"]))
        other = fake.accept()
        subscribe = other.read()
        other.answer(subscribe, {"subscription": "s", "pos": 0})
        result_of(subscribing).close()
    ids = [first, request["id"], subscribe["id"]]
    assert ids == [f"{_prefix(first)}-{number}" for number in (1, 2, 3)]
    assert first.startswith("deploy-")


async def test_a_trio_client_keeps_its_prefix_over_its_connections(
    fake: FakeDaemon, nursery: trio.Nursery
) -> None:
    async with open_client(fake.path, operation="deploy") as client:
        calling = in_task(nursery, client.rpc.ping)
        peer, first = await accepted(fake)
        peer.hang_up()
        peer, second = await accepted(fake)
        peer.answer(second, PONG)
        await calling.result()
        subscribing = in_task(nursery, client.subscribe(["*"]).__aenter__)
        other, subscribe = await accepted(fake)
        other.answer(subscribe, {"subscription": "s", "pos": 0})
        (await subscribing.result()).close()
        assert await waiting(other.read) == {}
    ids = [first["id"], second["id"], subscribe["id"]]
    assert ids == [f"{_prefix(first['id'])}-{number}" for number in (1, 2, 3)]
    assert first["id"].startswith("deploy-")
