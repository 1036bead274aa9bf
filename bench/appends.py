"""Eight processes append to their workers' streams, each append durable before its answer."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench import plain_store
from bench.load import Load, Step, measure
from bench.running_daemon import running_daemon
from penholder.blocking import Client

SECONDS = 4.0


def make_step(target: str) -> Step:
    """Take the seat of a worker and append to its stream over its runtime socket."""
    client = Client(target)
    client.runtime.attach()

    def step() -> None:
        client.event.append(type="output", data={"text": "x"})

    return step


def _penholder(processes: int) -> Load:
    with running_daemon() as daemon:
        targets = [daemon.make_worker() for _ in range(processes)]
        return measure(make_step, targets, SECONDS)


def _plain(processes: int) -> Load:
    with TemporaryDirectory(prefix="ph-bench-") as name:
        path = Path(name) / "plain.db"
        workers = [f"w{number}" for number in range(processes)]
        plain_store.create(path, workers)
        return measure(plain_store.make_step, [f"{path}#{w}" for w in workers], SECONDS)


def main() -> None:
    """Appends per second beside a store that opens SQLite for each call."""
    for processes in (1, 8, 16):
        plain, penholder = _plain(processes), _penholder(processes)
        print(f"{processes:3} processes   opened for each call {plain}")
        print(f"                penholder            {penholder}")
        ratio = penholder.per_second / plain.per_second
        print(f"                {ratio:.1f} times the throughput", flush=True)
