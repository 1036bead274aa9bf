"""Peers that end, or stay, where it is most in the way: nothing of theirs is left, a stop ends."""

import signal
import socket
import time
from collections.abc import Callable

from penholder_protocol.limits import MAX_LAG_BYTES
from tests.process.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.process.hostile import message

_PATIENCE_SECONDS = 30
_TASK = {"tenant_id": "t", "project_id": "p", "queue": "q"}


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _fill(control: RawConnection, peer: socket.socket) -> None:
    """Have more made for a peer than it may leave unread."""
    make_worker(control, worker_id="w")
    for _ in range(5):
        control.call("event.append", worker_id="w", type="big", data={"text": "x" * 190_000})
    peer.sendall(b"".join(message("event.list", n, worker_id="w", limit=1000) for n in range(50)))
    _until(lambda: control.call("daemon.status")["held_bytes"] > MAX_LAG_BYTES)


def test_a_claim_for_a_peer_that_does_not_read_ends_with_the_peer(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(daemon.control_socket))
            peer.sendall(message("queue.wait", "q", queue="q", runner_id="r", lease_ms=60_000))
            _fill(control, peer)
            control.call("queue.submit", **_TASK)
            # By the second answer the wait has heard of the task and asked for it.
            control.call("rpc.ping")
            control.call("rpc.ping")
        _until(lambda: control.call("daemon.status")["connections"] == 1)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait() == 0
