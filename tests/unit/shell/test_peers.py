"""Who connected: a process that was gone before the daemon looked is nobody."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder_daemon.core.caller import RUNTIME, Caller
from penholder_daemon.core.world import Process
from penholder_daemon.shell.kernel import peers, procfs

CONNECT = "import socket, sys; s = socket.socket(1); s.connect(sys.argv[1]); sys.stdin.read()"


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Give a socket that somebody may connect to."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        yield listening


def _start(listener: socket.socket) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CONNECT, listener.getsockname()], stdin=subprocess.PIPE
    )


def _look(sock: socket.socket) -> Caller:
    return peers.caller(sock, peers.credentials(sock), RUNTIME, "w")


@pytest.mark.parametrize("has_peer_pidfd", [True, False])
def test_a_living_peer_is_known_with_its_ancestors(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch, has_peer_pidfd: bool
) -> None:
    if not has_peer_pidfd:
        monkeypatch.setattr(peers, "_SO_PEERPIDFD", 9999)
    with _start(listener) as peer, listener.accept()[0] as accepted:
        caller = _look(accepted)
        assert [process.pid for process in caller.lineage[:2]] == [peer.pid, os.getpid()]
        assert [process.pid for process in caller.in_session[:2]] == [peer.pid, os.getpid()]
        assert 1 not in [process.pid for process in caller.in_session]
        assert (caller.is_visible, caller.has_own_pids) == (True, False)


def test_whoever_has_the_pid_of_a_peer_that_is_gone_is_not_taken_for_it(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _start(listener) as peer, listener.accept()[0] as accepted:
        try:
            accepted.getsockopt(socket.SOL_SOCKET, 77, 4)
        except OSError:
            pytest.skip("this kernel has no SO_PEERPIDFD")
        assert peer.stdin is not None
        peer.stdin.close()
        peer.wait()
        stranger = procfs.Ancestry((Process(peer.pid, 1),), (Process(peer.pid, 1),))
        monkeypatch.setattr(peers, "ancestry", lambda _: stranger)
        caller = _look(accepted)
    assert (caller.pid, caller.lineage, caller.in_session) == (peer.pid, (), ())


def test_a_peer_without_a_number_here_is_not_visible(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "credentials", lambda _: peers.Credentials(0, 1000, 1000))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())
        with listener.accept()[0] as accepted:
            assert _look(accepted).is_visible is False
