"""Pipelines of hundreds of peers that come at the same moment: whoever asks little has its turn."""

import json
import signal
from contextlib import ExitStack

import pytest

from tests.helpers.daemon_process import DaemonProcess, RawConnection

PEERS = 300
EACH = 60
"""A pipeline that would fit into one piece, if there were no others."""


def _pipeline(method: str, **params: object) -> bytes:
    asked = {"jsonrpc": "2.0", "method": method, "params": params}
    return b"".join(json.dumps({**asked, "id": n}).encode() + b"\n" for n in range(EACH))


def _answered(peer: RawConnection) -> int:
    """Count what has come to a peer so far."""
    peer.socket.setblocking(False)
    try:
        return peer.socket.recv(1 << 20).count(b"\n")
    except BlockingIOError:
        return 0


@pytest.mark.parametrize(
    "sent", [_pipeline("rpc.ping"), _pipeline("no.such"), _pipeline("worker.get", worker_id="no")]
)
def test_who_asks_little_waits_for_a_few_of_each(daemon: DaemonProcess, sent: bytes) -> None:
    with ExitStack() as held:
        honest = held.enter_context(daemon.connect())
        peers = [held.enter_context(daemon.connect()) for _ in range(PEERS)]
        for each in (honest, *peers):  # all are there, and whose turn it is next is known
            each.call("rpc.ping")
        honest.call("rpc.ping")
        daemon.send_signal(signal.SIGSTOP)
        for peer in peers:
            peer.send(sent)
        asked = honest.request("rpc.ping")
        daemon.send_signal(signal.SIGCONT)
        honest.answer(asked)
        daemon.send_signal(signal.SIGSTOP)
        try:
            answered = sum(map(_answered, peers))
        finally:
            daemon.send_signal(signal.SIGCONT)
        assert answered < PEERS * EACH / 3
