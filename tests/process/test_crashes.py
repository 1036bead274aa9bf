"""Crashes under load, races for ownership, and 10,000 connections: nothing lost, nothing twice."""

import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from penholder_protocol.limits import MAX_CONNECTIONS_PER_PROCESS
from tests.helpers import soak
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection, make_worker

CRASHES = soak.many(20, 50)
TAKEOVERS = 1000


class Appender:
    """Appends numbered events under idempotency keys, again and again until acknowledged."""

    def __init__(self, daemon: DaemonProcess, worker_id: str) -> None:
        """Append to one worker's stream."""
        self.worker_id = worker_id
        self.acknowledged = 0
        self.enough = threading.Event()
        self._daemon = daemon

    def run(self) -> None:
        """Append until told that it is enough."""
        while not self.enough.is_set():
            try:
                with self._daemon.connect() as connection:
                    self._append(connection)
            except (OSError, AssertionError, ValueError):
                # The daemon went away, perhaps in the middle of an answer.
                self._daemon.is_up.wait(timeout=30)

    def _append(self, connection: RawConnection) -> None:
        while not self.enough.is_set():
            number = self.acknowledged + 1
            answer = connection.answer(
                connection.request(
                    "event.append", worker_id=self.worker_id, type="n",
                    data={"number": number}, idempotency_key=f"{self.worker_id}-{number}",
                )
            )  # fmt: skip
            assert "result" in answer, answer
            self.acknowledged = number


def _numbers(control: RawConnection, worker_id: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while True:
        after = found[-1][0] if found else 0
        page = control.call("event.list", worker_id=worker_id, after_seq=after, limit=1000)
        found += [(item["event_seq"], item["data"]["number"]) for item in page["items"]]
        if page["next"] is None:
            return found


def test_sigkill_under_load_loses_nothing_and_doubles_nothing(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        appenders = [Appender(daemon, make_worker(control)) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(appender.run) for appender in appenders]
        for _ in range(CRASHES):
            before = [appender.acknowledged for appender in appenders]
            while any(a.acknowledged < b + 5 for a, b in zip(appenders, before, strict=True)):
                assert not any(each.done() for each in running)
            daemon.restart()
        for appender in appenders:
            appender.enough.set()
        for each in running:
            each.result()
    with daemon.connect() as control:
        for appender in appenders:
            numbers = _numbers(control, appender.worker_id)
            count = len(numbers)
            # The last one may have been written without its answer having arrived.
            assert count in (appender.acknowledged, appender.acknowledged + 1)
            assert numbers == [(n, n) for n in range(1, count + 1)]


def test_racing_takeovers_never_let_a_stale_holder_write(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)

    def race(name: str) -> list[int]:
        epochs = []
        with daemon.connect() as connection:
            for _ in range(TAKEOVERS // 2):
                handle = connection.call("controller.acquire", controller_id="c", takeover=True)
                epochs.append(handle["epoch"])
                fence = {"epoch": handle["epoch"], "token": handle["token"]}
                answer = connection.answer(
                    connection.request(
                        "event.append", worker_id=worker_id, type=name, fence=fence,
                        data={"epoch": handle["epoch"]},
                    )
                )  # fmt: skip
                if "error" in answer:
                    assert answer["error"]["data"]["code"] == "FENCED"
        return epochs

    with ThreadPoolExecutor() as pool:
        epochs = [each for found in pool.map(race, ("one", "two")) for each in found]
    assert sorted(epochs) == list(range(1, TAKEOVERS + 1))
    with daemon.connect() as control:
        entries = _all_entries(control)
    holder = 0
    for entry in entries:
        if entry["type"] == "controller.acquired":
            assert entry["data"]["epoch"] == holder + 1
            holder += 1
        elif entry["type"] in ("one", "two"):
            assert entry["data"]["epoch"] == holder


def _all_entries(control: RawConnection) -> list[Json]:
    found: list[Json] = []
    after = 0
    while True:
        page = control.call("journal.read", streams=["*"], after=after, limit=1000)
        if not page["items"]:
            return found
        found += page["items"]
        after = page["pos"]


def test_asking_for_ten_thousand_connections_leaves_others_served(
    daemon: DaemonProcess,
) -> None:
    held: list[socket.socket] = []
    refused = 0
    try:
        for _ in range(10_000):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(30)
            sock.connect(str(daemon.control_socket))
            if len(held) < MAX_CONNECTIONS_PER_PROCESS:
                held.append(sock)
                continue
            refused += b"MAX_CONNECTIONS_PER_PROCESS" in sock.recv(4096)
            sock.close()
        assert refused == 10_000 - MAX_CONNECTIONS_PER_PROCESS
        held[0].sendall(b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\n')
        assert b"pong" in held[0].recv(4096)
        assert _ping_from_elsewhere(daemon)
    finally:
        for sock in held:
            sock.close()


def _ping_from_elsewhere(daemon: DaemonProcess) -> bool:
    script = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
        ' s.sendall(b\'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\\n\'); print(s.recv(4096))'
    )
    command = [sys.executable, "-c", script, str(daemon.control_socket)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return "pong" in done.stdout


def test_a_stop_drains_and_exits_with_zero(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control)
        wait = control.request("event.wait", worker_id=worker_id, timeout_ms=300_000)
        control.call("rpc.ping")
        with daemon.connect() as other:
            assert other.call("daemon.shutdown") == {"stopping": True}
        assert control.answer(wait)["result"]["items"] == []
        assert control.read() is None
    assert daemon.wait() == 0
    assert not daemon.control_socket.exists()
    daemon.start()
    assert daemon.stop() == 0
