"""Peers that end, or stay, where it is most in the way: nothing of theirs is left, a stop ends."""

import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_LAG_BYTES
from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.hostile_peers import message
from tests.helpers.waiting import until

_PEERS = 64
_MOST_RSS_BYTES = 300 << 20
_FACE = "\N{GRINNING FACE}"
"""A character of four bytes, in memory too."""
_FAR_AWAY = {"after_seq": 1 << 40, "timeout_ms": 300_000}
_TASK = {"tenant_id": "t", "project_id": "p", "queue": "q"}


def _fill(control: RawConnection, peer: socket.socket) -> None:
    """Have more made for a peer than it may leave unread."""
    make_worker(control, worker_id="w")
    for _ in range(5):
        control.call("event.append", worker_id="w", type="big", data={"text": "x" * 190_000})
    peer.sendall(b"".join(message("event.list", n, worker_id="w", limit=1000) for n in range(50)))
    until(lambda: control.call("daemon.status")["held_bytes"] > MAX_LAG_BYTES)


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
        until(lambda: control.call("daemon.status")["connections"] == 1)
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait() == 0


def _batches_that_wait() -> bytes:
    """Have a large answer held by a long wait, a hundred times."""
    return b"".join(
        b"[%b,%b]\n" % (
            message("event.list", f"r{number}", worker_id="w", limit=1000).strip(),
            message("event.wait", f"w{number}", worker_id="w", **_FAR_AWAY).strip(),
        )
        for number in range(120)
    )  # fmt: skip


def _backlogs() -> bytes:
    """Have a page of many small entries sent, on each of many subscriptions."""
    return b"".join(
        message("journal.subscribe", number, streams=["worker:s"], after="start")
        for number in range(64)
    )


def _large_pages() -> bytes:
    """Wait for what is there: large pages, all at once."""
    return b"".join(
        message("journal.wait", number, streams=["*"], after=0, limit=1000) for number in range(250)
    )


def _long_names() -> bytes:
    """Subscribe to as many names as may be, as long as they may be."""
    return b"".join(
        message("journal.subscribe", number,
                streams=[f"worker:{number}.{each}.{_FACE * 230}" for each in range(64)],
                types=[f"{each}{_FACE * 120}" for each in range(64)])
        for number in range(64)
    )  # fmt: skip


def _ask_and_stay(daemon: DaemonProcess, asked: bytes) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(2)
    peer.connect(str(daemon.control_socket))
    try:
        peer.sendall(asked)
    except OSError:
        # No more is taken from it, or it was ended.
        return peer
    return peer


@pytest.mark.parametrize("asked", [_batches_that_wait, _backlogs, _large_pages, _long_names])
def test_peers_that_ask_for_much_and_stay_hold_little_and_leave_nothing(
    executed_daemon: DaemonProcess, asked: Callable[[], bytes]
) -> None:
    daemon = executed_daemon
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        make_worker(control, worker_id="s")
        small = [{"type": "s", "data": {"text": "x" * 300}}] * 1000
        for _ in range(5):
            control.call("event.append", worker_id="w", type="big", data={"text": "x" * 190_000})
            control.call("event.append_many", worker_id="s", events=small)
        with ThreadPoolExecutor(_PEERS) as pool, ExitStack() as held:
            every = [pool.submit(_ask_and_stay, daemon, asked()) for _ in range(_PEERS)]
            for number in range(20):
                control.call("event.append", worker_id="w", type="n", data={"n": number})
            for each in every:
                held.enter_context(each.result())
            control.call("event.append", worker_id="w", type="n", data={})
        assert daemon.peak_rss_bytes() < _MOST_RSS_BYTES, f"{daemon.peak_rss_bytes():,}"
        until(lambda: control.call("daemon.status")["connections"] == 1)
        # What a request for the figures holds itself.
        assert control.call("daemon.status")["held_bytes"] < 16 << 10


def test_a_frame_too_long_behind_a_wait_does_not_keep_a_peer_that_is_gone(
    daemon: DaemonProcess,
) -> None:
    with daemon.connect() as control:
        make_worker(control, worker_id="w")
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(daemon.control_socket))
            peer.settimeout(10)  # long before what it waits for
            peer.sendall(message("event.wait", 1, worker_id="w", **_FAR_AWAY))
            peer.sendall(b"[" * (MAX_FRAME_BYTES + 1))
            assert b"VALUE_TOO_LARGE" in peer.recv(1 << 16)
        until(lambda: control.call("daemon.status")["connections"] == 1)
