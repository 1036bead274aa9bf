"""Peers that hang up at any point of anything: nothing of it may end the daemon, or touch others.

Each run is made from a seed: some hostile peers send pipelines and batches, cut anywhere, and go in
the middle of sending, waiting or reading; an honest one appends and reads all the time.
"""

import random
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
import trio
import trio.testing
from trio._core import _run as trio_run

from tests.helpers.pipelines import pipeline
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import SimulatedDaemon, simulated_daemon

pytestmark = pytest.mark.usefixtures("deterministic")

HOSTILE = 12
HONEST_CALLS = 15


async def _be_hostile(daemon: SimulatedDaemon, rng: random.Random) -> None:
    stream = daemon.connect()
    try:
        for _ in range(rng.randint(1, 6)):
            await stream.send_all(pipeline(rng))
            if rng.random() < 0.5:
                await trio.sleep(rng.random() / 50)
            if rng.random() < 0.3:
                with trio.move_on_after(0.05):
                    await stream.receive_some(rng.randint(1, 2000))
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        return
    finally:
        for half in rng.sample([stream.send_stream, stream.receive_stream], 2):
            half.close()
            await trio.sleep(rng.choice([0, 0.01]))


async def _be_honest(client: SimulatedClient) -> list[int]:
    seen = []
    for number in range(HONEST_CALLS):
        answer = await client.call("event.append", worker_id="w", type="honest", data={"n": number})
        seen.append(answer["result"]["data"]["n"])
        await client.call("rpc.ping")
        await trio.sleep(0.01)
    return seen


async def _run(path: Path, seed: int) -> list[Any]:
    rng = random.Random(seed)
    slow = simulated_daemon(path, seed, is_slow=True)
    async with slow as daemon, trio.open_nursery() as nursery:
        client = SimulatedClient(daemon.connect(), nursery)
        await client.call("controller.register", controller_id="c", label="c", workspace_key="/")
        await client.call(
            "worker.create", worker_id="w", controller_id="c", label="w", launcher="l",
            profile="p", cwd="/",
        )  # fmt: skip
        async with trio.open_nursery() as peers:
            for number in range(HOSTILE):
                peers.start_soon(_be_hostile, daemon, random.Random(f"{seed}/{number}"))
                await trio.sleep(rng.random() / 30)
            assert await _be_honest(client) == list(range(HONEST_CALLS))
        # What was asked for comes to its end, and then nothing is held for those who are gone.
        await trio.sleep(2)
        found = await client.call("event.list", worker_id="w", limit=1000)
        assert daemon.services.accounts.held_bytes == 0
        assert daemon.services.publisher.listening == 0
        nursery.cancel_scope.cancel()
    return [event["data"].get("n") for event in found["result"]["items"] if event["data"]]


def test_no_hang_up_ends_the_daemon_or_touches_anybody_else(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        trio_run._r.seed(seed)
        clock = trio.testing.MockClock(autojump_threshold=0)
        with structlog.testing.capture_logs() as logged:
            kept = trio.run(_run, tmp_path / f"{seed}.db", seed, clock=clock)
        assert kept == list(range(HONEST_CALLS)), f"seed {seed}"
        failures = [line for line in logged if "inside the daemon" in line["event"]]
        assert not failures, f"seed {seed}"
