"""An ownership for a block: acquired, renewed, released, and told of where it was lost.

Each thing is shown with the client that blocks, under trio and under asyncio.
"""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import pytest
import trio

from penholder import Ownership, open_client
from penholder._awaited import owned as awaited
from penholder._blocking import owned as blocking
from penholder.blocking import Client
from penholder_protocol.errors import ControllerOwnershipConflict, Fenced, FenceRequired
from penholder_protocol.nouns import Handle
from tests.helpers.daemon_process import DaemonProcess, make_worker

_LEASE_MS = 300
_TIMEOUT_S = 30
Body: TypeAlias = Callable[[Ownership], None]
Hold: TypeAlias = Callable[..., None]
"""Owns the controller c with these options, and has a body run meanwhile."""


class _Other:
    """Somebody else, who sees and acts on the controller while it is owned."""

    def __init__(self, daemon: DaemonProcess) -> None:
        with daemon.connect() as control:
            self.worker_id = make_worker(control)
        self.client = Client(daemon.control_socket)
        self.room = self.client.controller

    def owner_epoch(self) -> int | None:
        owner = self.room.status(controller_id="c").active_owner
        return None if owner is None else owner.epoch

    def until(self, condition: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + _TIMEOUT_S
        while not condition():
            assert time.monotonic() < ends_at
            self.client.rpc.ping()

    def until_renewed(self, owned: Ownership, times: int = 1) -> None:
        for _ in range(times):
            self.until(partial(_is_renewed, owned, owned.handle))


def _is_renewed(owned: Ownership, before: Handle) -> bool:
    return owned.handle is not before


@pytest.fixture
def other(daemon: DaemonProcess) -> Iterator[_Other]:
    """Give somebody else."""
    made = _Other(daemon)
    with made.client:
        yield made


def _hold_blocking(daemon: DaemonProcess, body: Body, **options: Any) -> None:
    with Client(daemon.control_socket) as client, client.controller.owned("c", **options) as owned:
        body(owned)


def _hold_in_trio(daemon: DaemonProcess, body: Body, **options: Any) -> None:
    async def program() -> None:
        async with (
            open_client(daemon.control_socket) as client,
            client.controller.owned("c", **options) as owned,
        ):
            await trio.to_thread.run_sync(body, owned)

    trio.run(program)


def _hold_in_asyncio(daemon: DaemonProcess, body: Body, **options: Any) -> None:
    async def program() -> None:
        async with (
            open_client(daemon.control_socket) as client,
            client.controller.owned("c", **options) as owned,
        ):
            await asyncio.to_thread(body, owned)

    asyncio.run(program())


@pytest.fixture(params=[_hold_blocking, _hold_in_trio, _hold_in_asyncio], ids=lambda f: f.__name__)
def hold(request: pytest.FixtureRequest, daemon: DaemonProcess) -> Hold:
    """Give each client's way to own."""
    return partial(request.param, daemon)


# --- all three ---------------------------------------------------------------------------------
def test_it_is_owned_renewed_and_released(hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        assert other.owner_epoch() == owned.epoch == owned.fence.epoch == 1
        assert owned.handle.token == owned.fence.token
        with pytest.raises(FenceRequired):
            other.client.worker.transition(worker_id=other.worker_id, to="running")
        other.client.worker.transition(worker_id=other.worker_id, to="running", fence=owned.fence)
        other.until_renewed(owned, 4)  # longer than the lease would have lasted
        with pytest.raises(ControllerOwnershipConflict):
            other.room.acquire(controller_id="c")
        assert owned.handle.token == owned.fence.token
        assert owned.fence.token not in repr(owned)

    hold(body, lease_ms=_LEASE_MS)
    assert other.owner_epoch() is None


def test_who_takes_over_is_noticed_within_and_told_of_at_the_end(hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        owned.require()
        other.room.acquire(controller_id="c", takeover=True)
        with pytest.raises(Fenced):
            other.client.worker.stop(worker_id=other.worker_id, fence=owned.fence)
        other.until(lambda: owned.lost is not None)
        with pytest.raises(Fenced, match="was lost"):
            owned.require()

    told = r"controller c \(epoch 1\) was lost: somebody else acquired it, under epoch 2"
    with pytest.raises(Fenced, match=told) as caught:
        hold(body, lease_ms=_LEASE_MS)
    assert caught.value.details == {"controller_id": "c", "current_epoch": 2}
    assert other.owner_epoch() == 2, "what is another's stays"


@pytest.mark.parametrize("lease_ms", [None, 60_000])
def test_the_release_tells_where_no_renewal_did(
    hold: Hold, other: _Other, lease_ms: int | None
) -> None:
    def body(owned: Ownership) -> None:
        other.room.release(controller_id="c", force=True)
        assert owned.lost is None

    with pytest.raises(Fenced, match="was lost: somebody else released it"):
        hold(body, lease_ms=lease_ms)


def test_an_error_in_the_block_comes_out_and_it_is_released(hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        hold(body)
    assert other.owner_epoch() is None
    assert not hasattr(caught.value, "__notes__")


def test_an_error_where_it_was_lost_says_so_too(hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        other.room.acquire(controller_id="c", takeover=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        hold(body)
    assert "was lost: somebody else acquired it" in caught.value.__notes__[0]


def test_the_refusal_of_a_call_comes_out_as_it_is(hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        other.room.acquire(controller_id="c", takeover=True)
        other.client.worker.stop(worker_id=other.worker_id, fence=owned.fence)

    with pytest.raises(Fenced) as caught:
        hold(body)
    assert "was lost" not in str(caught.value)


def test_an_owner_is_in_the_way_unless_it_is_taken_over(hold: Hold, other: _Other) -> None:
    other.room.acquire(controller_id="c")
    ran: list[int] = []
    with pytest.raises(ControllerOwnershipConflict, match="takeover"):
        hold(lambda owned: ran.append(owned.epoch))
    assert other.owner_epoch() == 1
    hold(lambda owned: ran.append(owned.epoch), takeover=True)
    assert ran == [2]
    assert other.owner_epoch() is None


def test_it_goes_on_over_a_crash(daemon: DaemonProcess, hold: Hold, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        daemon.restart()
        other.until_renewed(owned, 2)
        assert owned.failure is owned.lost is None

    hold(body, lease_ms=_LEASE_MS)
    assert other.owner_epoch() is None


def test_a_daemon_that_is_gone_holds_no_error_up(
    daemon: DaemonProcess, hold: Hold, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in (awaited, blocking):
        monkeypatch.setattr(side, "RELEASE_S", 0.1)
    with daemon.connect() as control:
        make_worker(control)

    def body(owned: Ownership) -> None:
        daemon.stop()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hold(body, lease_ms=_LEASE_MS)


# --- cancellation ------------------------------------------------------------------------------
async def test_a_cancelled_block_releases_under_trio(daemon: DaemonProcess, other: _Other) -> None:
    async with open_client(daemon.control_socket) as client:
        with trio.CancelScope() as scope:
            async with client.controller.owned("c"):
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert (await client.controller.status(controller_id="c")).active_owner is None


def test_a_cancelled_block_releases_under_asyncio(daemon: DaemonProcess, other: _Other) -> None:
    async def program() -> None:
        async with open_client(daemon.control_socket) as client:
            with suppress(TimeoutError):
                async with client.controller.owned("c"), asyncio.timeout(0):
                    await asyncio.Event().wait()
            status = await client.controller.status(controller_id="c")
            instances = await client.controller.instances(controller_id="c", active_only=False)
            assert (status.active_owner, len(instances.items)) == (None, 1)

    asyncio.run(program())


# --- the client that blocks --------------------------------------------------------------------
def test_a_call_that_waits_long_holds_no_renewal_up(daemon: DaemonProcess, other: _Other) -> None:
    def body(owned: Ownership) -> None:
        client.event.wait(worker_id=other.worker_id, timeout_ms=5 * _LEASE_MS)
        with pytest.raises(ControllerOwnershipConflict):
            other.room.acquire(controller_id="c")
        assert owned.lost is None

    client = Client(daemon.control_socket)
    with client, client.controller.owned("c", lease_ms=_LEASE_MS) as owned:
        body(owned)


_HEAD = """
import os, sys, warnings
from penholder.blocking import Client
warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads, which we mean to
client = Client(sys.argv[1])
"""
_FORKS = """
with client.controller.owned("c") as owned:
    if (pid := os.fork()) == 0:
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert client.controller.status(controller_id="c").active_owner.epoch == owned.epoch
assert client.controller.status(controller_id="c").active_owner is None
client.close()
"""
_WAITS = """
with client, client.controller.owned("c"):
    print("owned", flush=True)
    now = client.journal.position().pos
    client.journal.wait(streams=["*"], after=now, timeout_ms=300_000)
"""
_ENDS = """
import signal
from penholder._blocking import owned as owning

def interrupted_once(kind, name):
    method = getattr(kind, name)
    def interrupt_first(*args, **options):
        setattr(kind, name, method)
        signal.raise_signal(signal.SIGINT)
        return method(*args, **options)
    setattr(kind, name, interrupt_first)

with client, client.controller.owned("c"):
    ends = {"renewing": (owning._Renewing, "join"), "release": (Client, "ask")}
    interrupted_once(*ends[sys.argv[2]])
    if sys.argv[3] == "failed":
        raise SystemExit("the block's own end")
"""


def _program(daemon: DaemonProcess, script: str, *args: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _HEAD + script, str(daemon.control_socket), *args],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_child_that_leaves_the_block_releases_nothing(
    daemon: DaemonProcess, other: _Other
) -> None:
    with _program(daemon, _FORKS) as program:
        assert program.communicate(timeout=_TIMEOUT_S) == ("", "")
    assert program.returncode == 0


def test_ctrl_c_releases(daemon: DaemonProcess, other: _Other) -> None:
    with _program(daemon, _WAITS) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "owned\n"
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=_TIMEOUT_S)
    assert (program.returncode, said.splitlines()[-1]) == (-signal.SIGINT, "KeyboardInterrupt")
    assert other.owner_epoch() is None


@pytest.mark.parametrize("block", ["well", "failed"])
@pytest.mark.parametrize("when", ["renewing", "release"])
def test_ctrl_c_while_it_ends_releases(
    daemon: DaemonProcess, other: _Other, when: str, block: str
) -> None:
    with _program(daemon, _ENDS, when, block) as program:
        program.communicate(timeout=_TIMEOUT_S)
    assert program.returncode == -signal.SIGINT
    assert other.owner_epoch() is None
