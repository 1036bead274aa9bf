"""A thousand attached workers: what they cost while they do nothing, and while they beat.

One process holds all of the seats, since a thousand Pythons would not leave the daemon much room.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing

from bench.clients.line import Line, request, result
from bench.peers import processes
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import RunningDaemon, running_daemon
from bench.workloads.files import allow_many
from bench.workloads.run import Run

WORKLOAD = "fleet"
IDLE = Name(WORKLOAD, "1,000 workers", "idle")
LIGHT = Name(WORKLOAD, "1,000 workers", "100 heartbeats a second")
BEATING = Name(WORKLOAD, "1,000 workers", "a heartbeat of each, at once")
_WORKERS = 1_000
_IDLE_SECONDS = 5.0
_BEATS_A_SECOND = 100
_HEARTBEAT = request("worker.heartbeat", {})


def main(run: Run) -> None:
    """1,000 attached workers: the daemon's memory, and its processor time, idle and beating."""
    allow_many()
    with running_daemon() as daemon, ExitStack() as opened:
        lines = [_attach(daemon.make_worker(), opened) for _ in range(_WORKERS)]
        time.sleep(1)
        for _ in range(run.rounds):
            run.results.add(IDLE, _idle(daemon))
            run.results.add(LIGHT, _light(daemon, lines))
            run.results.add(BEATING, _beat(daemon, lines))
    show_round(run.results, [IDLE, LIGHT, BEATING])


def _attach(path: str, opened: ExitStack) -> Line:
    line = opened.enter_context(closing(Line(path)))
    line.ask("runtime.attach")
    return line


def _idle(daemon: RunningDaemon) -> dict[str, float]:
    rss_mb = processes.rss_bytes([daemon.pid]) / 1e6
    return {"rss_mb": rss_mb, **_share(daemon, lambda: time.sleep(_IDLE_SECONDS))}


def _light(daemon: RunningDaemon, lines: list[Line]) -> dict[str, float]:
    def beat_evenly() -> None:
        for line in lines[: int(_BEATS_A_SECOND * _IDLE_SECONDS)]:
            line.ask("worker.heartbeat")
            time.sleep(1 / _BEATS_A_SECOND)

    return _share(daemon, beat_evenly)


def _beat(daemon: RunningDaemon, lines: list[Line]) -> dict[str, float]:
    cpu, begun = daemon.cpu_seconds(), time.perf_counter()
    for line in lines:
        line.socket.sendall(_HEARTBEAT)
    for line in lines:
        result(line.next())
    taken = time.perf_counter() - begun
    cpu_us = 1e6 * (daemon.cpu_seconds() - cpu) / len(lines)
    return {"cpu_us": cpu_us, "per_second": len(lines) / taken}


def _share(daemon: RunningDaemon, act: Callable[[], None]) -> dict[str, float]:
    """Return how much of a processor the daemon has while something is done."""
    cpu, begun = daemon.cpu_seconds(), time.perf_counter()
    act()
    lasted = time.perf_counter() - begun
    return {"cpu_percent": 100 * (daemon.cpu_seconds() - cpu) / lasted}
