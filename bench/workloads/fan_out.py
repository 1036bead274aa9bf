"""From an append that is sent to the notification that a subscriber has received.

Publisher and subscribers are one process, so one clock tells both times; what it costs to receive
a thousand notifications is in them.
"""

import select
import time
from contextlib import ExitStack, closing

from bench.clients.line import END, Line, request
from bench.limits import Broken
from bench.measuring import quantile
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import RunningDaemon, running_daemon
from bench.workloads.files import allow_many
from bench.workloads.run import Run

WORKLOAD = "fan_out"
_APPENDS = {1: 500, 100: 50, 1000: 10}
"""In each round, by the number of subscribers."""
_APPEND = request("event.append", {"type": "output", "data": {"text": "x"}})
_PATIENCE_SECONDS = 30
_PAUSE_SECONDS = 0.001


def name(subscribers: int) -> Name:
    """Name what is measured with so many subscribers."""
    return Name(WORKLOAD, f"subscribers: {subscribers:,}", "Penholder")


def main(run: Run) -> None:
    """An append is sent → its notification is received, of 1, 100, 1,000 subscribers."""
    allow_many()
    for subscribers, appends in _APPENDS.items():
        with running_daemon() as daemon:
            for _ in range(run.rounds):
                run.results.add(name(subscribers), _round(daemon, subscribers, appends))
        show_round(run.results, [name(subscribers)])


def _round(daemon: RunningDaemon, subscribers: int, appends: int) -> dict[str, float]:
    path = daemon.make_worker()
    stream = f"worker:{path.rpartition('/')[2].removesuffix('.sock')}"
    with ExitStack() as opened:
        publisher = opened.enter_context(closing(Line(path)))
        publisher.ask("runtime.attach")
        lines = [_subscribe(daemon, stream, opened) for _ in range(subscribers)]
        crowd = opened.enter_context(select.epoll())
        for line in lines:
            crowd.register(line.socket, select.EPOLLIN)
        by_number = {line.socket.fileno(): line for line in lines}
        told = [_publish(publisher, crowd, by_number) for _ in range(appends)]
    arrived = sorted(ms for each in told for ms in each)
    last = sorted(max(each) for each in told)
    return {
        "p50_ms": quantile(arrived, 0.5),
        "p99_ms": quantile(arrived, 0.99),
        "last_p50_ms": quantile(last, 0.5),
    }


def _subscribe(daemon: RunningDaemon, stream: str, opened: ExitStack) -> Line:
    line = opened.enter_context(closing(Line(str(daemon.directory / "control.sock"))))
    line.ask("journal.subscribe", streams=[stream])
    return line


def _publish(publisher: Line, crowd: select.epoll, lines: dict[int, Line]) -> list[float]:
    """Append once; returns after how many milliseconds each subscriber was told."""
    time.sleep(_PAUSE_SECONDS)
    sent = time.perf_counter()
    publisher.socket.sendall(_APPEND)
    arrived: dict[int, float] = {}
    while len(arrived) < len(lines):
        ready = crowd.poll(_PATIENCE_SECONDS)
        if not ready:
            raise Broken(f"{len(arrived)} of {len(lines)} subscribers were told of an append")
        for number, _ in ready:
            received = lines[number].socket.recv(1 << 16)
            if number in arrived or received.count(END) != 1 or not received.endswith(END):
                raise Broken(f"one append was told as {received!r}")
            arrived[number] = 1000 * (time.perf_counter() - sent)
    publisher.next()
    return list(arrived.values())
