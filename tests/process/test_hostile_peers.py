"""Hostile peers beside a real daemon: it lives, its memory is bounded, nobody else notices."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep

import pytest

from penholder_protocol.limits import MAX_BATCH, MAX_FRAME_BYTES, MAX_IN_FLIGHT
from tests.helpers import soak
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.hostile_peers import KINDS, attack, message
from tests.helpers.waiting import until

MOST_RSS_BYTES = 300 << 20
MOST_KEPT_BYTES = 32 << 20


@pytest.fixture
def besieged(executed_daemon: DaemonProcess) -> Iterator[DaemonProcess]:
    """Give a daemon with something to ask for: a worker whose events fill large pages."""
    with executed_daemon.connect() as control:
        make_worker(control, worker_id="w_victim")
        make_worker(control, worker_id="w_big")
        for _ in range(5):
            control.call(
                "event.append", worker_id="w_big", type="big", data={"text": "x" * 190_000}
            )
    yield executed_daemon
    with executed_daemon.connect() as control:
        assert control.call("rpc.ping")["pong"] is True
        assert control.call("daemon.verify", deep=True)["findings"] == []


def _rss_bytes(daemon: DaemonProcess) -> int:
    pages = Path(f"/proc/{daemon.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


@pytest.mark.parametrize("worker_id", [None, "w_victim"])
def test_a_hang_up_in_the_middle_of_a_pipeline_is_nothing(
    besieged: DaemonProcess, worker_id: str | None
) -> None:
    append = message("event.append", 2, worker_id="w_victim", type="t")
    for _ in range(100):
        with besieged.connect(worker_id) as peer:
            peer.send(message("rpc.ping", 1) + append + message("rpc.ping", 3))


def test_a_killed_client_is_nothing(besieged: DaemonProcess) -> None:
    script = (
        "import socket, sys\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "while True: s.sendall(sys.stdin.buffer.readline())\n"
    )
    for seat in (None, "w_victim"):
        path = besieged.control_socket
        if seat:
            path = besieged.runtime_dir / "workers" / f"{seat}.sock"
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE
        ) as it:
            assert it.stdin is not None
            lines = message("runtime.attach", 1) * bool(seat)
            lines += message("event.append", 2, worker_id="w_victim", type="t") * 50
            it.stdin.write(lines)
            it.stdin.flush()
            it.send_signal(signal.SIGKILL)


def test_a_worker_that_is_stopped_before_it_is_served_is_nothing(besieged: DaemonProcess) -> None:
    with besieged.connect() as control:
        made = {"controller_id": "c", "label": "l", "launcher": "l", "profile": "p", "cwd": "/"}
        create = {"method": "worker.create", "params": {**made, "worker_id": "q"}}
        stop = {"method": "worker.stop", "params": {"worker_id": "q"}}
        control.call("tx.apply", calls=[create, stop])
        control.send(message("worker.create", "a", **made, worker_id="r"))
        control.send(message("worker.stop", "b", worker_id="r"))
        assert {control.read()["id"] for _ in range(2)} == {"a", "b"}
        assert not (besieged.runtime_dir / "workers" / "q.sock").exists()


def test_who_reads_gets_everything(besieged: DaemonProcess) -> None:
    read = {"worker_id": "w_big", "limit": 1000}
    with besieged.connect() as peer:
        ids = {peer.request("event.list", **read) for _ in range(200)}
        while ids:
            answer = peer.read()
            assert len(answer["result"]["items"]) == 5
            ids.remove(answer["id"])
        members = [json.loads(message("event.list", number, **read)) for number in range(MAX_BATCH)]
        peer.send(json.dumps(members).encode() + b"\n")
        missing = set(range(MAX_BATCH))
        while missing:
            array = peer.read()
            assert isinstance(array, list)
            assert len(json.dumps(array, separators=(",", ":"))) <= MAX_FRAME_BYTES
            missing -= {answer["id"] for answer in array}


def test_an_id_that_is_open_is_refused_to_a_second_request(besieged: DaemonProcess) -> None:
    with besieged.connect() as peer:
        wait = message("event.wait", 7, worker_id="w_victim", after_seq=0, timeout_ms=60_000)
        peer.send(wait + wait)
        refused = peer.read()
        assert (refused["id"], refused["error"]["code"]) == (7, -32600)
        assert "still open" in refused["error"]["message"]
        peer.call("event.append", worker_id="w_victim", type="t")
        assert peer.answer(7)["result"]["items"][0]["type"] == "t"
        peer.send(message("rpc.ping", 7))
        assert peer.read()["result"]["pong"] is True


def test_an_id_is_text_or_number_never_both(besieged: DaemonProcess) -> None:
    with besieged.connect() as peer:
        waits = b"".join(
            message("event.wait", each, worker_id="w_victim", after_seq=0, timeout_ms=100)
            for each in (7, "7")
        )
        peer.send(waits)
        assert {peer.read()["id"] for _ in range(2)} == {7, "7"}


def test_more_requests_than_may_be_open_are_all_answered(besieged: DaemonProcess) -> None:
    with besieged.connect() as peer:
        ids = {peer.request("rpc.ping") for _ in range(3 * MAX_IN_FLIGHT)}
        assert {peer.read()["id"] for _ in ids} == ids


def test_who_hangs_up_with_all_its_requests_open_is_noticed(besieged: DaemonProcess) -> None:
    wait = {"worker_id": "w_victim", "after_seq": 1 << 40, "timeout_ms": 300_000}
    with besieged.connect() as control:
        with besieged.connect() as peer:
            ids = range(2 * MAX_IN_FLIGHT)
            peer.send(b"".join(message("event.wait", number, **wait) for number in ids))
            assert control.call("daemon.status")["connections"] == 2
        deadline = monotonic() + 30
        while control.call("daemon.status")["connections"] > 1:
            assert monotonic() < deadline
            sleep(0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_bounded_whatever_peers_do(besieged: DaemonProcess, kind: str) -> None:
    paths = [str(besieged.control_socket), str(besieged.runtime_dir / "workers/w_victim.sock")]
    with ThreadPoolExecutor(64) as peers, besieged.connect() as honest:
        rounds = [
            peers.submit(attack, paths[number % 2], kind, number)
            for number in range(soak.many(64, 640))
        ]
        for number in range(20):
            event = honest.call("event.append", worker_id="w_big", type="n", data={"n": number})
            assert event["data"] == {"n": number}
        for each in rounds:
            each.result()
        status = honest.call("daemon.status")
    assert status["held_bytes"] <= status["held_bytes_limit"]
    assert besieged.peak_rss_bytes() < MOST_RSS_BYTES, f"{besieged.peak_rss_bytes():,}"


@pytest.mark.parametrize("kind", ["stops_in_a_frame", "sends_a_frame_too_long"])
def test_nothing_is_kept_of_peers_that_are_gone(besieged: DaemonProcess, kind: str) -> None:
    """Not even until a collection of garbage: there is one after some thousand connections."""
    path = str(besieged.control_socket)
    with ThreadPoolExecutor(4) as peers:

        def besiege(numbers: range) -> int:
            for each in [peers.submit(attack, path, kind, number) for number in numbers]:
                each.result()
            with besieged.connect() as honest:
                until(lambda: honest.call("daemon.status")["connections"] == 1)
            return _rss_bytes(besieged)

        before = besiege(range(50))
        assert besiege(range(50, 250)) - before < MOST_KEPT_BYTES


def test_peers_that_stay_and_never_read_hold_no_more(besieged: DaemonProcess) -> None:
    reads = b"".join(
        message("event.list", number, worker_id="w_big", limit=1000) for number in range(200)
    )
    with ExitStack() as held, besieged.connect() as honest:
        for _ in range(64):
            peer = held.enter_context(socket.socket(socket.AF_UNIX))
            peer.connect(str(besieged.control_socket))
            peer.settimeout(0.2)
            try:
                peer.sendall(reads)
            except TimeoutError:
                continue
        for number in range(50):
            honest.call("event.append", worker_id="w_victim", type="n", data={"n": number})
        status = honest.call("daemon.status")
        assert status["held_bytes"] <= status["held_bytes_limit"]
        assert besieged.peak_rss_bytes() < MOST_RSS_BYTES, f"{besieged.peak_rss_bytes():,}"
        text = honest.call("daemon.metrics")["text"]
        assert "penholder_held_bytes " in text
        assert "penholder_held_bytes_limit " in text
