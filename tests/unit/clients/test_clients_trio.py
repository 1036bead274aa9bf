"""The trio client against a daemon played by hand."""

import socket
from functools import partial

import msgspec
import pytest
import trio
import trio.testing

import penholder
from penholder import AsyncClient, ConnectionLost, DaemonUnreachable, NotUnderstood, open_client
from penholder._shared.request_ids import RequestIds
from penholder._trio.connection import Connection
from penholder._trio.transport import open_transport
from penholder_protocol import nouns
from penholder_protocol.errors import (
    Busy,
    Fenced,
    PenholderError,
    StoreFailed,
    TooManyConnections,
)
from penholder_protocol.limits import MAX_FRAME_BYTES
from tests.helpers.aside import LONG_S, accepted, in_task, waiting
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import CONTROLLER, PONG


# --- calls -----------------------------------------------------------------------------------
async def test_a_typed_call(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, lambda: trio_client.controller.get(controller_id="c"))
    peer, request = await accepted(fake)
    assert (request["method"], request["params"]) == ("controller.get", {"controller_id": "c"})
    peer.answer(request, CONTROLLER)
    assert await calling.result() == msgspec.convert(CONTROLLER, nouns.Controller)


async def test_a_null_result(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, lambda: trio_client.event.latest(worker_id="w"))
    peer, request = await accepted(fake)
    peer.answer(request, None)
    assert await calling.result() is None


async def test_calls_by_name(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, lambda: trio_client.call("rpc.ping"))
    peer, request = await accepted(fake)
    peer.answer(request, PONG)
    assert await calling.result() == PONG
    typed = in_task(nursery, lambda: trio_client.call("rpc.ping", {}, nouns.Pong))
    peer.answer(await waiting(peer.read), PONG)
    assert await typed.result() == msgspec.convert(PONG, nouns.Pong)


async def test_errors_are_typed(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, lambda: trio_client.worker.stop(worker_id="w"))
    peer, request = await accepted(fake)
    peer.refuse(request, Fenced("old", current_epoch=3))
    with pytest.raises(Fenced, match="old") as caught:
        await calling.result()
    assert caught.value.details == {"current_epoch": 3}


