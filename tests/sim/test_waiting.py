"""A wait looks through a long stream once, piece by piece, and on from there at every commit."""

import gc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from penholder_daemon.core import execute
from penholder_daemon.core.method import Invocation, Waiting
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.connections.pending import Pending
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.errors import Busy
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import simulated_daemon

PIECE = 10
_real_look = execute.look


class Looks:
    """What each look of a wait began after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Hear of every look."""
        self.began_after: list[object] = []
        monkeypatch.setattr(execute, "look", self._look)

    def _look(self, rx: Rx, call: Invocation) -> Waiting[object]:
        arguments = call.arguments
        self.began_after.append(arguments.get("cursor") or arguments.get("after"))
        return _real_look(rx, call)


async def _make_worker(client: SimulatedClient) -> None:
    await client.call("controller.register", controller_id="c", label="c", workspace_key="/")
    await client.call(
        "worker.create", worker_id="w", controller_id="c", label="w", launcher="l", profile="p",
        cwd="/",
    )  # fmt: skip


async def _append(client: SimulatedClient, *types: str) -> None:
    await client.call("event.append_many", worker_id="w", events=[{"type": each} for each in types])


async def _settled() -> None:
    for _ in range(3):
        await trio.testing.wait_all_tasks_blocked()


async def _wait(client: SimulatedClient, kept: list[Any], method: str, **params: object) -> None:
    kept.append(await client.call(method, types=["rare"], timeout_ms=5000, **params))


async def _play(path: Path, looks: Looks, method: str, **params: object) -> dict[str, Any]:
    """Wait beside 35 other events, then two single ones, then the rare one."""
    kept: list[Any] = []
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        client = SimulatedClient(daemon.connect(), nursery)
        await _make_worker(client)
        await _append(client, *["output"] * 35)
        nursery.start_soon(lambda: _wait(client, kept, method, **params))
        await _settled()
        looks.began_after.append("appended")
        await _append(client, "output")
        await _settled()
        await _append(client, "output")
        await _settled()
        assert not kept
        await _append(client, "rare")
        await _settled()
        nursery.cancel_scope.cancel()
    [answer] = kept
    result: dict[str, Any] = answer["result"]
    return result


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """Have one look pass over ten entries."""
    monkeypatch.setattr("penholder_daemon.core.journal.MAX_SCAN_ENTRIES", PIECE)
    monkeypatch.setattr("penholder_daemon.core.backlog.MAX_SCAN_ENTRIES", PIECE)
    return Looks(monkeypatch)


def _begun(looks: Looks) -> tuple[list[int], list[int]]:
    """Split where looks began into those before and after the first append."""
    at = looks.began_after.index("appended")
    before, after = looks.began_after[:at], looks.began_after[at + 1 :]
    return [int(str(each or 0)) for each in before], [int(str(each)) for each in after]


def test_event_wait_goes_on_from_where_it_came_to(tmp_path: Path, looks: Looks) -> None:
    async def play() -> dict[str, Any]:
        return await _play(tmp_path / "p.db", looks, "event.wait", worker_id="w")

    found = trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))
    assert [event["event_seq"] for event in found["items"]] == [38]
    assert _begun(looks) == ([0, 10, 20, 30], [35, 36, 37])


def test_journal_wait_goes_on_from_where_it_came_to(tmp_path: Path, looks: Looks) -> None:
    async def play() -> dict[str, Any]:
        return await _play(tmp_path / "p.db", looks, "journal.wait", streams=["*"], after=0)

    found = trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))
    assert [entry["pos"] for entry in found["items"]] == [40]
    assert _begun(looks) == ([0, 10, 20, 30], [37, 38, 39])


def test_an_empty_answer_at_the_timeout_has_a_next(tmp_path: Path, looks: Looks) -> None:
    async def play() -> Any:
        async with simulated_daemon(tmp_path / "p.db", 1) as daemon, trio.open_nursery() as nursery:
            client = SimulatedClient(daemon.connect(), nursery)
            await _make_worker(client)
            await _append(client, *["output"] * 35)
            answer = await client.call("event.wait", worker_id="w", types=["x"], timeout_ms=1000)
            nursery.cancel_scope.cancel()
            return answer["result"]

    found = trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))
    assert found == {"items": [], "next": "35"}
    assert len(looks.began_after) == 4


class _BusyWriter:
    """Stands for a writer whose queue is full."""

    def submit(self, job: WriteJob) -> None:  # noqa: ARG002
        """Refuse."""
        raise Busy("the writer's queue is full")

    def resume(self, account: Account) -> None:
        """Nothing was kept back."""


def test_nothing_is_kept_of_a_wait_that_was_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with simulated_daemon(tmp_path / "w.db", 1) as daemon, trio.open_nursery() as nursery:
            busy: Any = _BusyWriter()  # what a request needs of it
            daemon.services = replace(daemon.services, writer=busy)
            client = SimulatedClient(daemon.connect(), nursery)
            for _ in range(20):
                refused = await client.call("queue.wait", queue="q", runner_id="r", lease_ms=1000)
                assert refused["error"]["data"]["code"] == "BUSY"
            gc.collect()
            kept = [each for each in gc.get_objects() if isinstance(each, Pending)]
            nursery.cancel_scope.cancel()
        assert len(kept) <= 1

    trio.run(play, clock=trio.testing.MockClock(autojump_threshold=0))
