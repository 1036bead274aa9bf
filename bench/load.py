"""Closed loops in several processes: each calls, waits for the answer, calls again."""

import multiprocessing
import multiprocessing.synchronize
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Step: TypeAlias = Callable[[], None]
MakeStep: TypeAlias = Callable[[str], Step]

_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Load:
    """What a run of closed loops gave."""

    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    def __str__(self) -> str:
        """Print it as a row."""
        return (
            f"{self.per_second:8.0f}/s   p50 {self.p50_ms:7.2f} ms   p99 {self.p99_ms:8.2f} ms"
            f"   max {self.max_ms:8.2f} ms"
        )


def measure(make_step: MakeStep, targets: list[str], seconds: float) -> Load:
    """Run one process for each target for so long; `make_step` must be importable."""
    results: multiprocessing.Queue[list[float]] = _spawn.Queue()
    start = _spawn.Barrier(len(targets))
    processes = [
        _spawn.Process(target=_loop, args=(make_step, target, seconds, start, results))
        for target in targets
    ]
    for process in processes:
        process.start()
    taken = sorted(each for _ in processes for each in results.get(timeout=seconds + 120))
    for process in processes:
        process.join(timeout=60)
    return Load(
        per_second=len(taken) / seconds,
        p50_ms=1000 * taken[len(taken) // 2],
        p99_ms=1000 * taken[int(len(taken) * 0.99)],
        max_ms=1000 * taken[-1],
    )


def _loop(
    make_step: MakeStep,
    target: str,
    seconds: float,
    start: "multiprocessing.synchronize.Barrier",
    results: "multiprocessing.Queue[list[float]]",
) -> None:
    step = make_step(target)
    step()
    taken: list[float] = []
    start.wait(timeout=60)
    begun = time.perf_counter()
    while (before := time.perf_counter()) < begun + seconds:
        step()
        taken.append(time.perf_counter() - before)
    results.put(taken)
