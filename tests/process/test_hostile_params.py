"""Hostile params over both kinds of sockets of a real daemon: an answer to each, never internal.

What the rooms make of them is looked at in tests/unit; here it is what connections do. `make soak`
sends every value.
"""

import json
import random
from collections.abc import Iterator

import pytest

from tests.helpers import hostile_params, soak
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker

_PIPELINED = 60
_PIPELINED_BYTES = 60_000
"""What the kernel takes for the daemon while this process does not read."""
_LEFT_OUT = frozenset({"daemon.shutdown", "worker.stop", "worker.remove", "rpc.discover"})
"""What would end what the others need, and what takes no params and answers a megabyte."""
_INTERNAL = -32603


@pytest.fixture
def served(daemon: DaemonProcess) -> DaemonProcess:
    """Give a daemon whose worker `w` is this process."""
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
    with daemon.connect("w") as runtime:
        runtime.call("runtime.attach")
    return daemon


def _frames(method: str, draw: random.Random) -> list[bytes]:
    most = soak.many(3, len(hostile_params.VALUES) + 100)
    texts = [
        *hostile_params.requests(method, draw, most),
        *hostile_params.mixed(method, draw, soak.many(4, 200)),
    ]
    return [
        b'{"jsonrpc":"2.0","id":%d,"method":"%b","params":%b}\n' % (number, method.encode(), text)
        for number, text in enumerate(texts)
    ]


def _groups(frames: list[bytes]) -> Iterator[list[bytes]]:
    """Cut requests into what is sent at once."""
    group: list[bytes] = []
    for frame in frames:
        is_full = sum(map(len, group)) + len(frame) > _PIPELINED_BYTES
        if group and (is_full or len(group) == _PIPELINED):
            yield group
            group = []
        group.append(frame)
    yield group


def _answers(connection: RawConnection, count: int) -> list[hostile_params.Json]:
    """Read so many answers; notifications of subscriptions come between them."""
    answers: list[hostile_params.Json] = []
    while len(answers) < count:
        message = connection.read()
        assert message is not None, "the connection was ended"
        if "method" not in message:
            answers.append(message)
    return answers


def _be_hostile(connection: RawConnection, frames: list[bytes]) -> None:
    for sent in _groups(frames):
        connection.send(b"".join(sent))
        for answer in _answers(connection, len(sent)):
            assert answer.get("error", {}).get("code") != _INTERNAL, (answer, sent)
    assert connection.call("rpc.ping")["pong"]


@pytest.mark.parametrize("socket", ["control", "runtime"])
def test_every_request_is_answered_and_none_by_a_failure(
    served: DaemonProcess, socket: str
) -> None:
    draw = random.Random(socket)
    for method, described in hostile_params.METHODS.items():
        if socket in described["x-sockets"] and method not in _LEFT_OUT:
            # A connection for each: one that subscribes would be told of all that others append.
            with served.connect(None if socket == "control" else "w") as connection:
                _be_hostile(connection, _frames(method, draw))
    with served.connect() as control:
        assert control.call("daemon.verify")["findings"] == []


@pytest.mark.parametrize("text", [rb'"\ud800"', rb'["\udfff"]', rb'{"\ud800":1}'])
def test_a_lone_surrogate_is_named_and_hurts_no_other_request(
    served: DaemonProcess, text: bytes
) -> None:
    with served.connect() as control:
        frame = b'{"jsonrpc":"2.0","id":7,"method":"rpc.hello","params":{"client":%b}}\n' % text
        control.send(frame + b'{"jsonrpc":"2.0","id":8,"method":"rpc.ping"}\n')
        refused, pong = sorted(_answers(control, 2), key=lambda each: int(each["id"]))
        assert (refused["id"], refused["error"]["code"]) == (7, -32700)
        assert "lone surrogate" in refused["error"]["message"]
        assert pong["result"]["pong"]


def test_what_was_stored_can_be_read_by_any_reader(served: DaemonProcess) -> None:
    with served.connect("w") as runtime:
        for number in ("1e308", "9" * 308, "-0.0", "123456789012345678901234567890"):
            params = b'{"type":"n","data":{"n":%b}}' % number.encode()
            runtime.send(b'{"jsonrpc":"2.0","id":1,"method":"event.append","params":%b}\n' % params)
            assert json.loads(number) == runtime.answer(1)["result"]["data"]["n"]
