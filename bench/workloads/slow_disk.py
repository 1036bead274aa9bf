"""A disk that takes 20 ms for each sync: what that costs who asks for nothing that is stored.

Such disks are common (a spinning one, a network volume), and here one is made of the one there is:
each sync takes so much longer. Clients append all the time, and somebody pings beside them.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from tests.helpers import slow_disk

from bench.clients.line import Line
from bench.limits import Broken
from bench.measuring import quantile
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import RunningDaemon, running_daemon
from bench.workloads.run import Run

WORKLOAD = "slow_disk"
SYNC_MS = 20
PINGS = Name(WORKLOAD, f"syncs of {SYNC_MS} ms", "pings")
APPENDS = PINGS._replace(who="appends, 4 clients")
_CLIENTS = 4
_PAUSE_SECONDS = 0.001
_NO_GATE = "/dev/null"


def main(run: Run) -> None:
    """Pings beside 4 clients that append, on a disk that takes 20 ms for each sync."""
    with running_daemon(program=(slow_disk.MODULE, _NO_GATE, str(SYNC_MS))) as daemon:
        for _ in range(run.rounds):
            pings, appends = _round(daemon, run.seconds)
            run.results.add(PINGS, pings)
            run.results.add(APPENDS, appends)
    show_round(run.results, [PINGS, APPENDS])


def _round(daemon: RunningDaemon, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    pings: list[float] = []
    with _appending(daemon) as took, closing(Line(_control(daemon))) as line:
        until = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            line.ask("rpc.ping")
            pings.append(1000 * (time.perf_counter() - begun))
            time.sleep(_PAUSE_SECONDS)
    return _figures(pings, seconds), _figures(took, seconds)


def _figures(took: list[float], seconds: float) -> dict[str, float]:
    ordered = sorted(took)
    quantiles = {"p50_ms": 0.5, "p99_ms": 0.99, "p99.9_ms": 0.999, "max_ms": 1.0}
    shares = {key: quantile(ordered, share) for key, share in quantiles.items()}
    return {"per_second": len(took) / seconds, **shares}


@contextmanager
def _appending(daemon: RunningDaemon) -> Iterator[list[float]]:
    """Have clients append until the block ends; gives how many milliseconds each took."""
    took: list[float] = []
    is_over = threading.Event()
    with ExitStack() as opened:
        lines = [opened.enter_context(closing(Line(daemon.make_worker()))) for _ in range(_CLIENTS)]
        for line in lines:
            line.ask("runtime.attach")
        threads = [threading.Thread(target=_append, args=(each, is_over, took)) for each in lines]
        for thread in threads:
            thread.start()
        try:
            yield took
        finally:
            is_over.set()
            for thread in threads:
                thread.join()
        _check(lines, took)


def _append(line: Line, is_over: threading.Event, took: list[float]) -> None:
    while not is_over.is_set():
        begun = time.perf_counter()
        line.ask("event.append", type="output", data={"text": "x"})
        took.append(1000 * (time.perf_counter() - begun))


def _check(lines: list[Line], took: list[float]) -> None:
    stored = sum(int(str(line.ask("event.latest")["event_seq"])) for line in lines)
    if stored != len(took):
        raise Broken(f"{len(took)} appends were answered, and {stored} are stored")
    if took and min(took) < SYNC_MS:
        raise Broken(f"an append was answered after {min(took):.1f} ms, before it was synced")


def _control(daemon: RunningDaemon) -> str:
    return str(daemon.directory / "control.sock")
