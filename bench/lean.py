"""What an append costs the daemon itself: lean clients, raw sockets and prepared bytes.

Each client is a process that holds the seat of its worker and appends in a closed loop, or with so
many requests under way. What the clients cost is the same for every server, so the daemon's own
processor time is what differs.
"""

import json
import multiprocessing
import multiprocessing.synchronize
import socket
import time
from dataclasses import dataclass
from typing import NamedTuple

from bench.running_daemon import RunningDaemon, running_daemon

SECONDS = 2.0
ROUNDS = 3
WARM_UP_SECONDS = 0.3
_spawn = multiprocessing.get_context("spawn")


class Case(NamedTuple):
    """How many clients, how many requests of each under way, and whether each has a key."""

    clients: int
    depth: int = 1
    keyed: bool = False

    def __str__(self) -> str:
        """Name it."""
        deep = f", {self.depth} deep" if self.depth > 1 else ""
        return f"{self.clients} clients{deep}{', with a key each' if self.keyed else ''}"


CASES = (Case(1), Case(8), Case(8, keyed=True), Case(16), Case(8, depth=64))


@dataclass(frozen=True)
class Cost:
    """What a round gave."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Of the daemon, for each append."""

    def __str__(self) -> str:
        """Print it as a row."""
        return (
            f"{self.per_second:8.0f}/s   p50 {self.p50_ms:6.2f} ms   p99 {self.p99_ms:6.2f} ms"
            f"   daemon {self.cpu_us:6.1f} us an append"
        )


def _ask(peer: socket.socket, method: str, params: dict[str, object]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    peer.sendall(json.dumps(call).encode() + b"\n")
    answer = json.loads(_line(peer))
    assert "error" not in answer, answer


def _line(peer: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\n"):
        found += peer.recv(1 << 16)
    return found


def _loop(
    path: str,
    case: Case,
    start: "multiprocessing.synchronize.Barrier",
    results: "multiprocessing.Queue[list[float]]",
) -> None:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    _ask(peer, "runtime.attach", {})
    head = b'{"jsonrpc":"2.0","id":1,"method":"event.append","params":{"type":"output",'
    tail = b'"data":{"text":"x"}}}\n'
    plain = [head + tail]
    number = 0

    def request(at: int) -> bytes:
        nonlocal number
        # Every request that is open has an id of its own.
        line = plain[0].replace(b'"id":1', b'"id":%d' % (at + 1), 1)
        if not case.keyed:
            return line
        number += 1
        return line.replace(tail, b'"idempotency_key":"%d",' % number + tail)

    requests = [request(at) for at in range(case.depth)]
    start.wait(timeout=60)
    end = time.perf_counter() + WARM_UP_SECONDS + SECONDS
    counted_from = end - SECONDS
    taken: list[float] = []
    while (before := time.perf_counter()) < end:
        if case.keyed:
            requests = [request(at) for at in range(case.depth)]
        peer.sendall(b"".join(requests))
        left = case.depth
        while left:
            left -= peer.recv(1 << 20).count(b"\n")
        if before >= counted_from:
            taken.append(time.perf_counter() - before)
    results.put(taken)


def _measure(daemon: RunningDaemon, case: Case) -> Cost:
    paths = [daemon.make_worker() for _ in range(case.clients)]
    results: multiprocessing.Queue[list[float]] = _spawn.Queue()
    start = _spawn.Barrier(case.clients + 1)
    processes = [_spawn.Process(target=_loop, args=(p, case, start, results)) for p in paths]
    for process in processes:
        process.start()
    start.wait(timeout=60)
    time.sleep(WARM_UP_SECONDS)
    cpu, begun = daemon.cpu_seconds(), _position(daemon)
    time.sleep(SECONDS * 0.9)
    cpu, appended = daemon.cpu_seconds() - cpu, _position(daemon) - begun
    taken = sorted(each for _ in processes for each in results.get(timeout=120))
    for process in processes:
        process.join(timeout=60)
    return Cost(
        per_second=appended / (SECONDS * 0.9),
        p50_ms=1000 * taken[len(taken) // 2],
        p99_ms=1000 * taken[int(len(taken) * 0.99)],
        cpu_us=1e6 * cpu / appended,
    )


def _position(daemon: RunningDaemon) -> int:
    return daemon.control.journal.position().pos


def main() -> None:
    """What an append costs the daemon, by lean clients; median of the rounds."""
    for case in CASES:
        costs = []
        for _ in range(ROUNDS):
            with running_daemon() as daemon:
                costs.append(_measure(daemon, case))
        costs.sort(key=lambda cost: cost.cpu_us)
        print(f"{case!s:32} {costs[len(costs) // 2]}", flush=True)
