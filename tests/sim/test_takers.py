"""Runners that wait for one queue: none sleeps beside a task for it, and few look in vain."""

import random
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from penholder_daemon.rooms.queue.records import claiming
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import SimulatedDaemon, simulated_daemon

pytestmark = pytest.mark.usefixtures("deterministic")

_TASK = {"tenant_id": "t", "project_id": "p", "queue": "q"}
_LANES = (None, None, ["a"], ["b"], ["a", "b"])
_SHORT_MS, _LONG_MS = 40, 60_000


class Runners:
    """Waits over some connections, and what came of them."""

    def __init__(self, daemon: SimulatedDaemon, nursery: trio.Nursery, rng: random.Random) -> None:
        """Begin with nobody who waits."""
        self._daemon = daemon
        self._nursery = nursery
        self._rng = rng
        self.waiting: list[list[str] | None] = []
        """The lanes of each that waits; None is every lane."""
        self.claimed: list[str] = []
        self.submitted = 0
        self.control = SimulatedClient(daemon.connect(), nursery)

    async def _wait(self, lanes: list[str] | None, timeout_ms: int, gone: trio.Event) -> None:
        """Wait for one task over a connection of its own, which may end before."""
        stream = self._daemon.connect()
        client = SimulatedClient(stream, self._nursery)
        self.waiting.append(lanes)

        async def hang_up() -> None:
            await gone.wait()
            scope.cancel()

        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hang_up)
                answer = await client.call(
                    "queue.wait", queue="q", runner_id="r", lanes=lanes, lease_ms=_LONG_MS,
                    timeout_ms=timeout_ms,
                )  # fmt: skip
                self.claimed += [
                    each["task"]["queue_task_id"] for each in answer["result"]["items"]
                ]
                scope.cancel()
        await trio.aclose_forcefully(stream)
        self.waiting.remove(lanes)

    def wait(self) -> trio.Event:
        """Have one more wait; what is returned ends its connection."""
        gone = trio.Event()
        timeout_ms = self._rng.choice((_SHORT_MS, _LONG_MS, _LONG_MS))
        self._nursery.start_soon(self._wait, self._rng.choice(_LANES), timeout_ms, gone)
        return gone

    async def submit(self, count: int) -> None:
        """Submit tasks, in lanes that are drawn."""
        self.submitted += count
        tasks = [{**_TASK, "lane": self._rng.choice("abc")} for _ in range(count)]
        await self.control.call("queue.submit_many", tasks=tasks)

    async def left(self) -> list[str]:
        """Return the lanes of the tasks that nobody has."""
        listed = await self.control.call("queue.list", queue="q", state="pending", limit=100)
        return [str(each["lane"]) for each in listed["result"]["items"]]


async def _settle() -> None:
    for _ in range(5):
        await trio.testing.wait_all_tasks_blocked()


async def _live(path: Path, seed: int, clock: trio.testing.MockClock) -> None:
    rng = random.Random(seed)
    async with (
        simulated_daemon(path / f"{seed}.db", seed) as daemon,
        trio.open_nursery() as nursery,
    ):
        runners = Runners(daemon, nursery, rng)
        connections: list[trio.Event] = []
        for _ in range(60):
            match rng.choice(("wait", "wait", "submit", "hang up", "later", "settle")):
                case "wait":
                    connections.append(runners.wait())
                case "submit":
                    await runners.submit(rng.choice((1, 1, 2, 5)))
                case "hang up" if connections:
                    connections.pop(rng.randrange(len(connections))).set()
                case "later":
                    clock.jump(_SHORT_MS / 2000)
                case _:
                    await _settle()
                    await _nobody_sleeps_beside_a_task(runners, seed)
        await _settle()
        await _nobody_sleeps_beside_a_task(runners, seed)
        assert len(set(runners.claimed)) == len(runners.claimed)
        nursery.cancel_scope.cancel()


async def _nobody_sleeps_beside_a_task(runners: Runners, seed: int) -> None:
    left = await runners.left()
    for lanes in runners.waiting:
        assert not [lane for lane in left if lanes is None or lane in lanes], (
            f"seed {seed}: {lanes}"
        )


def test_nobody_sleeps_beside_a_task_that_is_for_it(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        clock = trio.testing.MockClock()
        trio.run(_live, tmp_path, seed, clock, clock=clock)


def test_a_task_has_few_look_for_it_however_many_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    real = claiming.claim

    def claim(*arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        return real(*arguments)

    async def play() -> None:
        nonlocal looks
        async with simulated_daemon(tmp_path / "p.db", 1) as daemon, trio.open_nursery() as nursery:
            control = SimulatedClient(daemon.connect(), nursery)

            async def wait() -> None:
                client = SimulatedClient(daemon.connect(), nursery)
                await client.call(
                    "queue.wait", queue="q", runner_id="r", lease_ms=_LONG_MS, timeout_ms=_LONG_MS
                )

            for _ in range(200):
                nursery.start_soon(wait)
            await _settle()
            looks = 0
            for _ in range(20):
                await control.call("queue.submit", **_TASK)
                await _settle()
            nursery.cancel_scope.cancel()

    monkeypatch.setattr(claiming, "claim", claim)
    trio.run(play, clock=trio.testing.MockClock())
    # Who takes it, and whoever is asked whether there is more.
    assert 20 <= looks <= 80
