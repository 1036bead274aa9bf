"""Eight processes append to their workers' streams, each append durable before its answer."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench import plain_store
from bench.load import Load, Step, measure
from bench.running_daemon import running_daemon
from penholder.blocking import Client

SECONDS = 2.0
ROUNDS = 5


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
    """Appends per second beside a store that opens SQLite for each call; the two in turn."""
    for processes in (1, 8, 16):
        rounds = [(_plain(processes), _penholder(processes)) for _ in range(ROUNDS)]
        rounds.sort(key=lambda pair: pair[1].per_second / pair[0].per_second)
        plain, penholder = rounds[ROUNDS // 2]
        ratios = [f"{ours.per_second / theirs.per_second:.1f}" for theirs, ours in rounds]
        print(f"{processes:3} processes   opened for each call {plain}")
        print(f"                penholder            {penholder}")
        print(f"                times the throughput: {', '.join(ratios)}", flush=True)
