"""The blocking client against a daemon played by hand."""

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from penholder.blocking import Client, ConnectionLost, DaemonUnreachable, NotUnderstood
from penholder_protocol import jsonrpc, nouns
from penholder_protocol.errors import (
    Busy,
    Fenced,
    PenholderError,
    StoreFailed,
    TooManyConnections,
)
from penholder_protocol.limits import MAX_FRAME_BYTES
from tests.helpers.aside import Aside, result_of
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.records import CONTROLLER, PONG


# --- calls -----------------------------------------------------------------------------------
def test_a_typed_call(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.controller.get(controller_id="c"))
    peer = fake.accept()
    request = peer.read()
    assert (request["method"], request["params"]) == ("controller.get", {"controller_id": "c"})
    peer.answer(request, CONTROLLER)
    assert result_of(calling) == msgspec.convert(CONTROLLER, nouns.Controller)


def test_a_nullresult_of(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.event.latest(worker_id="w"))
    peer = fake.accept()
    peer.answer(peer.read(), None)
    assert result_of(calling) is None


def test_calls_by_name(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.call("rpc.ping"))
    peer = fake.accept()
    peer.answer(peer.read(), PONG)
    assert result_of(calling) == PONG
    typed = aside(lambda: client.call("rpc.ping", {}, nouns.Pong))
    peer.answer(peer.read(), PONG)
    assert result_of(typed) == msgspec.convert(PONG, nouns.Pong)
    raw = aside(lambda: client.call_raw("rpc.ping", {}))
    peer.answer(peer.read(), {"pong": True})
    assert msgspec.json.decode(result_of(raw)) == {"pong": True}


def test_errors_are_typed(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.worker.stop(worker_id="w"))
    peer = fake.accept()
    peer.refuse(peer.read(), Fenced("old", current_epoch=3, worker_id="w"))
    with pytest.raises(Fenced, match="old") as caught:
        result_of(calling)
    assert caught.value.details == {"current_epoch": 3, "worker_id": "w"}


def test_an_error_of_a_newer_daemon(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    error = {"code": 1042, "message": "m", "data": {"code": "NEWER", "details": {"a": 1}}}
    peer.send(id=peer.read()["id"], error=error)
    with pytest.raises(PenholderError, match="m") as caught:
        result_of(calling)
    assert (caught.value.number, caught.value.code) == (1042, "NEWER")


def test_an_error_of_the_connection(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    peer.read()
    peer.refuse({"id": None}, TooManyConnections())
    with pytest.raises(TooManyConnections):
        result_of(calling)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"Welcome to lab\n", "'Welcome to lab'"),
        (b"[]\n", r"'\[\]'"),
        (b"\xff\x00\n", r"\\x00"),
        (b"x" * 500 + b"\n", "x{80}' …"),
        (b"[" * 100_000 + b"\n", "'\\[\\["),
        (b"x" * (MAX_FRAME_BYTES + 1), "longer than MAX_FRAME_BYTES"),
    ],
)
def test_who_is_no_daemon_is_asked_once(
    fake: FakeDaemon, client: Client, aside: Aside, sent: bytes, shown: str
) -> None:
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    peer.read()
    peer.send_bytes(sent)
    with pytest.raises(NotUnderstood, match=f"no message of a daemon: .*{shown}"):
        result_of(calling)


