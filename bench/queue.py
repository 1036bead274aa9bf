"""The queue at 2,000 tasks and at 200,000: claim, list and stats should not tell them apart."""

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

from bench.limits import Missed
from bench.plans import plans
from bench.queue_plans import HOT
from bench.rooms import Rooms
from bench.running_daemon import RunningDaemon, running_daemon
from penholder.blocking import Client
from penholder_daemon.shell.store.opening import open_writer
from penholder_protocol.nouns import NewQueueTask

SMALL, LARGE = 2_000, 200_000
MAX_RATIO = 1.5
ROUNDS = 200
_SUBMITTED_AT_ONCE = 500
_LARGE_QUEUE = "q"


def _fill(client: Client, queue: str, tasks: int) -> None:
    for _ in range(0, tasks, _SUBMITTED_AT_ONCE):
        new = [
            NewQueueTask(
                tenant_id="t", project_id="p", queue=queue, lane=f"lane{n % 8}", priority=n % 10
            )
            for n in range(_SUBMITTED_AT_ONCE)
        ]
        client.queue.submit_many(tasks=new)


def _medians_ms(*steps: Callable[[], object]) -> list[float]:
    """Take the steps in turn, so that what else the machine does meets all of them."""
    taken: list[list[float]] = [[] for _ in steps]
    for _ in range(ROUNDS):
        for step, times in zip(steps, taken, strict=True):
            begun = time.perf_counter()
            step()
            times.append(time.perf_counter() - begun)
    return [1000 * sorted(times)[ROUNDS // 2] for times in taken]


def _steps(client: Client, queue: str) -> dict[str, Callable[[], object]]:
    return {
        "claim": lambda: client.queue.claim(queue=queue, runner_id="r", lease_ms=600_000),
        "claim in lanes": lambda: client.queue.claim(
            queue=queue, runner_id="r", lease_ms=600_000, lanes=["lane1", "lane5"]
        ),
        "list": lambda: client.queue.list(queue=queue, state="pending"),
        "stats": lambda: client.queue.stats(queue=queue),
    }


def _slow(client: Client) -> list[str]:
    """Measure each call on both queues and return what grew too much."""
    small, large = _steps(client, "small"), _steps(client, _LARGE_QUEUE)
    missed = []
    for name in small:
        at_small, at_large = _medians_ms(small[name], large[name])
        ratio = at_large / at_small
        print(
            f"{name:15} {SMALL:7} tasks {at_small:6.2f} ms   {LARGE} tasks {at_large:6.2f} ms"
            f"   {ratio:.2f} times (limit: {MAX_RATIO})",
            flush=True,
        )
        if ratio > MAX_RATIO:
            missed.append(f"{name} takes {ratio:.2f} times as long")
    return missed


def _unindexed(daemon: RunningDaemon) -> list[str]:
    """Look at the plans on a copy, for only the daemon may write its own, and return bad ones."""
    copy = daemon.directory / "copy.db"
    daemon.control.daemon.backup(path=str(copy))
    with closing(open_writer(copy)) as store:
        rooms = Rooms(store)
        # The first mutation of a run carries the leases over to its clock, all of them and once.
        rooms.call(*HOT["claim"])
        found = {name: plans(store, partial(rooms.call, *hot)) for name, hot in HOT.items()}
    bad = [f"{name}: {plan}" for name in found for plan in found[name] if not plan.uses_indexes]
    count = sum(map(len, found.values()))
    print(f"{count} statements of {len(HOT)} hot calls, {count - len(bad)} through indexes")
    return bad


def main() -> None:
    """Medians of claim, list and stats, small beside large; the plans of all hot calls."""
    with running_daemon() as daemon:
        _fill(daemon.control, "small", SMALL)
        _fill(daemon.control, _LARGE_QUEUE, LARGE)
        missed = [*_slow(daemon.control), *_unindexed(daemon)]
    if missed:
        raise Missed("\n".join(missed))
