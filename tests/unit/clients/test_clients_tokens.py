"""An answer with a secret that is lost on its way: asked for again, it is the same, in full."""

import pytest
import trio

from penholder import AsyncClient
from penholder.blocking import Client, ConnectionLost
from tests.helpers.aside import Aside, accepted, in_task, result_of
from tests.helpers.fake_daemon import FakeDaemon, Json
from tests.helpers.records import handle

CLAIM = {"queue": "q", "runner_id": "r", "lease_ms": 1000}


def _acquired() -> Json:
    return handle(token=None)


def test_a_lost_answer_is_asked_for_under_one_key_and_token(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    calling = aside(lambda: client.controller.acquire(controller_id="c"))
    peer = fake.accept()
    first = peer.read()["params"]
    peer.hang_up()
    peer = fake.accept()
    again = peer.read()
    assert again["params"] == first
    peer.answer(again, _acquired())
    assert result_of(calling).token == first["token"]


async def test_so_it_is_with_the_trio_client(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, lambda: trio_client.controller.acquire(controller_id="c"))
    peer, request = await accepted(fake)
    peer.hang_up()
    peer, again = await accepted(fake)
    assert again["params"] == request["params"]
    peer.answer(again, _acquired())
    assert (await calling.result()).token == request["params"]["token"]


def test_by_name_it_is_sent_once(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.call("controller.acquire", {"controller_id": "c"}))
    peer = fake.accept()
    assert peer.read()["params"] == {"controller_id": "c"}
    peer.hang_up()
    with pytest.raises(ConnectionLost):
        result_of(calling)


def test_nothing_that_was_claimed_is_nothing(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    calling = aside(lambda: client.run.claim_next(runner_id="r", lease_ms=1))
    peer = fake.accept()
    peer.answer(peer.read(), None)
    assert result_of(calling) is None
    waiting = aside(lambda: client.queue.wait(**CLAIM))  # type: ignore[arg-type]  # a mixed dict
    request = peer.read()
    assert {"token", "idempotency_key"} <= request["params"].keys()
    peer.answer(request, {"items": [], "next": None})
    assert result_of(waiting).items == []