def test_notifications_between_are_dropped(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    request = peer.read()
    peer.send(method="runtime.fenced", params={"worker_id": "w", "current_epoch": 2})
    peer.answer(request, PONG)
    assert result_of(calling).pong


def _as_daemon(request: dict[str, Any], result: object) -> bytes:
    request_id = msgspec.json.encode(request["id"])
    return jsonrpc.result(request_id, msgspec.json.encode(result)) + b"\n"


_NOTICE = jsonrpc.notification("runtime.fenced", b'{"a":"\\n"}') + b"\n"


@pytest.mark.parametrize("cut", [1, 30, -1, None])
@pytest.mark.parametrize("before", [b"", _NOTICE])
@pytest.mark.parametrize("after", [0, 9, len(_NOTICE)])
def test_answers_cut_and_joined_in_any_way(
    cut: int | None, before: bytes, after: int, fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    """What comes after an answer is no part of the next one, nor is that its end."""
    first = aside(client.rpc.ping)
    peer = fake.accept()
    sent = before + _as_daemon(peer.read(), PONG) + _NOTICE[:after]
    peer.send_bytes(sent[:cut])
    peer.send_bytes(sent[len(sent[:cut]) :])
    assert result_of(first).pong
    second = aside(client.rpc.ping)
    request = peer.read()
    peer.send_bytes(_NOTICE[after:])
    peer.send_bytes(_as_daemon(request, PONG))
    assert result_of(second).pong


def test_one_connection_serves_several_threads(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    calls = [aside(client.rpc.ping) for _ in range(4)]
    peer = fake.accept()
    for _ in calls:
        peer.answer(peer.read(), PONG)
    assert all(result_of(call).pong for call in calls)


# --- reconnecting ----------------------------------------------------------------------------
def test_a_mutation_is_sent_again_under_its_key(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    calling = aside(lambda: client.controller.register(label="l", workspace_key="/w"))
    first = fake.accept()
    request = first.read()
    first.hang_up()
    second = fake.accept()
    again = second.read()
    assert request["params"]["idempotency_key"]
    assert (again["method"], again["params"]) == (request["method"], request["params"])
    second.answer(again, CONTROLLER)
    assert result_of(calling).controller_id == "c"


def test_a_daemon_that_comes_late(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    fake.stop()
    calling = aside(client.rpc.ping)
    fake.start()
    peer = fake.accept()
    peer.answer(peer.read(), PONG)
    assert result_of(calling).pong


def test_a_daemon_that_restarts_between_calls(
    fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    for _ in range(2):
        calling = aside(client.rpc.ping)
        peer = fake.accept()
        peer.answer(peer.read(), PONG)
        assert result_of(calling).pong
        fake.stop()
        fake.start()


@pytest.mark.parametrize("error", [Busy(), StoreFailed(outcome="unknown")])
def test_a_busy_daemon_is_asked_again(
    error: PenholderError, fake: FakeDaemon, client: Client, aside: Aside
) -> None:
    calling = aside(lambda: client.controller.register(label="l", workspace_key="/w"))
    peer = fake.accept()
    request = peer.read()
    peer.refuse(request, error)
    again = peer.read()
    assert again["params"] == request["params"]
    peer.answer(again, CONTROLLER)
    assert result_of(calling).controller_id == "c"


def test_a_lost_call_fails_when_the_time_is_over(fake: FakeDaemon, aside: Aside) -> None:
    with Client(fake.path, reconnect_s=0) as client:
        calling = aside(client.rpc.ping)
        peer = fake.accept()
        peer.read()
        peer.hang_up()
        with pytest.raises(ConnectionLost, match=r"rpc\.ping"):
            result_of(calling)


def test_a_shutdown_is_not_sent_again(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(client.daemon.shutdown)
    peer = fake.accept()
    assert peer.read()["method"] == "daemon.shutdown"
    peer.hang_up()
    with pytest.raises(ConnectionLost):
        result_of(calling)


def test_nobody_listens(fake: FakeDaemon) -> None:
    fake.stop()
    with Client(fake.path, reconnect_s=0) as client, pytest.raises(DaemonUnreachable):
        client.rpc.ping()


def test_a_daemon_that_hangs_is_given_up(fake: FakeDaemon) -> None:
    fake.stop()
    fake.start(backlog=0)
    with socket.socket(socket.AF_UNIX) as first, Client(fake.path, reconnect_s=0) as client:
        first.connect(str(fake.path))
        with pytest.raises(DaemonUnreachable):
            client.rpc.ping()


# --- timeouts and closing ----------------------------------------------------------------------
def test_a_call_has_its_time(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    with pytest.raises(TimeoutError):
        client.call("rpc.ping", timeout_s=0.5)
    late = fake.accept()
    assert late.read()["method"] == "rpc.ping"
    assert late.read() == {}, "an answer that is still to come must not meet the next call"
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    peer.answer(peer.read(), PONG)
    assert result_of(calling).pong


def test_attempts_count_into_a_calls_time(fake: FakeDaemon, client: Client) -> None:
    fake.stop()
    with pytest.raises(TimeoutError):
        client.call("rpc.ping", timeout_s=0.01)


def test_closing_fails_the_open_call(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    calling = aside(lambda: client.journal.wait(streams=["*"], after=0))
    fake.accept().read()
    client.close()
    with pytest.raises(ConnectionLost, match="closed"):
        result_of(calling)
    with pytest.raises(ConnectionLost, match="closed"):
        client.rpc.ping()


def test_closing_ends_the_attempts(fake: FakeDaemon, client: Client, aside: Aside) -> None:
    fake.stop()
    calling = aside(client.rpc.ping)
    client.close()
    with pytest.raises(ConnectionLost, match="closed"):
        result_of(calling)


def test_a_long_path(fake: FakeDaemon, aside: Aside) -> None:
    deep = fake.path.parent / ("d" * 120)
    deep.symlink_to(fake.path.parent)
    with Client(deep / "control.sock") as client:
        calling = aside(client.rpc.ping)
        peer = fake.accept()
        peer.answer(peer.read(), PONG)
        assert result_of(calling).pong


def test_the_control_socket_of_a_runtime_dir(fake: FakeDaemon, aside: Aside) -> None:
    with Client.control(fake.path.parent, reconnect_s=0) as client:
        calling = aside(client.rpc.ping)
        peer = fake.accept()
        peer.answer(peer.read(), PONG)
        assert result_of(calling).pong


# --- what it costs -----------------------------------------------------------------------------
def test_importing_it_imports_no_trio() -> None:
    code = (
        "import sys, penholder, penholder.blocking, penholder._generated.worker;"
        "heavy = {'trio', 'trio_jsonrpc', 'asyncio', 'penholder_daemon'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=Path("/"))


def test_a_close_amid_a_call_that_is_answered_leaves_no_socket_open(
    fake: FakeDaemon, client: Client, aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = client._line
    original = line._ask

    def ask(*given: Any) -> Any:
        answer = original(*given)
        client.close()
        return answer

    monkeypatch.setattr(line, "_ask", ask)
    calling = aside(client.rpc.ping)
    peer = fake.accept()
    peer.answer(peer.read(), PONG)
    assert result_of(calling).pong
    assert line._connection is None
