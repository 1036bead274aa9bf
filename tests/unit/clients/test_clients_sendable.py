"""What no daemon could read is refused before anything of it is sent, whoever wrote it."""

from typing import Any

import pytest
import trio
from msgspec import Raw

from penholder import AsyncClient
from penholder.blocking import Client
from penholder_protocol.errors import InvalidParams, ParseError, PenholderError, ValueTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_VALUE_DEPTH
from tests.helpers.aside import Aside, accepted, in_task, result_of, waiting
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import PONG


def nested(levels: int) -> object:
    """Make an object of so many levels."""
    value: object = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def text_of(levels: int) -> Raw:
    """Write such an object."""
    return Raw(b'{"a":' * (levels - 1) + b"{}" + b"}" * (levels - 1))


UNREADABLE: list[tuple[type[PenholderError], str, Any]] = [
    (ValueTooLarge, "MAX_FRAME_BYTES", "x" * MAX_FRAME_BYTES),
    (ValueTooLarge, "MAX_FRAME_BYTES", Raw(b'"%b"' % (b"x" * MAX_FRAME_BYTES))),
    (ValueTooLarge, "MAX_VALUE_DEPTH", nested(MAX_VALUE_DEPTH + 7)),
    (ValueTooLarge, "MAX_VALUE_DEPTH", nested(100_000)),
    (ValueTooLarge, "MAX_VALUE_DEPTH", text_of(MAX_VALUE_DEPTH + 7)),
    (ValueTooLarge, "MAX_VALUE_DEPTH", text_of(100_000)),
    (InvalidParams, r"lone surrogate \\ud83d", "a\ud83d"),
    (InvalidParams, r"lone surrogate \\udc00", {"\udc00": 1}),
    (ParseError, r"lone surrogate \\ud83d", Raw(b'["\\ud83d"]')),
    (ParseError, "malformed", Raw(b"[1,")),
    (ParseError, "malformed", Raw(b"what?")),
    (ParseError, "not UTF-8", Raw(b'"\xff"')),
]


@pytest.mark.parametrize(("error", "why", "value"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_blocking_client_sends_nothing_of_it(
    fake: FakeDaemon,
    client: Client,
    aside: Aside,
    error: type[PenholderError],
    why: str,
    value: Any,
) -> None:
    with pytest.raises(error, match=why):
        client.call("event.append", {"type": "t", "data": value})
    pinging = aside(client.rpc.ping)
    peer = fake.accept()
    request = peer.read()
    assert request["method"] == "rpc.ping"
    peer.answer(request, PONG)
    assert result_of(pinging).pong


@pytest.mark.parametrize(("error", "why", "value"), UNREADABLE, ids=range(len(UNREADABLE)))
async def test_a_trio_client_sends_nothing_of_it_and_other_calls_go_on(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery, error: type[PenholderError],
    why: str, value: Any,
) -> None:  # fmt: skip
    pinging = in_task(nursery, trio_client.rpc.ping)
    peer, request = await accepted(fake)
    with pytest.raises(error, match=why):
        await trio_client.call("event.append", {"type": "t", "data": value})
    peer.answer(request, PONG)
    assert (await pinging.result()).pong


@pytest.mark.parametrize(
    "value", [nested(MAX_VALUE_DEPTH), Raw(b'{\n  "a": [\n1, "\\\\ud83d"\r\n]}')]
)
def test_what_can_be_read_is_one_line(
    fake: FakeDaemon, client: Client, aside: Aside, value: object
) -> None:
    calls = [{"method": "event.append_many", "params": {"events": [{"data": value}]}}]
    calling = aside(lambda: client.call("tx.apply", {"calls": calls, "idempotency_key": "k"}))
    peer = fake.accept()
    request = peer.read()
    assert request["params"]["calls"][0]["params"]["events"][0]["data"]
    peer.answer(request, None)
    assert result_of(calling) is None


# --- an error that names no request -----------------------------------------------------------
async def _opened(
    fake: FakeDaemon, client: AsyncClient, nursery: trio.Nursery, *methods: str
) -> tuple[Any, list[Any], list[Any]]:
    """Open calls one after another; returns the peer, their requests and their outcomes."""
    peer, requests, outcomes = None, [], []
    for method in methods:
        outcomes.append(in_task(nursery, lambda method=method: client.call(method)))  # type: ignore[misc]  # its default
        if peer is None:
            peer = await waiting(fake.accept)
        requests.append(await waiting(peer.read))
    return peer, requests, outcomes


async def test_it_fails_the_one_call_beside_waits(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    methods = ("event.wait", "controller.list", "journal.wait")
    peer, requests, outcomes = await _opened(fake, trio_client, nursery, *methods)
    peer.refuse({"id": None}, ParseError("what?"))
    with pytest.raises(ParseError, match="what"):
        await outcomes[1].result()
    for number in (0, 2):
        peer.answer(requests[number], number)
        assert await outcomes[number].result() == number


@pytest.mark.parametrize("meant", [0, 1, 2])
async def test_of_several_it_is_the_one_that_is_not_answered(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery, meant: int
) -> None:
    peer, requests, outcomes = await _opened(fake, trio_client, nursery, *["controller.list"] * 3)
    peer.refuse({"id": None}, ParseError("what?"))
    for number in {0, 1, 2} - {meant}:
        peer.answer(requests[number], number)
        assert await outcomes[number].result() == number
    with pytest.raises(ParseError):
        await outcomes[meant].result()
    later = in_task(nursery, trio_client.rpc.ping)
    peer.answer(await waiting(peer.read), PONG)
    assert (await later.result()).pong


async def test_two_of_them_fail_two(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    peer, requests, outcomes = await _opened(fake, trio_client, nursery, *["controller.list"] * 3)
    for _ in range(2):
        peer.refuse({"id": None}, ParseError("what?"))
    peer.answer(requests[1], 1)
    assert await outcomes[1].result() == 1
    for number in (0, 2):
        with pytest.raises(ParseError):
            await outcomes[number].result()


async def test_those_in_doubt_when_the_connection_ends_are_not_sent_again(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    methods = ("controller.list", "controller.list", "event.wait")
    peer, _, outcomes = await _opened(fake, trio_client, nursery, *methods)
    peer.refuse({"id": None}, ParseError("what?"))
    peer.hang_up()
    for outcome in outcomes[:2]:
        with pytest.raises(ParseError):
            await outcome.result()
    again, request = await accepted(fake)
    again.answer(request, 2)
    assert await outcomes[2].result() == 2


async def test_it_fails_the_newest_where_only_waits_are_open(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    peer, requests, outcomes = await _opened(fake, trio_client, nursery, *["event.wait"] * 2)
    peer.refuse({"id": None}, ParseError("what?"))
    with pytest.raises(ParseError):
        await outcomes[1].result()
    peer.answer(requests[0], 0)
    assert await outcomes[0].result() == 0
