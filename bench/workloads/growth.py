"""The same calls on journals of different lengths: they should not tell them apart."""

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import TypeAlias

from bench import large_store
from bench.clients.line import Line
from bench.limits import Broken
from bench.report.rows import show_round
from bench.results import Name
from bench.running_daemon import RunningDaemon, running_daemon
from bench.workloads.run import Run

WORKLOAD = "growth"
SMALL = 10_000
STANDARD = (SMALL, 100_000, 1_000_000)
SCALE = (SMALL, 1_000_000, 10_000_000)
OPERATIONS = ("event.list", "journal.read", "catching up", "event.append")
_TIMES = 60
_PAGE = 100
_MISSED = 1_000
"""Entries that a subscriber has missed."""
_STREAM = f"worker:{large_store.WORKER}"
Operation: TypeAlias = Callable[[], None]


def name(events: int, operation: str) -> Name:
    """Name what is measured."""
    return Name(WORKLOAD, f"{events:,} events", operation)


def main(run: Run) -> None:
    """Pages of 100, a subscriber that catches up with 1,000 entries, an append: short and long."""
    sizes = SCALE if run.scale else STANDARD
    with ExitStack() as opened:
        operations = {
            size: opened.enter_context(_operations(run.directory, size)) for size in sizes
        }
        # What the stores have left to be written would be waited for by the first to sync.
        os.sync()
        for _ in range(run.rounds):
            for operation in OPERATIONS:
                _round(run, operation, {size: operations[size][operation] for size in sizes})
    for size in sizes:
        show_round(run.results, [name(size, operation) for operation in OPERATIONS])


def _round(run: Run, operation: str, by_size: dict[int, Operation]) -> None:
    """Take the sizes in turn, call by call."""
    taken: dict[int, list[float]] = {size: [] for size in by_size}
    for _ in range(_TIMES):
        for size, act in by_size.items():
            begun = time.perf_counter()
            act()
            taken[size].append(1000 * (time.perf_counter() - begun))
    for size, ms in taken.items():
        run.results.add(name(size, operation), {"p50_ms": median(ms), "max_ms": max(ms)})


@contextmanager
def _operations(below: Path, events: int) -> Iterator[dict[str, Operation]]:
    begun = time.perf_counter()
    directory = large_store.make(Path(mkdtemp(dir=below)), events)
    print(f"{events:,} events made in {time.perf_counter() - begun:.0f} s", flush=True)
    with (
        running_daemon(directory) as daemon,
        closing(Line(str(directory / "workers" / f"{large_store.WORKER}.sock"))) as line,
    ):
        line.ask("runtime.attach")
        yield dict(zip(OPERATIONS, _acts(daemon, line, events), strict=True))


def _acts(daemon: RunningDaemon, line: Line, events: int) -> tuple[Operation, ...]:
    rng = random.Random(events)
    own = events // 2 - _PAGE

    def list_events() -> None:
        _require(line.ask("event.list", after_seq=rng.randrange(own), limit=_PAGE), _PAGE)

    def read_journal() -> None:
        after = 2 * rng.randrange(own)
        _require(line.ask("journal.read", streams=[_STREAM], after=after, limit=_PAGE), _PAGE)

    def append() -> None:
        line.ask("event.append", type="output", data={"text": "x"})

    return list_events, read_journal, lambda: _catch_up(daemon, line), append


def _catch_up(daemon: RunningDaemon, line: Line) -> None:
    last = line.ask("journal.position")["pos"]
    assert isinstance(last, int)
    with closing(Line(str(daemon.directory / "control.sock"))) as subscriber:
        # Every second entry is the worker's, but for a few of its controller's since it was filled.
        after = last - 2 * _MISSED - _PAGE
        subscriber.ask("journal.subscribe", streams=[_STREAM], after=after)
        found = 0
        while found < _MISSED:
            found += subscriber.next().count(b'"entry_id"')


def _require(page: dict[str, object], entries: int) -> None:
    items = page["items"]
    assert isinstance(items, list)
    if len(items) != entries:
        raise Broken(f"a page of {len(items)} entries where {entries} were to be had")
