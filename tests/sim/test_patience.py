"""Peers that do not read: how long the daemon waits for them, and what stops meanwhile."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import structlog.testing
import trio
import trio.testing

from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.shell.connections.connection import Connection
from penholder_protocol.limits import (
    FRAME_TIMEOUT_MS,
    HIGH_WATER_BYTES,
    MAX_FRAME_BYTES,
    MAX_LAG_BYTES,
    PEER_STALLED_MS,
)
from tests.helpers.sim.client import SimulatedClient
from tests.helpers.sim.daemon import SimulatedDaemon, simulated_daemon
from tests.helpers.sim.stream_transport import StreamTransport


class DeafTransport(StreamTransport):
    """A peer that sends, and takes what it is sent only when it is told to listen."""

    def __init__(self, stream: trio.StapledStream) -> None:  # type: ignore[type-arg]  # of any kind
        """Begin deaf."""
        super().__init__(stream)
        self.listens = trio.Event()

    async def send(self, data: bytes) -> None:
        """Take it some time."""
        await self.listens.wait()
        await super().send(data)


def _connect(
    daemon: SimulatedDaemon, nursery: trio.Nursery
) -> tuple[trio.abc.Stream, DeafTransport, Connection]:
    client, server = trio.testing.memory_stream_pair()
    transport = DeafTransport(server)
    caller = Caller(CONTROL, 0, 2000)
    connection = Connection(transport, caller, daemon.services)
    nursery.start_soon(connection.run)
    return client, transport, connection


async def _fill(daemon: SimulatedDaemon, nursery: trio.Nursery) -> None:
    """Make a worker whose events fill pages of almost a frame."""
    control = SimulatedClient(daemon.connect(), nursery)
    await control.call("controller.register", controller_id="c", label="c", workspace_key="/")
    await control.call(
        "worker.create", worker_id="w", controller_id="c", label="w", launcher="l", profile="p",
        cwd="/",
    )  # fmt: skip
    for _ in range(4):
        await control.call("event.append", worker_id="w", type="t", data={"x": "y" * 240_000})


async def _some(client: trio.abc.Stream) -> bytes:
    chunk = bytes(await client.receive_some())
    assert chunk, "the connection ended"
    return chunk


def _reads(count: int) -> bytes:
    read = {"jsonrpc": "2.0", "method": "event.list", "params": {"worker_id": "w"}}
    return b"".join(json.dumps({**read, "id": n}).encode() + b"\n" for n in range(count))


T = TypeVar("T")


def _run(path: Path, function: Callable[[Path], Awaitable[T]]) -> T:
    return trio.run(function, path, clock=trio.testing.MockClock(autojump_threshold=0))


async def _never_read(path: Path) -> tuple[int, bool, bool]:
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        await _fill(daemon, nursery)
        client, _, _ = _connect(daemon, nursery)
        await client.send_all(_reads(50))
        await trio.sleep(PEER_STALLED_MS / 1000 - 1)
        daemon.check_patience()
        await trio.testing.wait_all_tasks_blocked()
        held = daemon.services.accounts.held_bytes
        await trio.sleep(2)
        daemon.check_patience()
        await trio.testing.wait_all_tasks_blocked()
        ended = daemon.services.accounts.held_bytes == 0
        nursery.cancel_scope.cancel()
    return held, held > MAX_LAG_BYTES, ended


def test_who_never_reads_holds_little_and_is_ended_in_time(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logged:
        held, lags, ended = _run(tmp_path / "p.db", _never_read)
    assert lags
    assert held < MAX_LAG_BYTES + 2 * MAX_FRAME_BYTES
    assert ended
    assert "a peer has stopped reading and is ended" in [line["event"] for line in logged]


async def _read_late(path: Path) -> int:
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        await _fill(daemon, nursery)
        client, transport, _ = _connect(daemon, nursery)
        await client.send_all(_reads(50))
        for _ in range(3):
            await trio.sleep(PEER_STALLED_MS / 1000 - 1)
            daemon.check_patience()
            # It takes a little, and is waited for again.
            transport.listens.set()
            await trio.testing.wait_all_tasks_blocked()
            transport.listens = trio.Event()
        transport.listens.set()
        answers = b""
        while answers.count(b"\n") < 50:
            answers += await _some(client)
        daemon.check_patience()
        assert not daemon.services.lingering, "nobody is waited for any more"
        nursery.cancel_scope.cancel()
    return len({json.loads(line)["id"] for line in answers.splitlines()})


def test_who_reads_late_gets_everything(tmp_path: Path) -> None:
    assert _run(tmp_path / "p.db", _read_late) == 50


async def _begin_a_frame(path: Path) -> tuple[bytes, bool]:
    """Begin a frame behind so much unread that the daemon does not read on."""
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        await _fill(daemon, nursery)
        client, transport, _ = _connect(daemon, nursery)
        ping = b'{"jsonrpc":"2.0","id":"late","method":"rpc.ping"}\n'
        await client.send_all(_reads(HIGH_WATER_BYTES // 900_000 + 3))
        await trio.sleep(1)
        await client.send_all(ping[:10])
        await trio.sleep(1.5 * FRAME_TIMEOUT_MS / 1000)
        daemon.check_patience()
        transport.listens.set()
        await client.send_all(ping[10:])
        answers = b""
        while b'"late"' not in answers and b"TIMEOUT" not in answers:
            answers += await _some(client)
        nursery.cancel_scope.cancel()
    return answers, b"FRAME_TIMEOUT_MS" in answers


def test_the_clock_of_a_frame_stands_while_the_daemon_does_not_read(tmp_path: Path) -> None:
    answers, was_told = _run(tmp_path / "p.db", _begin_a_frame)
    assert b'"pong":true' in answers
    assert not was_told


async def _always_amid_a_frame(path: Path) -> bytes:
    """Send frame after frame, each in time, so that one is begun whenever one ends."""
    async with simulated_daemon(path, 1) as daemon, trio.open_nursery() as nursery:
        client, transport, _ = _connect(daemon, nursery)
        transport.listens.set()
        ping = b'{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}\n'
        answers = b""
        await client.send_all(ping[:10])
        for _ in range(4):
            await trio.sleep(0.4 * FRAME_TIMEOUT_MS / 1000)
            daemon.check_patience()
            await client.send_all(ping[10:] + ping[:10])
            answers += await _some(client)
        nursery.cancel_scope.cancel()
    return answers


def test_each_frame_has_its_own_time(tmp_path: Path) -> None:
    assert _run(tmp_path / "p.db", _always_amid_a_frame).count(b'"pong":true') == 4
