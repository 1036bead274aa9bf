"""The holes of trio-jsonrpc 0.4.0 and that ours have none: each stock failure is shown first.

When a stock half fails here, the library has moved and the subclass may shed that part.
"""

import json
from typing import Any

import pytest
import trio
import trio.testing
from sansio_jsonrpc import JsonRpcPeer, JsonRpcRequest
from trio_jsonrpc import (
    Dispatch,
    JsonRpcConnection,
    JsonRpcConnectionType,
    JsonRpcInternalError,
)
from trio_jsonrpc.transport import BaseTransport

from penholder_daemon.shell.connections.connection import Connection
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.transport import SocketTransport
from penholder_protocol.errors import InternalError, MethodNotFound
from tests.helpers.sim.daemon import REGISTRY, simulated_daemon

PING = {"jsonrpc": "2.0", "id": 1, "method": "rpc.ping"}


async def _exchange(tmp_path: Any, *frames: bytes) -> list[Any]:
    """Send frames to a simulated daemon and return its answers, in order of arrival."""
    received = b""
    async with simulated_daemon(tmp_path / "p.db", 1) as daemon:
        stream = daemon.connect()
        await stream.send_all(b"\n".join(frames) + b"\n")
        await trio.testing.wait_all_tasks_blocked()
        await stream.send_eof()
        async for chunk in stream:
            received += bytes(chunk)
    return [json.loads(line) for line in received.splitlines()]


def test_ours_are_subclasses() -> None:
    assert issubclass(Connection, JsonRpcConnection)
    assert issubclass(Dispatcher, Dispatch)
    assert issubclass(SocketTransport, BaseTransport)


async def test_batches(tmp_path: Any) -> None:
    with pytest.raises(Exception, match=r"Could parse|indices|argument"):
        list(JsonRpcPeer().parse(json.dumps([PING]).encode()))
    [answers] = await _exchange(tmp_path, json.dumps([PING, PING | {"id": 2}]).encode())
    assert sorted(answer["id"] for answer in answers) == [1, 2]


async def test_valid_json_that_is_no_object(tmp_path: Any) -> None:
    with pytest.raises(TypeError):
        list(JsonRpcPeer().parse(b"1"))
    [answer] = await _exchange(tmp_path, b"1")
    assert answer["error"]["code"] == -32600


async def test_a_missing_version(tmp_path: Any) -> None:
    with pytest.raises(KeyError):
        list(JsonRpcPeer().parse(b'{"method":"rpc.ping","id":1}'))
    [answer] = await _exchange(tmp_path, b'{"method":"rpc.ping","id":1}')
    assert (answer["id"], answer["error"]["code"]) == (1, -32600)


async def test_a_null_result(tmp_path: Any) -> None:
    with pytest.raises(JsonRpcInternalError):
        JsonRpcPeer().respond_with_result(JsonRpcRequest(id=1, method="m"), None)
    calls = [
        ("controller.register", {"controller_id": "c", "label": "l", "workspace_key": "k"}),
        ("worker.create", {"worker_id": "w", "controller_id": "c", "label": "l",
                           "launcher": "l", "profile": "p", "cwd": "/"}),
        ("event.latest", {"worker_id": "w"}),
    ]  # fmt: skip
    frames = [
        json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        for number, (method, params) in enumerate(calls)
    ]
    answers = await _exchange(tmp_path, *frames)
    assert answers[-1] == {"jsonrpc": "2.0", "id": 2, "result": None}


async def test_many_answers_at_once(tmp_path: Any) -> None:
    client, server = trio.testing.lockstep_stream_pair()

    class Stock(BaseTransport):
        async def recv(self) -> bytes:
            return bytes(await server.receive_some())

        async def send(self, data: bytes) -> None:
            await server.send_all(data)

    stock = JsonRpcConnection(Stock(), JsonRpcConnectionType.SERVER)
    request = JsonRpcRequest(id=1, method="m")

    async def answer_twice() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stock.respond_with_result, request, 1)
            nursery.start_soon(stock.respond_with_result, request, 1)

    with pytest.raises(ExceptionGroup) as caught:
        await answer_twice()
    assert caught.group_contains(trio.BusyResourceError)
    await client.aclose()
    frames = [json.dumps(PING | {"id": number}).encode() for number in range(100)]
    answers = await _exchange(tmp_path, *frames)
    assert sorted(answer["id"] for answer in answers) == list(range(100))


def test_the_code_of_an_internal_error() -> None:
    assert JsonRpcInternalError().code == -32602
    assert InternalError().number == -32603


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(MethodNotFound, match=r"did you mean event\.append"):
        Dispatcher(REGISTRY).get_handler("event.apend")
