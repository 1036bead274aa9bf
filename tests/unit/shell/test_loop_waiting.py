"""A batch in the loop stands still where it would wait, and the loop goes on."""

import os
import select
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trio.testing
from psycopg.abc import PQGen
from psycopg.waiting import Wait

from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.store.postgres.loop_waiting import LoopHand, on_thread


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give the two ends of a connection; the first one is waited for."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


@asynccontextmanager
async def running_hub() -> AsyncIterator[Hub]:
    """Let a hub read until the block ends."""
    hub = Hub(lambda: None)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hub.run)
        yield hub
        nursery.cancel_scope.cancel()


def _reading(end: socket.socket) -> PQGen[bytes]:
    """Read as libpq does: where nothing has come, it says so and is asked again."""
    while True:
        yield Wait.R
        try:
            return end.recv(100)
        except BlockingIOError:
            continue


def _read_by(hand: LoopHand, end: socket.socket, found: list[bytes]) -> None:
    found.append(hand.follow(_reading(end), end.fileno()))


async def _until(is_so: Callable[[], bool]) -> None:
    with trio.fail_after(30):
        while not is_so():
            await trio.lowlevel.checkpoint()


async def test_the_loop_goes_on_while_a_batch_waits(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    found: list[bytes] = []
    hand = LoopHand()
    read = partial(_read_by, hand, ours, found)

    def batch() -> None:
        read()
        read()

    async with running_hub() as hub:
        # One hand carries out one batch after another.
        for _ in range(2):
            found.clear()
            hand.do(batch, hub)
            for count in (1, 2):
                await trio.testing.wait_all_tasks_blocked()
                assert len(found) == count - 1
                theirs.send(b"x")
                await _until(lambda: len(found) == count)  # noqa: B023 - asked in this round


async def test_what_cannot_stand_still_is_done_on_a_thread() -> None:
    done: list[object] = []
    may_end = threading.Event()
    hand = LoopHand()

    def slow() -> int:
        assert may_end.wait(30)
        return threading.get_ident()

    def fail() -> None:
        raise ZeroDivisionError

    def batch() -> None:
        done.append(on_thread(slow))
        with pytest.raises(ZeroDivisionError):
            on_thread(fail)
        done.append("failed")

    async with running_hub() as hub:
        hand.do(batch, hub)
        await trio.testing.wait_all_tasks_blocked()
        assert not done
        may_end.set()
        await _until(lambda: len(done) == 2)
    assert done[0] != threading.get_ident()
    # Whoever is in no such batch may wait himself.
    assert on_thread(threading.get_ident) == threading.get_ident()


async def test_a_batch_comes_to_its_end_though_the_loop_ends(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    """A daemon that fails ends all its tasks at once, and the hub with them."""
    ours, theirs = ends
    found: list[bytes] = []
    hand = LoopHand()

    def batch() -> None:
        _read_by(hand, ours, found)
        theirs.send(b"again")
        _read_by(hand, ours, found)

    async with running_hub() as hub:
        hand.do(batch, hub)
        await trio.testing.wait_all_tasks_blocked()
        # Not seen by the hub, which has no turn before it ends.
        theirs.send(b"last")
    assert found == [b"last", b"again"]


async def test_a_descriptor_that_is_closed_gives_its_number_to_another(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    told: list[str] = []
    async with running_hub() as hub:
        assert hub.when_ready(ours.fileno(), select.EPOLLOUT, lambda: told.append("first"))
        await _until(lambda: told == ["first"])
        new, other = socket.socketpair()
        with new, other:
            number = ours.fileno()
            os.dup2(new.fileno(), number)
            assert hub.when_ready(number, select.EPOLLIN, lambda: told.append("second"))
            other.send(b"x")
            await _until(lambda: told == ["first", "second"])
            # Once, and not again, though it is ready still.
            theirs.close()
            await trio.testing.wait_all_tasks_blocked()
            assert told == ["first", "second"]
