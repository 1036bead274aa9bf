"""What could be told to nobody is not looked for; what changes something is done all the same.

But for a wait that takes what it finds: what a peer that is gone would take, another can have.
"""

from pathlib import Path

import pytest
import trio

from penholder_daemon.core import execute
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.transaction import Rx
from tests.helpers.hostile_peers import message
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import SimulatedDaemon, simulated_daemon
from tests.helpers.sim.stream_transport import StreamTransport

pytestmark = pytest.mark.usefixtures("deterministic")

_FAR_AWAY = {"worker_id": "w", "after_seq": 1 << 40, "timeout_ms": 300_000}


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the queries that are carried out, and the looks of waits."""
    noted: list[str] = []
    query, look = execute.query, execute.look

    def noting_query(rx: Rx, call: Invocation) -> bytes:
        noted.append(call.method.name)
        return query(rx, call)

    def noting_look(rx: Rx, call: Invocation) -> object:
        noted.append(call.method.name)
        return look(rx, call)

    monkeypatch.setattr(execute, "query", noting_query)
    monkeypatch.setattr(execute, "look", noting_look)
    return noted


async def _make_worker(daemon: SimulatedDaemon, nursery: trio.Nursery) -> SimulatedClient:
    client = SimulatedClient(daemon.connect(), nursery)
    await client.call("controller.register", controller_id="c", label="c", workspace_key="/")
    await client.call(
        "worker.create", worker_id="w", controller_id="c", label="w", launcher="l",
        profile="p", cwd="/",
    )  # fmt: skip
    return client


async def test_of_notifications_only_what_does_something_is_carried_out(
    tmp_path: Path, carried_out: list[str]
) -> None:
    async with simulated_daemon(tmp_path / "p.db", 1) as daemon, trio.open_nursery() as nursery:
        client = await _make_worker(daemon, nursery)
        stream = daemon.connect()
        for method, params in (
            ("event.list", {"worker_id": "w"}),
            ("event.wait", _FAR_AWAY),
            ("event.append", {"worker_id": "w", "type": "told"}),
        ):
            asked = message(method, 1, **params).replace(b'"id":1,', b"").replace(b'"id": 1, ', b"")
            assert b'"id"' not in asked
            await stream.send_all(asked)
        await trio.sleep(1)
        assert carried_out == []
        assert daemon.services.accounts.held_bytes == 0
        found = await client.call("event.list", worker_id="w")
        assert [event["type"] for event in found["result"]["items"]] == ["told"]
        nursery.cancel_scope.cancel()


async def test_what_a_peer_that_is_gone_has_asked_is_not_looked_for(
    tmp_path: Path, carried_out: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the kernel would; it is asked when the peer has ended its sending half.
    monkeypatch.setattr(StreamTransport, "peer_is_gone", lambda _: True)
    slow = simulated_daemon(tmp_path / "p.db", 1, is_slow=True)
    async with slow as daemon, trio.open_nursery() as nursery:
        client = await _make_worker(daemon, nursery)
        stream = daemon.connect()
        # A batch is answered as a whole: no answer that cannot be sent tells of the end before.
        asked = [message("event.list", number, worker_id="w").strip() for number in range(99)]
        asked.append(message("event.append", "told", worker_id="w", type="told").strip())
        await stream.send_all(b"[" + b",".join(asked) + b"]\n")
        await stream.aclose()
        await trio.sleep(1)
        assert len(carried_out) < 50
        found = await client.call("event.list", worker_id="w")
        assert [event["type"] for event in found["result"]["items"]] == ["told"]
        nursery.cancel_scope.cancel()


async def test_of_a_peer_that_is_gone_while_its_batches_are_taken_only_changes_are_carried_out(
    tmp_path: Path, carried_out: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_daemon(tmp_path / "p.db", 1) as daemon, trio.open_nursery() as nursery:
        client = await _make_worker(daemon, nursery)
        monkeypatch.setattr(StreamTransport, "peer_is_gone", lambda _: True)
        stream = daemon.connect()
        asked = [message("event.list", number, worker_id="w").strip() for number in range(98)]
        asked.append(message("event.append", "told", worker_id="w", type="told").strip())
        asked.append(message("event.wait", "far", **_FAR_AWAY).strip())
        # It does not end its sending half: all of it is there before anything is taken.
        await stream.send_all(2 * (b"[" + b",".join(asked) + b"]\n"))
        await trio.sleep(1)
        assert len(carried_out) <= daemon.services.turns.piece
        monkeypatch.setattr(StreamTransport, "peer_is_gone", lambda _: False)
        found = await client.call("event.list", worker_id="w")
        assert [event["type"] for event in found["result"]["items"]] == 2 * ["told"]
        nursery.cancel_scope.cancel()


async def test_a_wait_of_a_peer_that_is_gone_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_daemon(tmp_path / "p.db", 1) as daemon, trio.open_nursery() as nursery:
        client = SimulatedClient(daemon.connect(), nursery)
        await client.call("queue.submit", tenant_id="t", project_id="p", queue="q")
        monkeypatch.setattr(StreamTransport, "peer_is_gone", lambda _: True)
        stream = daemon.connect()
        await stream.send_all(message("queue.wait", queue="q", runner_id="gone", lease_ms=1000))
        await stream.aclose()
        await trio.sleep(1)
        assert daemon.services.accounts.held_bytes == 0
        monkeypatch.setattr(StreamTransport, "peer_is_gone", lambda _: False)
        found = await client.call("queue.wait", queue="q", runner_id="r", lease_ms=1000)
        [claimed] = found["result"]["items"]
        assert claimed["task"]["attempts"] == 1
        nursery.cancel_scope.cancel()
