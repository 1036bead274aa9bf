"""From the start of the daemon's process to its first answer, on a large database."""

import subprocess
import time
from pathlib import Path
from tempfile import mkdtemp

from bench import large_store
from bench.clients.line import Line
from bench.limits import Broken
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import command
from bench.workloads.run import Run

WORKLOAD = "cold_start"
STANDARD, SCALE = 100_000, 5_000_000
_TIMES = 5
_PATIENCE_SECONDS = 60


def name(events: int) -> Name:
    """Name what is measured."""
    return Name(WORKLOAD, f"{events:,} events", "start to the first answer")


def main(run: Run) -> None:
    """The daemon is started → it has answered a ping (files in the page cache)."""
    events = SCALE if run.scale else STANDARD
    directory = large_store.make(Path(mkdtemp(dir=run.directory)), events)
    for _ in range(run.rounds * _TIMES):
        run.results.add(name(events), _start(directory))
    show_round(run.results, [name(events)])


def _start(directory: Path) -> dict[str, float]:
    begun = time.perf_counter()
    process = subprocess.Popen(
        command(directory), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _ping(str(directory / "control.sock"), begun + _PATIENCE_SECONDS)
        return {"wall_ms": 1000 * (time.perf_counter() - begun)}
    finally:
        process.terminate()
        process.wait(timeout=60)


def _ping(path: str, until: float) -> None:
    while time.perf_counter() < until:
        try:
            line = Line(path)
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.001)
            continue
        line.ask("rpc.ping")
        line.close()
        return
    raise Broken("the daemon does not answer")
