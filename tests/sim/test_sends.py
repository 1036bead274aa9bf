"""How often a connection sends: once for all that a commit has for its peer."""

import json
from pathlib import Path

import trio
import trio.testing

from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.shell.connections.connection import Connection
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import simulated_daemon
from tests.helpers.sim.stream_transport import StreamTransport

SUBSCRIPTIONS = 3


class CountingTransport(StreamTransport):
    """Takes all at once, as a socket with room does, and keeps what it took."""

    sent: list[bytes]

    def try_send(self, data: bytes) -> int:
        """Take it."""
        self.sent.append(data)
        return len(data)


def _subscribe(number: int) -> bytes:
    params = {"streams": ["*"], "types": ["controller.registered"]}
    call = {"jsonrpc": "2.0", "id": number, "method": "journal.subscribe", "params": params}
    return json.dumps(call).encode() + b"\n"


async def _sends_of_a_commit(path: Path) -> list[bytes]:
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        stream, server = trio.testing.memory_stream_pair()
        transport = CountingTransport(server)
        transport.sent = []
        connection = Connection(transport, Caller(CONTROL, 0, 7), daemon.services)
        nursery.start_soon(connection.run)
        await stream.send_all(b"".join(_subscribe(number) for number in range(SUBSCRIPTIONS)))
        await trio.testing.wait_all_tasks_blocked()
        del transport.sent[:]
        other = SimulatedClient(daemon.connect(), nursery)
        await other.call("controller.register", controller_id="c", label="c", workspace_key="/")
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    return transport.sent


def test_subscriptions_of_one_connection_share_a_send(tmp_path: Path) -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    [sent] = trio.run(_sends_of_a_commit, tmp_path / "p.db", clock=clock)
    assert sent.count(b'"journal.entries"') == SUBSCRIPTIONS
