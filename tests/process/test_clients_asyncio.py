"""The awaited client under asyncio against the real daemon, which is killed under it."""

import asyncio

import pytest

from penholder import DaemonUnreachable, open_client
from penholder_protocol.errors import WorkerNotFound
from tests.helpers.daemon_process import DaemonProcess, make_worker
from tests.helpers.in_asyncio import all_waiting, in_asyncio


@pytest.fixture
def worker_id(daemon: DaemonProcess) -> str:
    """Make a worker of the controller c."""
    with daemon.connect() as control:
        return make_worker(control)


@in_asyncio
async def test_rooms_answer_and_refuse(daemon: DaemonProcess, worker_id: str) -> None:
    async with open_client(daemon.control_socket, operation="deploy") as client:
        assert (await client.rpc.hello(client="test")).you.socket == "control"
        worker = await client.worker.get(worker_id=worker_id)
        with pytest.raises(WorkerNotFound):
            await client.worker.get(worker_id="nobody")
    async with open_client(worker.socket_path) as runtime:
        await runtime.runtime.attach()
        assert (await runtime.event.append(type="t")).worker_id == worker_id


@in_asyncio
async def test_many_tasks_and_a_subscription_over_a_crash(
    daemon: DaemonProcess, worker_id: str
) -> None:
    tasks, each = 8, 40

    async with open_client(daemon.control_socket) as shared, asyncio.TaskGroup() as group:

        async def write() -> None:
            for _ in range(each):
                await shared.event.append(worker_id=worker_id, type="t")

        async with shared.subscribe([f"worker:{worker_id}"]) as entries:
            for _ in range(tasks):
                group.create_task(write())
            seen = [(await anext(entries)).seq for _ in range(20)]
            await asyncio.to_thread(daemon.restart)
            seen += [(await anext(entries)).seq for _ in range(tasks * each - 20)]
        assert seen == list(range(1, tasks * each + 1))
        events = await shared.event.list(worker_id=worker_id, limit=1000)
        assert [event.event_seq for event in events.items] == seen


@in_asyncio
async def test_a_wait_outlives_a_crash(daemon: DaemonProcess, worker_id: str) -> None:
    async with open_client(daemon.control_socket) as client:
        pos = (await client.journal.position()).pos
        waiting = asyncio.create_task(client.journal.wait(streams=["*"], after=pos))
        await client.rpc.ping()
        await asyncio.to_thread(daemon.restart)
        await client.event.append(worker_id=worker_id, type="t")
        assert [entry.type for entry in (await waiting).items] == ["t"]


@in_asyncio
async def test_cancelled_waits_free_their_places(daemon: DaemonProcess) -> None:
    async with open_client(daemon.control_socket) as client:

        async def wait() -> None:
            await client.journal.wait(streams=["*"], after=0, timeout_ms=300_000)

        for _ in range(3):  # together they are more than one connection may have open
            waits = [asyncio.create_task(wait()) for _ in range(100)]
            await all_waiting()
            for each in waits:
                each.cancel()
            await asyncio.wait(waits)
        assert (await client.rpc.ping()).pong


@in_asyncio
async def test_an_impatient_call_fails_at_once(daemon: DaemonProcess) -> None:
    async with open_client(daemon.control_socket, reconnect_s=0) as client:
        await client.rpc.ping()
        daemon.kill()
        with pytest.raises(ConnectionError):
            await client.journal.wait(streams=["*"], after=0)
        with pytest.raises(DaemonUnreachable, match=str(daemon.control_socket)):
            await client.rpc.ping()
