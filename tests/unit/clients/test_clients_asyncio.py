"""The awaited client under asyncio, against a daemon played by hand."""

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import trio

from penholder import ConnectionLost, DaemonUnreachable, NotUnderstood, open_client
from penholder_protocol import nouns
from penholder_protocol.errors import (
    Busy,
    Fenced,
    PenholderError,
    StoreFailed,
    TooManyConnections,
    ValueTooLarge,
)
from penholder_protocol.limits import MAX_FRAME_BYTES
from tests.helpers.aside import LONG_S
from tests.helpers.fake_daemon import FakeDaemon
from tests.helpers.in_asyncio import accepted, all_waiting, in_asyncio, waiting
from tests.helpers.records import CONTROLLER, PONG


# --- calls -----------------------------------------------------------------------------------
@in_asyncio
async def test_calls_typed_and_by_name(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = asyncio.create_task(client.controller.get(controller_id="c"))
        peer, request = await accepted(fake)
        assert (request["method"], request["params"]) == ("controller.get", {"controller_id": "c"})
        peer.answer(request, CONTROLLER)
        assert await calling == msgspec.convert(CONTROLLER, nouns.Controller)
        by_name = asyncio.create_task(client.call("rpc.ping", {}, nouns.Pong))
        peer.answer(await waiting(peer.read), PONG)
        assert await by_name == msgspec.convert(PONG, nouns.Pong)
        latest = asyncio.create_task(client.event.latest(worker_id="w"))
        peer.answer(await waiting(peer.read), None)
        assert await latest is None


@in_asyncio
async def test_errors_are_typed(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:
        calling = asyncio.create_task(client.worker.stop(worker_id="w"))
        peer, request = await accepted(fake)
        peer.refuse(request, Fenced("old", current_epoch=3))
        with pytest.raises(Fenced, match="old") as caught:
            await calling
        assert caught.value.details == {"current_epoch": 3}


@in_asyncio
async def test_many_tasks_share_one_connection_and_are_answered_as_they_finish(
    fake: FakeDaemon,
) -> None:
    names = [f"c{number}" for number in range(100)]
    async with open_client(fake.path) as client, asyncio.TaskGroup() as group:
        calls = {
            name: group.create_task(client.controller.get(controller_id=name)) for name in names
        }
        peer = await waiting(fake.accept)
        for request in reversed([await waiting(peer.read) for _ in names]):
            result = {**CONTROLLER, "controller_id": request["params"]["controller_id"]}
            await waiting(peer.answer, request, result)
        for name, call in calls.items():
            assert (await call).controller_id == name


@in_asyncio
async def test_a_large_request_arrives_whole_though_its_task_is_cancelled(fake: FakeDaemon) -> None:
    text = "x" * 900_000
    async with open_client(fake.path) as client:
        large = asyncio.create_task(client.event.append(type="t", data={"text": text}))
        peer = await waiting(fake.accept)
        await all_waiting()
        large.cancel()
        small = asyncio.create_task(client.rpc.ping())
        await all_waiting()
        assert (await waiting(peer.read))["params"]["data"] == {"text": text}
        peer.answer(await waiting(peer.read), PONG)
        assert (await small).pong


@in_asyncio
async def test_what_no_daemon_could_read_is_not_sent(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:
        with pytest.raises(ValueTooLarge):
            await client.event.append(type="t", data={"text": "x" * 2_000_000})
        pinging = asyncio.create_task(client.rpc.ping())
        peer, request = await accepted(fake)
        assert request["method"] == "rpc.ping"
        peer.answer(request, PONG)
        assert (await pinging).pong


# --- cancellation ------------------------------------------------------------------------------
@in_asyncio
async def test_a_wait_that_times_out_ends_in_the_daemon_too(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:
        time = asyncio.timeout(None)

        async def wait_in_time() -> None:
            async with time:
                await client.journal.wait(streams=["*"], after=0)

        timed = asyncio.create_task(wait_in_time())
        peer, request = await accepted(fake)
        # Only now: on a busy machine a short time may be over before anything is sent.
        time.reschedule(asyncio.get_running_loop().time())
        with pytest.raises(TimeoutError):
            await timed
        told = await waiting(peer.read)
        assert (told["method"], told["params"]) == ("rpc.cancel", {"id": request["id"]})
        assert "id" not in told
        peer.answer(request, {"items": [], "pos": 0})
        calling = asyncio.create_task(client.rpc.ping())
        peer.answer(await waiting(peer.read), PONG)
        assert (await calling).pong, "the late answer is nobody's"


@in_asyncio
async def test_a_call_that_fails_in_a_group_cancels_the_waits_beside_it(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client:

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(client.journal.wait(streams=["*"], after=0))
                group.create_task(client.worker.stop(worker_id="w"))

        together = asyncio.create_task(both())
        peer, wait = await accepted(fake)
        peer.refuse(await waiting(peer.read), Fenced("old"))
        with pytest.raises(ExceptionGroup) as caught:
            await together
        assert isinstance(caught.value.exceptions[0], Fenced)
        assert (await waiting(peer.read))["params"] == {"id": wait["id"]}


@in_asyncio
async def test_a_cancelled_program_leaves_its_client(fake: FakeDaemon) -> None:
    async def program() -> None:
        async with open_client(fake.path) as client:
            await client.rpc.ping()

    running = asyncio.create_task(program())
    peer, _ = await accepted(fake)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await waiting(peer.read) == {}, "the connection is closed"


_INTERRUPTED = """
import asyncio, sys
import penholder
async def main():
    async with penholder.open_client(sys.argv[1]) as client:
        await client.journal.wait(streams=["*"], after=0, timeout_ms=300_000)
asyncio.run(main())
"""


def test_ctrl_c_ends_a_program_and_its_wait(fake: FakeDaemon) -> None:
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", _INTERRUPTED, str(fake.path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        peer = fake.accept()
        assert peer.read()["method"] == "journal.wait"
        program.send_signal(signal.SIGINT)
        assert peer.read().get("method") in {"rpc.cancel", None}
        _, said = program.communicate(timeout=LONG_S)
    assert program.returncode == -signal.SIGINT
    assert said.strip().endswith("KeyboardInterrupt")
    assert "Warning" not in said


# --- reconnecting ------------------------------------------------------------------------------
@in_asyncio
async def test_open_requests_fail_at_once_when_the_connection_closes(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=0) as client:
        calls = [asyncio.create_task(client.rpc.ping()) for _ in range(3)]
        peer, _ = await accepted(fake)
        await waiting(peer.read)
        await waiting(peer.read)
        peer.hang_up()
        for call in calls:
            with pytest.raises(ConnectionLost, match=r"rpc\.ping.*closed the connection"):
                await call


@in_asyncio
async def test_mutations_are_sent_again_under_their_keys(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        registered = [
            asyncio.create_task(client.controller.register(label="l", workspace_key="/w"))
            for _ in range(3)
        ]
        peer, first = await accepted(fake)
        sent = [first, await waiting(peer.read), await waiting(peer.read)]
        peer.hang_up()
        peer = await waiting(fake.accept)
        again = [await waiting(peer.read) for _ in registered]
        for request in again:
            peer.answer(request, CONTROLLER)
        for call in registered:
            assert (await call).controller_id == "c"
        keys = {request["params"]["idempotency_key"] for request in sent}
        assert len(keys) == 3
        assert {request["params"]["idempotency_key"] for request in again} == keys


@in_asyncio
async def test_a_daemon_that_comes_late(fake: FakeDaemon) -> None:
    fake.stop()
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = asyncio.create_task(client.rpc.ping())
        await all_waiting()
        fake.start()
        peer, request = await accepted(fake)
        peer.answer(request, PONG)
        assert (await calling).pong


@pytest.mark.parametrize("error", [Busy(), StoreFailed(outcome="unknown")])
@in_asyncio
async def test_a_busy_daemon_is_asked_again(error: PenholderError, fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = asyncio.create_task(client.controller.register(label="l", workspace_key="/w"))
        peer, request = await accepted(fake)
        peer.refuse(request, error)
        again = await waiting(peer.read)
        assert again["params"] == request["params"]
        peer.answer(again, CONTROLLER)
        assert (await calling).controller_id == "c"


@in_asyncio
async def test_why_the_daemon_hung_up_is_read_though_nothing_can_be_sent(fake: FakeDaemon) -> None:
    """The transport gives up where it cannot send; what was answered before lies in the socket."""
    async with open_client(fake.path, reconnect_s=0) as client:
        first = asyncio.create_task(client.rpc.ping())
        peer, request = await accepted(fake)
        peer.answer(request, PONG)
        assert (await first).pong
        # All in one turn of the loop, so that it finds out when it sends.
        second = client.rpc.ping()
        peer.refuse({"id": None}, TooManyConnections())
        peer.hang_up()
        with pytest.raises(TooManyConnections):
            await second


@pytest.mark.parametrize("sent", [b'{"id": {}}\n', b"x" * (MAX_FRAME_BYTES + 1)])
@in_asyncio
async def test_what_is_no_message_ends_the_connection(fake: FakeDaemon, sent: bytes) -> None:
    async with open_client(fake.path, reconnect_s=60) as client:
        calling = asyncio.create_task(client.rpc.ping())
        peer, _ = await accepted(fake)
        await asyncio.to_thread(peer.send_bytes, sent)
        with pytest.raises(NotUnderstood, match="no message"):
            await calling


@in_asyncio
async def test_a_daemon_that_hangs_is_given_up(fake: FakeDaemon) -> None:
    fake.stop()
    fake.start(backlog=0)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(fake.path))
        async with open_client(fake.path, reconnect_s=0) as client:
            with pytest.raises(DaemonUnreachable, match="temporarily unavailable"):
                await client.rpc.ping()


@in_asyncio
async def test_a_long_path(fake: FakeDaemon) -> None:
    deep = fake.path.parent / ("d" * 120)
    deep.symlink_to(fake.path.parent)
    async with open_client(deep / "control.sock") as client:
        calling = asyncio.create_task(client.rpc.ping())
        peer, request = await accepted(fake)
        peer.answer(request, PONG)
        assert (await calling).pong


# --- closing -----------------------------------------------------------------------------------
@in_asyncio
async def test_leaving_fails_open_calls_and_ends_attempts(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=LONG_S) as client:
        calling = asyncio.create_task(client.rpc.ping())
        await accepted(fake)
        fake.stop()
        trying = asyncio.create_task(client.rpc.ping())
        await all_waiting()
    for call in (calling, trying):
        with pytest.raises(ConnectionLost, match="closed"):
            await call
    with pytest.raises(ConnectionLost, match="closed"):
        await client.rpc.ping()


@in_asyncio
async def test_an_error_in_the_block_comes_out_as_it_is(fake: FakeDaemon) -> None:
    async def program() -> None:
        async with open_client(fake.path) as client:
            calling = asyncio.create_task(client.rpc.ping())
            peer, request = await accepted(fake)
            peer.answer(request, PONG)
            await calling
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await program()


def test_nothing_is_left_open_where_the_loop_ends_with_the_client(fake: FakeDaemon) -> None:
    before = set(os.listdir("/proc/self/fd"))

    async def program() -> None:
        async with open_client(fake.path) as client:
            calling = asyncio.create_task(client.rpc.ping())
            peer, request = await accepted(fake)
            peer.answer(request, PONG)
            await calling
            peer.hang_up()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(program())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    gc.collect()
    assert set(os.listdir("/proc/self/fd")) == before


# --- which of both runs ------------------------------------------------------------------------
async def _ping(fake: FakeDaemon) -> None:
    async with open_client(fake.path, reconnect_s=0) as client:
        with pytest.raises(DaemonUnreachable):
            await client.rpc.ping()


def test_each_runs_in_the_other(fake: FakeDaemon) -> None:
    """Trio in a thread of asyncio's, and asyncio in a thread of trio's."""
    fake.stop()

    async def in_trio() -> None:
        await _ping(fake)
        await trio.to_thread.run_sync(asyncio.run, _ping(fake))

    async def in_loop() -> None:
        await _ping(fake)
        await asyncio.to_thread(trio.run, _ping, fake)

    trio.run(in_trio)
    asyncio.run(in_loop())


def test_a_client_is_entered_once_and_before_it_is_used(fake: FakeDaemon) -> None:
    async def program() -> None:
        client = open_client(fake.path)
        with pytest.raises(RuntimeError, match="enter the client first"):
            await client.rpc.ping()
        with pytest.raises(RuntimeError, match="enter the client first"):
            client.subscribe(["*"])
        async with client:
            with pytest.raises(RuntimeError, match="entered before"):
                await client.__aenter__()

    asyncio.run(program())
    trio.run(program)


def test_only_what_runs_the_program_is_imported(fake: FakeDaemon) -> None:
    head = (
        "import sys; from penholder import open_client\n"
        "assert not {'trio', 'asyncio'} & set(sys.modules)\n"
        "async def main():\n"
        f"    async with open_client({str(fake.path)!r}) as client:\n"
        "        await client.rpc.ping()\n"
    )
    fake.stop()
    fake.start()
    for runs, other in (("asyncio", "trio"), ("trio", "asyncio")):
        tail = f"import {runs}\n{runs}.run(main{'()' if runs == 'asyncio' else ''})\n"
        tail += f"assert 'penholder._{other}' not in sys.modules\n"
        tail += "assert 'trio' not in sys.modules\n" if runs == "asyncio" else ""
        command = [sys.executable, "-W", "error", "-c", head + tail]
        with subprocess.Popen(command, cwd=Path("/")) as program:
            peer = fake.accept()
            peer.answer(peer.read(), PONG)
            assert program.wait(LONG_S) == 0
