"""A thousand hostile connections of all kinds beside eight honest workers: who notices?"""

import json
import multiprocessing
import os
import random
import socket
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.helpers.daemon_process import DaemonProcess, RawConnection, make_worker
from tests.helpers.hostile_peers import KINDS, attack

from bench.limits import Missed

HOSTILE = 1000
HONEST = 8
PROCESSES = 2
MOST_MS = 250.0
MOST_RSS_MIB = 300


def _be_honest(path: str, until: str) -> tuple[int, list[float]]:
    """Append and read until a file is there; returns how many, and how long each answer took."""
    took: list[float] = []
    count = 0
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        answers = sock.makefile("rb")
        _ask(sock, answers, "runtime.attach")
        while not os.path.exists(until):
            count += 1
            for method, params in (
                ("event.append", {"type": "honest", "data": {"n": count}}),
                ("event.latest", {}),
            ):
                begun = time.perf_counter()
                answer = _ask(sock, answers, method, **params)
                took.append(1000 * (time.perf_counter() - begun))
                assert answer["data"] == {"n": count}, answer
            time.sleep(0.002)
    return count, took


def _ask(sock: socket.socket, answers: object, method: str, **params: object) -> dict[str, object]:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    sock.sendall(json.dumps(request).encode() + b"\n")
    answer = json.loads(answers.readline())  # type: ignore[attr-defined]  # a binary file
    assert "error" not in answer, answer
    result: dict[str, object] = answer["result"]
    return result


def _attack_one(task: tuple[list[str], int]) -> None:
    paths, number = task
    rng = random.Random(number)
    attack(rng.choice(paths), rng.choice(list(KINDS)), number)


def main() -> None:
    """A thousand hostile connections beside eight honest workers: the slowest honest answer."""
    with TemporaryDirectory(prefix="ph-", dir="/tmp") as directory:
        daemon = DaemonProcess(Path(directory), is_executed=True)
        daemon.start()
        try:
            _besiege(daemon, Path(directory, "over"))
        finally:
            daemon.end()


def _besiege(daemon: DaemonProcess, over: Path) -> None:
    with daemon.connect() as control:
        workers = [make_worker(control, worker_id=f"w_{number}") for number in range(HONEST)]
        make_worker(control, worker_id="w_victim")
        make_worker(control, worker_id="w_big")
        for _ in range(5):
            control.call("event.append", worker_id="w_big", type="big", data={"t": "x" * 190_000})
        paths = [str(daemon.control_socket), str(daemon.runtime_dir / "workers/w_victim.sock")]
        with (
            ProcessPoolExecutor(HONEST, multiprocessing.get_context("spawn")) as honest,
            ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as hostile,
        ):
            doing = [
                honest.submit(
                    _be_honest, str(daemon.runtime_dir / f"workers/{each}.sock"), str(over)
                )
                for each in workers
            ]
            begun = time.perf_counter()
            list(hostile.map(_attack_one, ((paths, number) for number in range(HOSTILE))))
            lasted = time.perf_counter() - begun
            over.touch()
            done = [each.result() for each in doing]
        for worker_id, (count, _) in zip(workers, done, strict=True):
            assert _numbers(control, worker_id) == list(range(1, count + 1)), "a gap or a double"
    _tell(daemon, sorted(ms for _, took in done for ms in took), lasted)


def _numbers(control: RawConnection, worker_id: str) -> list[int]:
    found: list[int] = []
    cursor: dict[str, object] = {}
    while True:
        page = control.call("event.list", worker_id=worker_id, limit=1000, **cursor)
        found += [each["data"]["n"] for each in page["items"] if each["type"] == "honest"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


def _tell(daemon: DaemonProcess, took: list[float], lasted: float) -> None:
    status = Path(f"/proc/{daemon.pid}/status").read_text()
    (peak,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    peak_mib = int(peak.split()[1]) // 1024
    at = {name: took[min(len(took) - 1, int(len(took) * share))] for name, share in
          (("median", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("worst", 1.0))}  # fmt: skip
    print(f"{HOSTILE} hostile connections of {len(KINDS)} kinds in {lasted:.0f} s")
    print(f"{len(took)} honest answers: " + ", ".join(f"{n} {ms:.1f} ms" for n, ms in at.items()))
    print(f"peak of the daemon's memory: {peak_mib} MiB")
    if at["worst"] > MOST_MS or peak_mib > MOST_RSS_MIB:
        raise Missed(f"an answer within {MOST_MS:.0f} ms and {MOST_RSS_MIB} MiB were to be kept")
