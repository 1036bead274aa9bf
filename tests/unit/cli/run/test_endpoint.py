"""The runner's socket: one request a connection, only this user's, nothing that hangs it."""

import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from penholder.cli.run import asking, endpoint
from penholder.cli.run.asking import NoRunner, RunnerRefused
from penholder.cli.run.endpoint import Endpoint, Exchange, Refused, path_of
from penholder_protocol.nouns import Worker
from tests.helpers.records import worker as record
from tests.helpers.waiting import until


class Echo(msgspec.Struct):
    """What the handler of the tests answers."""

    word: str
    pid: int


class _Asked(msgspec.Struct):
    word: str


def worker_at(path: Path | str | None, worker_id: str = "w") -> Worker:
    """Return a worker that says it has this endpoint."""
    told = {**record(), "worker_id": worker_id, "runtime_socket": path and str(path)}
    return msgspec.convert(told, Worker)


@pytest.fixture
def served(cli_home: Path) -> Iterator[Endpoint]:
    """Give an endpoint that echoes a word, and refuses everything of kind `no`."""

    def echo(exchange: Exchange) -> None:
        word = msgspec.json.decode(exchange.line, type=_Asked).word
        exchange.answer(ok=True, word=word, pid=exchange.peer.pid)

    def refuse(_: Exchange) -> None:
        raise Refused("not now")

    made = Endpoint(path_of(cli_home, "w"))
    made.serve("echo", echo)
    made.serve("no", refuse)
    made.start()
    yield made
    made.close()


def test_a_request_is_answered_and_the_peer_is_known(served: Endpoint) -> None:
    answer = asking.ask(worker_at(served.path), Echo, kind="echo", word="ä\n")
    assert answer == Echo("ä\n", os.getpid())


def test_what_a_handler_refuses_and_what_it_does_not_know_is_told(served: Endpoint) -> None:
    with pytest.raises(RunnerRefused, match="not now"):
        asking.ask(worker_at(served.path), Echo, kind="no")
    with pytest.raises(RunnerRefused, match="does not know 'dance'; it knows echo, no"):
        asking.ask(worker_at(served.path), Echo, kind="dance")
    with pytest.raises(RunnerRefused, match="word"):
        asking.ask(worker_at(served.path), Echo, kind="echo")


def test_nobody_else_can_reach_it(served: Endpoint) -> None:
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(served.path.parent.stat().st_mode) == 0o700


def test_a_directory_that_others_may_enter_is_closed_to_them(cli_home: Path) -> None:
    (cli_home / "runners").mkdir(mode=0o755)
    made = Endpoint(path_of(cli_home, "w"))
    made.start()
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    made.close()


def test_a_directory_that_is_a_link_is_refused(cli_home: Path) -> None:
    (cli_home / "elsewhere").mkdir()
    (cli_home / "runners").symlink_to(cli_home / "elsewhere")
    with pytest.raises(OSError, match="not a directory of its own"):
        Endpoint(path_of(cli_home, "w")).start()


def test_other_users_are_not_answered(served: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "peer_of", lambda _: endpoint.Peer(1, 4_000_000))
    with pytest.raises(NoRunner, match="went away"):
        asking.ask(worker_at(served.path), Echo, kind="echo", word="x")


@pytest.mark.parametrize("sent", [b"", b"{", b"nonsense\n", b"[]\n", b"{}\n", b'{"kind": 1}\n'])
def test_what_is_no_request_costs_only_its_own_connection(served: Endpoint, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(served.path))
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        said = peer.makefile("rb").read()
    assert said == b"" or b'"ok":false' in said
    assert asking.ask(worker_at(served.path), Echo, kind="echo", word="x").word == "x"


def test_a_request_without_end_is_cut_off(served: Endpoint) -> None:
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(served.path))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            peer.sendall(b"x" * (8 << 20))


def test_a_socket_that_a_killed_runner_left_is_replaced(served: Endpoint) -> None:
    again = Endpoint(served.path)
    again.serve("echo", lambda exchange: exchange.answer(ok=True, word="new", pid=0))
    again.start()
    assert asking.ask(worker_at(served.path), Echo, kind="echo", word="x").word == "new"
    again.close()


def test_who_says_a_byte_now_and_then_is_not_waited_for(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_REQUEST_S", 0.3)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(served.path))

        def is_cut_off() -> bool:
            try:
                peer.send(b"x")
            except OSError:
                return True
            return False

        until(is_cut_off)


def test_where_no_descriptor_is_left_it_goes_on_when_there_is(
    served: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_ACCEPT_AGAIN_S", 0.01)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as first, socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(0.2)
        resource.setrlimit(resource.RLIMIT_NOFILE, (peer.fileno() + 1, before[1]))
        try:
            # The kernel has kept a number for who comes first.
            first.connect(str(served.path))
            peer.connect(str(served.path))
            peer.sendall(b'{"kind": "echo", "word": "x"}\n')
            with pytest.raises(TimeoutError):
                peer.recv(100)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        peer.settimeout(30)
        assert b'"word":"x"' in peer.recv(100)


def test_it_leaves_the_socket_of_whoever_came_after(served: Endpoint) -> None:
    again = Endpoint(served.path)
    again.serve("echo", lambda exchange: exchange.answer(ok=True, word="new", pid=0))
    again.start()

    served.close()

    assert asking.ask(worker_at(served.path), Echo, kind="echo", word="x").word == "new"
    again.close()


def test_one_that_is_closed_is_gone(served: Endpoint) -> None:
    served.close()
    assert not served.path.exists()
    with pytest.raises(NoRunner, match="does not answer"):
        asking.ask(worker_at(served.path), Echo, kind="echo", word="x")


def test_a_path_longer_than_an_address_is_served_all_the_same(cli_home: Path) -> None:
    deep = cli_home.joinpath(*["d" * 50] * 3)
    deep.mkdir(parents=True)
    made = Endpoint(path_of(deep, "w"))
    made.serve("echo", lambda exchange: exchange.answer(ok=True, word="deep", pid=0))
    made.start()
    assert asking.ask(worker_at(made.path), Echo, kind="echo").word == "deep"
    made.close()


@pytest.mark.parametrize("path", [None, "/tmp/other.sock", "runners/w.sock", "/run/runners/v.sock"])
def test_only_a_runners_own_path_is_believed(path: str | None) -> None:
    with pytest.raises(NoRunner, match="has no runner"):
        asking.ask(worker_at(path), Echo, kind="echo")
