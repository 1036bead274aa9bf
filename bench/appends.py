"""Eight processes append to their workers' streams, each append durable before its answer."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench import plain_store
from bench.load import Load, MakeStep, Step, measure
from bench.running_daemon import running_daemon
from penholder.blocking import Client
from penholder_protocol.nouns import Event

SECONDS = 1.5
ROUNDS = 5


def make_step(target: str) -> Step:
    """Take the seat of a worker and append to its stream, each under an idempotency key."""
    client = Client(target)
    client.runtime.attach()

    def step() -> None:
        client.event.append(type="output", data={"text": "x"})

    return step


def make_plain_step(target: str) -> Step:
    """Do the same without a key: at least once, as the store beside it."""
    client = Client(target)
    client.runtime.attach()

    def step() -> None:
        client.call(
            "event.append", {"type": "output", "data": {"text": "x"}}, Event, mutation=False
        )

    return step


def _penholder(make: MakeStep, processes: int) -> Load:
    with running_daemon() as daemon:
        targets = [daemon.make_worker() for _ in range(processes)]
        return measure(make, targets, SECONDS)


def _plain(processes: int) -> Load:
    with TemporaryDirectory(prefix="ph-bench-") as name:
        path = Path(name) / "plain.db"
        workers = [f"w{number}" for number in range(processes)]
        plain_store.create(path, workers)
        return measure(plain_store.make_step, [f"{path}#{w}" for w in workers], SECONDS)


def main() -> None:
    """Appends per second beside a store that opens SQLite for each call; the three in turn."""
    for processes in (1, 8, 16):
        rounds = [
            (
                _plain(processes),
                _penholder(make_plain_step, processes),
                _penholder(make_step, processes),
            )
            for _ in range(ROUNDS)
        ]
        _show(processes, rounds)


def _show(processes: int, rounds: list[tuple[Load, Load, Load]]) -> None:
    names = ("opened for each call", "penholder", "penholder, exactly once")
    for name, loads in zip(names, zip(*rounds, strict=True), strict=True):
        median = sorted(loads, key=lambda load: load.per_second)[ROUNDS // 2]
        ratios = sorted(
            ours.per_second / theirs[0].per_second
            for ours, theirs in zip(loads, rounds, strict=True)
        )
        times = f"   {ratios[ROUNDS // 2]:.1f} times ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        print(f"{processes:3} processes   {name:24} {median}{times}", flush=True)
