"""Who is stopped amid acquiring: it may have been done, and nobody else knows its token."""

import asyncio
import signal
import subprocess
import sys

import pytest
import trio

from penholder import open_client
from penholder_protocol.errors import InvalidControllerHandle
from tests.helpers.aside import LONG_S
from tests.helpers.fake_daemon import FakeDaemon, Json, Peer

_OWNER = {
    "instance_id": "i", "epoch": 7, "pid": 1, "host_id": "h", "created_at": "t",
    "lease_expires_at": None,
}  # fmt: skip
_STATUS = {"controller_id": "c", "label": "c", "workspace_key": "/w"}
_BLOCKING = """
import sys
from penholder.blocking import Client
with Client(sys.argv[1]) as client, client.controller.owned("c"):
    pass
"""


def _gives_back(asked: Json, peer: Peer, *, is_ours: bool) -> None:
    status = peer.read()
    assert status["method"] == "controller.status"
    peer.answer(status, {**_STATUS, "state": "active", "active_owner": _OWNER})
    released = peer.read()
    while released["method"] != "controller.release":
        released = peer.read()
    token = asked["params"]["token"]
    assert released["params"].items() >= {"controller_id": "c", "epoch": 7, "token": token}.items()
    if is_ours:
        release = {"controller_id": "c", "released": True, "reason": None, "released_at": "t"}
        peer.answer(released, {**release, "instance_id": "i", "epoch": 7})
    else:
        peer.refuse(released, InvalidControllerHandle(current_epoch=7))


def _acquiring(fake: FakeDaemon) -> tuple[Peer, Json]:
    peer = fake.accept()
    asked = peer.read()
    assert asked["method"] == "controller.acquire"
    return peer, asked


async def _own(fake: FakeDaemon) -> None:
    async with open_client(fake.path) as client, client.controller.owned("c"):
        pytest.fail("it was never answered")


@pytest.mark.parametrize("is_ours", [True, False])
async def test_under_trio(fake: FakeDaemon, nursery: trio.Nursery, is_ours: bool) -> None:
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as owning:
            owning.start_soon(_own, fake)
            peer, asked = await trio.to_thread.run_sync(_acquiring, fake)
            nursery.start_soon(
                trio.to_thread.run_sync, lambda: _gives_back(asked, peer, is_ours=is_ours)
            )
            scope.cancel()
    assert scope.cancelled_caught


@pytest.mark.parametrize("is_ours", [True, False])
def test_under_asyncio(fake: FakeDaemon, is_ours: bool) -> None:
    async def program() -> None:
        owning = asyncio.create_task(_own(fake))
        peer, asked = await asyncio.to_thread(_acquiring, fake)
        owning.cancel()
        await asyncio.to_thread(_gives_back, asked, peer, is_ours=is_ours)
        with pytest.raises(asyncio.CancelledError):
            await owning

    asyncio.run(program())


def test_of_a_program_that_blocks(fake: FakeDaemon) -> None:
    command = [sys.executable, "-W", "error", "-c", _BLOCKING, str(fake.path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as program:
        _, asked = _acquiring(fake)
        program.send_signal(signal.SIGINT)
        _gives_back(asked, fake.accept(), is_ours=True)
        program.communicate(timeout=LONG_S)
    assert program.returncode == -signal.SIGINT
