"""A tree of 1,000 levels from a real daemon, read by both clients and shown by the command line."""

import pytest
import trio

from penholder import open_client
from penholder.blocking import Client
from penholder_protocol.nouns import BriefTree
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder

LEVELS = 1000


@pytest.fixture
def deep(daemon: DaemonProcess) -> DaemonProcess:
    """Give a daemon with a board of briefs that are each below the one before."""
    with Client(daemon.control_socket) as client:
        client.board.create(board_id="b", goal="g")
        for first in range(0, LEVELS, 100):
            calls = [_create(level) for level in range(first, first + 100)]
            client.call("tx.apply", {"calls": calls})
    return daemon


def _create(level: int) -> dict[str, object]:
    params = {"board_id": "b", "brief_id": f"br{level}", "tier": 1, "role": "r"}
    above = {"parent_brief_id": f"br{level - 1}"} if level else {}
    return {"method": "brief.create", "params": {**params, **above}}


def _depth(tree: BriefTree) -> int:
    depth, items = 0, tree.items
    while items:
        depth, items = depth + 1, items[0].children
    return depth


def test_the_blocking_client(deep: DaemonProcess) -> None:
    with Client(deep.control_socket) as client:
        assert _depth(client.brief.tree(board_id="b")) == LEVELS
        assert isinstance(client.call("brief.tree", {"board_id": "b"}), dict)


async def test_the_trio_client(deep: DaemonProcess) -> None:
    async with open_client(deep.control_socket) as client:
        with trio.fail_after(30):
            assert _depth(await client.brief.tree(board_id="b")) == LEVELS


@pytest.mark.parametrize("kind", ["--json", "--no-json"])
def test_the_command_line(deep: DaemonProcess, kind: str) -> None:
    ran = penholder(deep, "brief", "tree", "--board-id", "b", kind)
    assert (ran.code, ran.err) == (0, "")
    assert f"br{LEVELS - 1}" in ran.out
