"""Half a frame and then nothing: the peer is told and let go, and only then."""

import json
from pathlib import Path

import trio
import trio.testing

from penholder_protocol.limits import FRAME_TIMEOUT_MS
from tests.helpers.sim.daemon import simulated_daemon

PING = b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\n'


async def _half(path: Path) -> tuple[bytes, bytes]:
    """Leave half a frame lying; returns what came before the time was over, and after it."""
    async with simulated_daemon(path, 1) as daemon:
        stream = daemon.connect()
        await stream.send_all(PING + PING[:10])
        before = bytes(await stream.receive_some())
        await trio.sleep(FRAME_TIMEOUT_MS / 1000 - 1)
        daemon.check_patience()
        await trio.testing.wait_all_tasks_blocked()
        assert not daemon.connections[0].unsent_bytes
        await trio.sleep(2)
        daemon.check_patience()
        after = b""
        with trio.fail_after(FRAME_TIMEOUT_MS / 1000):
            async for chunk in stream:
                after += bytes(chunk)
        return before, after


def test_half_a_frame_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    before, after = trio.run(_half, tmp_path / "p.db", clock=clock)
    assert json.loads(before)["result"]["pong"] is True
    told = json.loads(after)
    assert told["id"] is None
    assert told["error"]["data"]["details"]["limit"] == "FRAME_TIMEOUT_MS"
