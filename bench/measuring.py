"""Many clients at once, each a process of its own, and what the server did for them meanwhile."""

import multiprocessing
import multiprocessing.synchronize
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty
from typing import TypeAlias

from bench.clients.loop import Outcome, Taken, run
from bench.clients.turns import MakeTurn
from bench.limits import Broken

WARM_UP_SECONDS = 0.3
_AFTER_SECONDS = 0.2
"""Clients go on a little longer than is measured, so that none is idle within it."""
_PATIENCE_SECONDS = 120
_spawn = multiprocessing.get_context("spawn")
Outcomes: TypeAlias = "multiprocessing.Queue[Outcome]"


@dataclass(frozen=True)
class Load:
    """What a round of closed loops gave."""

    figures: dict[str, float]
    """By name, with the unit last."""
    acknowledged: list[int]
    """Appends answered for each client, those of the warm-up too."""


def measure(
    clients: Sequence[MakeTurn],
    per_turn: int,
    seconds: float,
    cpu_seconds: Callable[[], float | None],
) -> Load:
    """Run a process for each client; a turn of it does so many operations."""
    lasting = WARM_UP_SECONDS + seconds + _AFTER_SECONDS
    with _running(clients, lasting) as (start, outcomes):
        _wait(start, outcomes)
        time.sleep(WARM_UP_SECONDS)
        cpu, begun = cpu_seconds(), time.perf_counter()
        time.sleep(seconds)
        cpu_then, ended = cpu_seconds(), time.perf_counter()
        taken = _collect(outcomes, len(clients))
    figures = _figures(taken, per_turn, begun, ended)
    if cpu is not None and cpu_then is not None:
        done = figures["per_second"] * (ended - begun)
        figures["cpu_us"] = 1e6 * (cpu_then - cpu) / done
    return Load(figures, [per_turn * len(each.took) for each in taken])


@contextmanager
def _running(
    clients: Sequence[MakeTurn], lasting: float
) -> Iterator[tuple["multiprocessing.synchronize.Barrier", Outcomes]]:
    start = _spawn.Barrier(len(clients) + 1)
    outcomes: Outcomes = _spawn.Queue()
    processes = [
        _spawn.Process(target=run, args=(number, each, lasting, start, outcomes), daemon=True)
        for number, each in enumerate(clients)
    ]
    try:
        for process in processes:
            process.start()
        yield start, outcomes
        for process in processes:
            process.join(timeout=60)
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()


def _wait(start: "multiprocessing.synchronize.Barrier", outcomes: Outcomes) -> None:
    try:
        start.wait(timeout=60)
    except threading.BrokenBarrierError:
        _collect(outcomes, 1)
        raise


def _collect(outcomes: Outcomes, count: int) -> list[Taken]:
    found: dict[int, Taken] = {}
    while len(found) < count:
        try:
            outcome = outcomes.get(timeout=_PATIENCE_SECONDS)
        except Empty:
            raise Broken("a client did not come back") from None
        if outcome.taken is None:
            raise Broken(f"a client failed:\n{outcome.failure}")
        found[outcome.number] = outcome.taken
    return [found[number] for number in sorted(found)]


def _figures(taken: list[Taken], per_turn: int, begun: float, ended: float) -> dict[str, float]:
    turns = [turn for each in taken for turn in zip(each.ended, each.took, strict=True)]
    # A turn that was under way at an edge counts by the share of it that lay inside.
    inside = sum(max(0.0, min(at, ended) - max(at - took, begun)) / took for at, took in turns)
    ms = sorted(1000 * took for at, took in turns if at >= begun and at - took <= ended)
    if not ms:
        raise Broken("no answer came within what was measured")
    cpu = sum(each.cpu_seconds for each in taken) / len(turns)
    return {
        "per_second": per_turn * inside / (ended - begun),
        **{f"p{name}_ms": quantile(ms, share) for name, share in QUANTILES.items()},
        "max_ms": ms[-1],
        "client_cpu_us": 1e6 * cpu / per_turn,
    }


QUANTILES = {"50": 0.5, "90": 0.9, "99": 0.99, "99.9": 0.999}


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which such a share of them lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
