"""One turn of the loop does a bounded amount of work for one connection."""

import json
from pathlib import Path

import trio
import trio.testing

from penholder_protocol.limits import MAX_BATCH
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import simulated_daemon

MANY = 5000


def _lines(method: str) -> bytes:
    requests = ({"jsonrpc": "2.0", "id": number, "method": method} for number in range(MANY))
    return b"".join(json.dumps(each).encode() + b"\n" for each in requests)


async def _answered_before_the_other(path: Path, sent: bytes) -> int:
    """Send much on one connection, then ping on another; how much was answered before the ping?"""
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        honest = SimulatedClient(daemon.connect(), nursery)
        await honest.call("rpc.ping")
        await daemon.connect().send_all(sent)
        await honest.call("rpc.ping")
        answered = sum(daemon.services.counters.errors.values())
        nursery.cancel_scope.cancel()
    return answered


def test_what_one_connection_asks_for_at_once_keeps_nobody_waiting(tmp_path: Path) -> None:
    batch = b"[" + b",".join(_lines("no.such").split(b"\n")[:100]) + b"]\n"
    small = b"[" + b",".join(_lines("no.such").split(b"\n")[:60]) + b"]\n"
    asked = [_lines("no.such.method"), _lines("worker.lits"), batch * 40, small * 60]
    for number, sent in enumerate(asked):
        answered = trio.run(
            _answered_before_the_other,
            tmp_path / f"{number}.db",
            sent,
            clock=trio.testing.MockClock(autojump_threshold=0),
        )
        assert answered < MANY / 2


async def _answered_in_a_turn(path: Path, peers: int) -> int:
    """Have many send endless pipelines at once; how much is answered in a turn of the loop?"""
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        counted = daemon.services.counters.errors
        for _ in range(peers):
            nursery.start_soon(daemon.connect().send_all, _lines("no.such"))
        most = 0
        for _ in range(300):
            before = sum(counted.values())
            await trio.lowlevel.checkpoint()
            # The very first piece of each comes before anybody can know how many there are.
            if before > peers * 64:
                most = max(most, sum(counted.values()) - before)
        nursery.cancel_scope.cancel()
    return most


def test_many_pipelines_share_what_is_taken_in_a_turn(tmp_path: Path) -> None:
    for peers in (1, 20):
        clock = trio.testing.MockClock(autojump_threshold=0)
        most = trio.run(_answered_in_a_turn, tmp_path / f"{peers}.db", peers, clock=clock)
        assert 0 < most <= max(2 * 64, 2 * peers), f"{peers} peers"


async def _drained_in_a_batch(path: Path) -> set[int]:
    """Begin to drain while a batch is taken; which of its messages are answered?"""
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        stream = daemon.connect()
        batch = [{"jsonrpc": "2.0", "id": n, "method": "no.such"} for n in range(MAX_BATCH)]
        await stream.send_all(json.dumps(batch).encode() + b"\n")
        while not daemon.services.counters.errors:
            await trio.lowlevel.checkpoint()
        daemon.connections[0].stop_reading()
        answered = b""
        async for chunk in stream:
            answered += bytes(chunk)
        nursery.cancel_scope.cancel()
    return {answer["id"] for answer in json.loads(answered)}


def test_a_batch_that_is_being_taken_is_taken_as_a_whole(tmp_path: Path) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    assert trio.run(_drained_in_a_batch, tmp_path / "p.db", clock=clock) == set(range(MAX_BATCH))
