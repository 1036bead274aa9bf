"""Both clients against the real daemon, which is killed under them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
import trio
import trio.testing

from penholder import ConnectionLost, DaemonUnreachable, open_client
from penholder.blocking import Client
from penholder_protocol import nouns
from penholder_protocol.errors import Fenced, IdempotencyNotKept, WorkerNotFound
from penholder_protocol.limits import MAX_LAG_BYTES
from tests.helpers.daemon_process import DaemonProcess

_STREAMS = ["worker:w"]


@pytest.fixture
def client(daemon: DaemonProcess) -> Iterator[Client]:
    """Give a client of the control socket, a controller c and its worker w."""
    with Client(daemon.control_socket) as made:
        made.controller.register(controller_id="c", label="c", workspace_key="/w")
        made.worker.create(
            worker_id="w", controller_id="c", label="w", launcher="test", profile="p", cwd="/"
        )
        yield made


def _seqs(events: nouns.Page[nouns.Event]) -> list[int]:
    return [event.event_seq for event in events.items]


# --- what every day brings ---------------------------------------------------------------------
def test_an_owner_and_a_stale_one(client: Client) -> None:
    first = client.controller.acquire(controller_id="c")
    second = client.controller.acquire(controller_id="c", takeover=True)
    assert (first.epoch, second.epoch) == (1, 2)
    assert first.token is not None
    assert second.token is not None
    stale = nouns.Fence(epoch=first.epoch, token=first.token)
    with pytest.raises(Fenced) as caught:
        client.worker.stop(worker_id="w", fence=stale)
    assert caught.value.details["current_epoch"] == 2
    fence = nouns.Fence(epoch=second.epoch, token=second.token)
    assert client.worker.stop(worker_id="w", fence=fence).state == "stopped"


def test_every_room_answers(client: Client) -> None:
    assert client.rpc.hello(client="test").you.socket == "control"
    assert client.rpc.discover()["openrpc"] == "1.3.2"
    assert client.event.latest(worker_id="w") is None
    assert client.handoff.latest(worker_id="w") is None
    assert client.approval.list().items == []
    assert client.runtime.status(worker_id="w").attached is False
    assert client.daemon.health().ready
    assert client.journal.read(streams=["*"]).pos == client.journal.position().pos
    with pytest.raises(WorkerNotFound):
        client.worker.get(worker_id="nobody")


def test_several_mutations_at_once(client: Client) -> None:
    call = {"method": "event.append", "params": {"worker_id": "w", "type": "t", "data": {"n": 1}}}
    assert len(client.tx.apply(calls=[call, call]).results) == 2
    assert _seqs(client.event.list(worker_id="w")) == [1, 2]


def test_raw_json_goes_back_as_it_came(client: Client) -> None:
    first = client.event.append(worker_id="w", type="t", data={"n": 1}, raw=[None])
    client.event.append(worker_id="w", type="t", data=first.data, raw=first.raw)
    events = client.event.list(worker_id="w").items
    assert [bytes(event.data) for event in events] == [b'{"n":1}'] * 2
    assert [bytes(event.raw) for event in events] == [b"[null]"] * 2


def test_a_worker_need_not_name_itself(daemon: DaemonProcess, client: Client) -> None:
    path = client.worker.get(worker_id="w").socket_path
    assert path is not None
    with Client(path) as runtime:
        runtime.runtime.attach()
        assert runtime.event.append(type="t").worker_id == "w"
        assert runtime.worker.get().recovery_state == "attached"


def test_a_secret_is_not_told_twice(client: Client) -> None:
    client.controller.acquire(controller_id="c", idempotency_key="k")
    with pytest.raises(IdempotencyNotKept):
        client.controller.acquire(controller_id="c", idempotency_key="k")


def test_a_shutdown_is_done_once(daemon: DaemonProcess, client: Client) -> None:
    assert client.daemon.shutdown().stopping
    assert daemon.wait() == 0
    with Client(daemon.control_socket, reconnect_s=0) as late, pytest.raises(DaemonUnreachable):
        late.rpc.ping()


# --- kill -9 -----------------------------------------------------------------------------------
def test_every_mutation_is_done_once_over_a_crash(daemon: DaemonProcess, client: Client) -> None:
    count = 200

    def write() -> list[int]:
        return [client.event.append(worker_id="w", type="t").event_seq for _ in range(count)]

    with ThreadPoolExecutor(1) as pool, client.subscribe(_STREAMS) as entries:
        writing = pool.submit(write)
        seen = [entry.seq for entry in islice(entries, 20)]
        daemon.restart()
        seen += [entry.seq for entry in islice(entries, count - 20)]
        assert writing.result() == list(range(1, count + 1))
        assert seen == list(range(1, count + 1))


def test_a_subscription_goes_on_where_it_was(daemon: DaemonProcess, client: Client) -> None:
    client.event.append_many(worker_id="w", events=[{"type": "t"}] * 10)
    with client.subscribe(_STREAMS, after="start") as entries:
        assert [entry.seq for entry in islice(entries, 4)] == [1, 2, 3, 4]
        pos = entries.pos
        daemon.restart()
        client.event.append_many(worker_id="w", events=[{"type": "t"}] * 3)
        assert [entry.seq for entry in islice(entries, 9)] == list(range(5, 14))
    with client.subscribe(_STREAMS, after=pos) as entries:
        assert next(entries).seq == 5


def test_a_reader_that_lagged_misses_nothing(client: Client) -> None:
    text = "x" * 200_000
    count = 2 * MAX_LAG_BYTES // len(text)
    with client.subscribe(_STREAMS) as entries:
        for _ in range(count):
            client.event.append(worker_id="w", type="t", data={"text": text})
        assert [entry.seq for entry in islice(entries, count)] == list(range(1, count + 1))


def test_a_wait_outlives_a_crash(daemon: DaemonProcess, client: Client) -> None:
    pos = client.journal.position().pos
    with ThreadPoolExecutor(1) as pool, Client(daemon.control_socket) as waiter:
        waiting = pool.submit(lambda: waiter.journal.wait(streams=["*"], after=pos))
        daemon.restart()
        client.event.append(worker_id="w", type="t")
        assert [entry.type for entry in waiting.result().items] == ["t"]


def test_an_impatient_call_fails_at_once(daemon: DaemonProcess) -> None:
    with Client(daemon.control_socket, reconnect_s=0) as client, ThreadPoolExecutor(1) as pool:
        pos = client.journal.position().pos
        waiting = pool.submit(lambda: client.journal.wait(streams=["*"], after=pos))
        daemon.kill()
        with pytest.raises((ConnectionLost, DaemonUnreachable)):
            waiting.result()


async def test_many_tasks_over_a_crash(daemon: DaemonProcess, client: Client) -> None:
    tasks, each = 8, 40

    async with open_client(daemon.control_socket) as shared, trio.open_nursery() as nursery:

        async def write() -> None:
            for _ in range(each):
                await shared.event.append(worker_id="w", type="t")

        async with shared.subscribe(_STREAMS) as entries:
            for _ in range(tasks):
                nursery.start_soon(write)
            seen = [(await anext(entries)).seq for _ in range(20)]
            await trio.to_thread.run_sync(daemon.restart)
            seen += [(await anext(entries)).seq for _ in range(tasks * each - 20)]
        assert seen == list(range(1, tasks * each + 1))
    events = client.event.list(worker_id="w", limit=1000)
    assert _seqs(events) == seen


async def test_cancelled_waits_free_their_places(daemon: DaemonProcess) -> None:
    async with open_client(daemon.control_socket) as client:

        async def wait() -> None:
            await client.journal.wait(streams=["*"], after=0, timeout_ms=300_000)

        for _ in range(3):  # together they are more than one connection may have open
            async with trio.open_nursery() as nursery:
                for _ in range(100):
                    nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked()
                nursery.cancel_scope.cancel()
        assert (await client.rpc.ping()).pong