async def test_a_request_that_does_not_fit_the_socket_arrives_whole_and_in_order(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    text = "x" * 900_000
    given_up = trio.CancelScope()

    async def append() -> None:
        with given_up:
            await trio_client.event.append(type="t", data={"text": text})

    nursery.start_soon(append)
    peer = await waiting(fake.accept)
    await trio.testing.wait_all_tasks_blocked()
    given_up.cancel()
    await trio.testing.wait_all_tasks_blocked()
    small = in_task(nursery, trio_client.rpc.ping)
    await trio.testing.wait_all_tasks_blocked()
    assert (await waiting(peer.read))["params"]["data"] == {"text": text}
    peer.answer(await waiting(peer.read), PONG)
    assert (await small.result()).pong


async def test_nothing_is_sent_amid_a_frame(fake: FakeDaemon, nursery: trio.Nursery) -> None:
    transport = await open_transport(str(fake.path))
    peer = await waiting(fake.accept)
    large = b'{"a":"%b"}\n' % (b"x" * 900_000)
    assert transport.send_at_once(large)
    assert not transport.send_at_once(b"{}\n"), "while its rest waits for its turn"
    nursery.start_soon(transport.keep_sending)
    await trio.testing.wait_all_tasks_blocked()
    # Now there is room, and the task that sends the rest has not had a turn yet.
    begun = peer.read_bytes(100_000)
    assert not transport.send_at_once(b"{}\n")
    await transport.send(b"{}\n")
    rest = await waiting(lambda: peer.read_bytes(len(large) + 3 - len(begun)))
    assert begun + rest == large + b"{}\n"
    transport.close()


async def test_a_cancelled_task_sends_nothing(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    first = in_task(nursery, trio_client.rpc.ping)
    peer, request = await accepted(fake)
    peer.answer(request, PONG)
    assert (await first.result()).pong
    with trio.CancelScope() as scope:
        scope.cancel()
        await trio_client.daemon.shutdown()
    last = in_task(nursery, trio_client.rpc.ping)
    request = await waiting(peer.read)
    assert request["method"] == "rpc.ping"
    peer.answer(request, PONG)
    assert (await last.result()).pong


async def test_many_tasks_share_one_connection_and_are_answered_as_they_finish(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    names = [f"c{number}" for number in range(100)]

    async def get(name: str) -> nouns.Controller:
        return await trio_client.controller.get(controller_id=name)

    calls = {name: in_task(nursery, partial(get, name)) for name in names}
    peer = await waiting(fake.accept)
    requests = [await waiting(peer.read) for _ in names]
    for request in reversed(requests):
        result = {**CONTROLLER, "controller_id": request["params"]["controller_id"]}
        await waiting(peer.answer, request, result)
    for name, call in calls.items():
        assert (await call.result()).controller_id == name


async def test_a_wait_holds_up_nobody(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    open_wait = in_task(nursery, lambda: trio_client.journal.wait(streams=["*"], after=0))
    peer, wait = await accepted(fake)
    calling = in_task(nursery, trio_client.rpc.ping)
    peer.answer(await waiting(peer.read), PONG)
    assert (await calling.result()).pong
    peer.answer(wait, {"items": [], "pos": 0})
    assert (await open_wait.result()).items == []


async def test_a_cancelled_wait_ends_in_the_daemon_too(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    scope = trio.CancelScope()

    async def wait() -> None:
        with scope:
            await trio_client.journal.wait(streams=["*"], after=0)

    open_wait = in_task(nursery, wait)
    peer, request = await accepted(fake)
    scope.cancel()
    await open_wait.result()
    told = await waiting(peer.read)
    assert (told["method"], told["params"]) == ("rpc.cancel", {"id": request["id"]})
    assert "id" not in told
    peer.answer(request, {"items": [], "pos": 0})
    calling = in_task(nursery, trio_client.rpc.ping)
    peer.answer(await waiting(peer.read), PONG)
    assert (await calling.result()).pong, "the late answer is nobody's"


# --- reconnecting ----------------------------------------------------------------------------
async def test_open_requests_fail_at_once_when_the_connection_closes(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=0) as client, trio.open_nursery() as nursery:
        calls = [in_task(nursery, client.rpc.ping) for _ in range(3)]
        peer, _ = await accepted(fake)
        await waiting(peer.read)
        await waiting(peer.read)
        peer.hang_up()
        for call in calls:
            with pytest.raises(ConnectionLost, match=r"rpc\.ping"):
                await call.result()


async def test_mutations_are_sent_again_under_their_keys(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calls = [
        in_task(nursery, lambda: trio_client.controller.register(label="l", workspace_key="/w"))
        for _ in range(3)
    ]
    peer, first = await accepted(fake)
    sent = [first, await waiting(peer.read), await waiting(peer.read)]
    peer.hang_up()
    peer = await waiting(fake.accept)
    again = [await waiting(peer.read) for _ in calls]
    for request in again:
        peer.answer(request, CONTROLLER)
    for call in calls:
        assert (await call.result()).controller_id == "c"
    keys = {request["params"]["idempotency_key"] for request in sent}
    assert len(keys) == 3
    assert {request["params"]["idempotency_key"] for request in again} == keys


async def test_a_daemon_that_comes_late(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    fake.stop()
    calling = in_task(nursery, trio_client.rpc.ping)
    await trio.testing.wait_all_tasks_blocked()
    fake.start()
    peer, request = await accepted(fake)
    peer.answer(request, PONG)
    assert (await calling.result()).pong


@pytest.mark.parametrize("error", [Busy(), StoreFailed(outcome="unknown")])
async def test_a_busy_daemon_is_asked_again(
    error: PenholderError, fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(
        nursery, lambda: trio_client.controller.register(label="l", workspace_key="/w")
    )
    peer, request = await accepted(fake)
    peer.refuse(request, error)
    again = await waiting(peer.read)
    assert again["params"] == request["params"]
    peer.answer(again, CONTROLLER)
    assert (await calling.result()).controller_id == "c"


async def test_an_error_of_the_connection(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, trio_client.rpc.ping)
    peer, _ = await accepted(fake)
    peer.refuse({"id": None}, TooManyConnections())
    with pytest.raises(TooManyConnections):
        await calling.result()


@pytest.mark.parametrize("sent", [b'{"id": {}}\n', b"x" * (MAX_FRAME_BYTES + 1)])
async def test_what_is_no_message_ends_the_connection(fake: FakeDaemon, sent: bytes) -> None:
    async with open_client(fake.path, reconnect_s=60) as client, trio.open_nursery() as nursery:
        calling = in_task(nursery, client.rpc.ping)
        peer, _ = await accepted(fake)
        await trio.to_thread.run_sync(peer.send_bytes, sent)
        with pytest.raises(NotUnderstood, match="no message"):
            await calling.result()


async def test_a_shutdown_is_not_sent_again(
    fake: FakeDaemon, trio_client: AsyncClient, nursery: trio.Nursery
) -> None:
    calling = in_task(nursery, trio_client.daemon.shutdown)
    peer, request = await accepted(fake)
    assert request["method"] == "daemon.shutdown"
    peer.hang_up()
    with pytest.raises(ConnectionLost):
        await calling.result()


async def test_nobody_listens(fake: FakeDaemon) -> None:
    fake.stop()
    async with open_client(fake.path, reconnect_s=0) as client:
        with pytest.raises(DaemonUnreachable):
            await client.rpc.ping()


async def test_a_daemon_that_hangs_is_given_up(fake: FakeDaemon) -> None:
    fake.stop()
    fake.start(backlog=0)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(fake.path))
        async with open_client(fake.path, reconnect_s=0) as client:
            with pytest.raises(DaemonUnreachable):
                await client.rpc.ping()


# --- closing -----------------------------------------------------------------------------------
async def test_leaving_fails_open_calls(fake: FakeDaemon, nursery: trio.Nursery) -> None:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = in_task(nursery, client.rpc.ping)
        await accepted(fake)
    with pytest.raises(ConnectionLost, match="closed"):
        await calling.result()
    with pytest.raises(ConnectionLost, match="closed"):
        await client.rpc.ping()


async def test_leaving_ends_attempts(fake: FakeDaemon, nursery: trio.Nursery) -> None:
    fake.stop()
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = in_task(nursery, client.rpc.ping)
        await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(ConnectionLost, match="closed"):
        await calling.result()


async def _fail_amid_calls(fake: FakeDaemon, scope: trio.CancelScope) -> None:
    async with open_client(fake.path) as client:
        async with trio.open_nursery() as nursery:
            in_task(nursery, client.rpc.ping)
            peer, request = await accepted(fake)
            peer.answer(request, PONG)
        scope.cancel()
        raise ZeroDivisionError


async def test_an_error_in_the_block_comes_out_as_it_is(fake: FakeDaemon) -> None:
    with trio.CancelScope() as scope, pytest.raises(ZeroDivisionError):
        await _fail_amid_calls(fake, scope)
    assert not scope.cancelled_caught


async def test_a_cancellation_ends_the_client(fake: FakeDaemon, nursery: trio.Nursery) -> None:
    with trio.CancelScope() as scope:
        async with open_client(fake.path) as client:
            in_task(nursery, client.rpc.ping)
            await accepted(fake)
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught


# --- trio-jsonrpc's own spelling ---------------------------------------------------------------
async def test_the_inherited_methods(fake: FakeDaemon, nursery: trio.Nursery) -> None:
    connection = Connection(await open_transport(str(fake.path)), RequestIds(), wants_entries=True)
    nursery.start_soon(connection.run)
    assert connection.is_client
    calling = in_task(nursery, lambda: connection.request("rpc.ping", {"a": 1}))
    peer, request = await accepted(fake)
    assert request["params"] == {"a": 1}
    peer.answer(request, None)
    assert bytes(await calling.result()) == b"null"
    await connection.notify("rpc.ping")
    assert await waiting(peer.read) == {"jsonrpc": "2.0", "method": "rpc.ping", "params": {}}
    peer.send_entries("s_1", 1)
    peer.hang_up()
    assert [notice.method async for notice in connection.iter_requests()] == ["journal.entries"]


def test_the_package_has_no_other_names() -> None:
    assert penholder.open_client is open_client
    with pytest.raises(AttributeError, match="nothing"):
        penholder.nothing  # noqa: B018
