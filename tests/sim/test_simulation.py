"""Whole runs from a seed: many clients, crashes at any turn, the promises checked at the end."""

import random
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from trio._core import _run as trio_run

from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import simulated_daemon

pytestmark = pytest.mark.usefixtures("deterministic")

CLIENTS = 4
OPERATIONS = 25
CRASHES = 3


def test_trio_still_has_the_private_names_that_make_a_run_repeatable() -> None:
    assert isinstance(trio_run._ALLOW_DETERMINISTIC_SCHEDULING, bool)
    assert isinstance(trio_run._r, random.Random)


class History:
    """What clients were told, to be held against what the database says at the end."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self.appended: dict[str, int] = {}
        """Idempotency key → sequence number of the acknowledged event."""
        self.trace: list[str] = []
        """Every answer in the order in which it came: equal for equal seeds."""


async def _append_all(
    client: SimulatedClient, name: str, history: History, rng: random.Random
) -> None:
    """Append events until all are acknowledged, over however many lives of the daemon."""
    for number in range(OPERATIONS):
        key = f"{name}-{number}"
        if key in history.appended:
            continue
        await trio.sleep(rng.random() / 100)
        answer = await client.call(
            "event.append", worker_id="w", type=name, data={"number": number}, idempotency_key=key
        )
        history.trace.append(f"{key}:{answer['result']['event_seq']}")
        history.appended[key] = answer["result"]["event_seq"]


async def _one_life(path: Path, seed: int, life: int, history: History) -> list[dict[str, Any]]:
    """Run the daemon until its work is done or a crash cuts it off; returns what was published."""
    rng = random.Random(f"{seed}/{life}")
    is_last = life == CRASHES
    async with simulated_daemon(path, seed + life) as daemon, trio.open_nursery() as nursery:
        reader = SimulatedClient(daemon.connect(), nursery)
        await reader.call("controller.register", controller_id="c", label="c", workspace_key="/")
        await reader.call(
            "worker.create", worker_id="w", controller_id="c", label="w", launcher="l",
            profile="p", cwd="/",
        )  # fmt: skip
        await reader.call("journal.subscribe", streams=["worker:w"], after="start")
        crash_at = trio.current_time() + (1000 if is_last else rng.random() / 5)
        with trio.move_on_at(crash_at):
            async with trio.open_nursery() as clients:
                for number in range(CLIENTS):
                    client = SimulatedClient(daemon.connect(), nursery)
                    clients.start_soon(
                        _append_all,
                        client,
                        f"client{number}",
                        history,
                        random.Random(f"{seed}/{number}"),
                    )
        if is_last:
            await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return reader.entries


async def _simulate(path: Path, seed: int) -> History:
    history = History()
    for life in range(CRASHES + 1):
        published = await _one_life(path, seed, life, history)
        seen = [entry["seq"] for entry in published]
        assert seen == list(range(1, len(seen) + 1)), "a gap or a double in a subscription"
    keys = [f"{entry['type']}-{entry['data']['number']}" for entry in published]
    assert len(keys) == len(set(keys)) == CLIENTS * OPERATIONS, "an event lost or doubled"
    for key, seq in history.appended.items():
        assert keys[seq - 1] == key, "an acknowledged event is not where its answer said"
    return history


def _run(directory: Path, seed: int) -> History:
    path = directory / f"{seed}-{random.randrange(1 << 30)}.db"
    trio_run._r.seed(seed)
    return trio.run(_simulate, path, seed, clock=trio.testing.MockClock(autojump_threshold=0))


def test_no_write_is_lost_or_doubled_whatever_the_order(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        _run(tmp_path, seed)


def test_a_seed_replays_its_run(tmp_path: Path) -> None:
    first, again, other = (_run(tmp_path, seed).trace for seed in (7, 7, 8))
    assert first == again
    assert first != other
