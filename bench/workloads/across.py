"""From an append that is sent to one daemon to the notification received from another."""

import time
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.clients.line import END, Line, request
from bench.limits import Broken
from bench.measuring import quantile
from bench.peers.postgres import PostgresServer
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import running_daemon
from bench.workloads.run import Run

ACROSS = Name("several", "told across daemons", "2 daemons on PostgreSQL")
_APPENDS = 300
_APPEND = request("event.append", {"type": "output", "data": {"text": "x"}})
_PAUSE_SECONDS = 0.003
_DATABASE = "bench_across"


def main(run: Run, server: PostgresServer) -> None:
    """An append is sent to one daemon → a subscriber of another has received it."""
    server.ask(f"CREATE DATABASE {_DATABASE}")
    flags = ["--store-url", server.url_of(_DATABASE)]
    with ExitStack() as opened:
        directories = [opened.enter_context(TemporaryDirectory(prefix="ph-b")) for _ in range(2)]
        here, there = (
            opened.enter_context(running_daemon(Path(each), flags=flags)) for each in directories
        )
        for _ in range(run.rounds):
            path = here.make_worker()
            stream = f"worker:{Path(path).stem}"
            with (
                closing(Line(path)) as publisher,
                closing(Line(str(there.directory / "control.sock"))) as subscriber,
            ):
                publisher.ask("runtime.attach")
                subscriber.ask("journal.subscribe", streams=[stream], types=["output"])
                run.results.add(ACROSS, _round(publisher, subscriber))
    show_round(run.results, [ACROSS])


def _round(publisher: Line, subscriber: Line) -> dict[str, float]:
    told = sorted(_publish(publisher, subscriber) for _ in range(_APPENDS))
    return {"p50_ms": quantile(told, 0.5), "p99_ms": quantile(told, 0.99)}


def _publish(publisher: Line, subscriber: Line) -> float:
    time.sleep(_PAUSE_SECONDS)
    sent = time.perf_counter()
    publisher.socket.sendall(_APPEND)
    received = subscriber.socket.recv(1 << 16)
    ms = 1000 * (time.perf_counter() - sent)
    if received.count(END) != 1:
        raise Broken(f"one append was told as {received!r}")
    publisher.next()
    return ms
