"""The queue at 2,000 tasks and at 200,000: claim, list and stats should not tell them apart."""

import time
from collections.abc import Callable

from bench.running_daemon import RunningDaemon, running_daemon
from penholder.blocking import Client
from penholder_protocol.nouns import NewQueueTask

SMALL, LARGE = 2_000, 200_000
ROUNDS = 200
_SUBMITTED_AT_ONCE = 500


def _fill(client: Client, queue: str, tasks: int) -> None:
    for _ in range(0, tasks, _SUBMITTED_AT_ONCE):
        new = [
            NewQueueTask(
                tenant_id="t", project_id="p", queue=queue, lane=f"lane{n % 8}", priority=n % 10
            )
            for n in range(_SUBMITTED_AT_ONCE)
        ]
        client.queue.submit_many(tasks=new)


def _median_ms(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        step()
        taken.append(time.perf_counter() - begun)
    return 1000 * sorted(taken)[ROUNDS // 2]


def _steps(client: Client, queue: str) -> dict[str, Callable[[], object]]:
    return {
        "claim": lambda: client.queue.claim(queue=queue, runner_id="r", lease_ms=600_000),
        "claim in lanes": lambda: client.queue.claim(
            queue=queue, runner_id="r", lease_ms=600_000, lanes=["lane1", "lane5"]
        ),
        "list": lambda: client.queue.list(queue=queue, state="pending"),
        "stats": lambda: client.queue.stats(queue=queue),
    }


def _compare(daemon: RunningDaemon) -> None:
    _fill(daemon.control, "small", SMALL)
    _fill(daemon.control, "large", LARGE)
    small, large = _steps(daemon.control, "small"), _steps(daemon.control, "large")
    for name in small:
        at_small, at_large = _median_ms(small[name]), _median_ms(large[name])
        print(
            f"{name:15} {SMALL:7} tasks {at_small:6.2f} ms   {LARGE} tasks {at_large:6.2f} ms"
            f"   {at_large / at_small:.2f} times (limit: 1.5)",
            flush=True,
        )


def main() -> None:
    """Medians of claim, list and stats, small beside large."""
    with running_daemon() as daemon:
        _compare(daemon)
