"""One task reads for all connections; what one of them meets is nobody else's."""

import gc
import os
import resource
import socket
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import partial
from time import perf_counter

import pytest
import trio
import trio.testing
from trio_jsonrpc.transport import TransportClosed

from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.connections.transport import SocketTransport


class Peer:
    """A connection's two ends: what its task has taken, and how it ended."""

    def __init__(self, scene: "Scene") -> None:
        """Connect."""
        there, here = socket.socketpair()
        self.end = scene.held.enter_context(here)
        self.transport = SocketTransport(there, scene.hub)
        scene.held.callback(self.transport.close)
        self.fd = there.fileno()
        self.taken: list[bytes] = []
        self.ended: Exception | None = None
        self.meets: Callable[[bytes], bool] = lambda _: True
        self._order = scene.order

    def take(self, data: bytes) -> bool:
        """Take what has come."""
        self.taken.append(data)
        self._order.append(data)
        return self.meets(data)

    async def serve(self) -> None:
        """Receive until it ends."""
        try:
            while True:
                await self.transport.receive(self.take)
        except Exception as error:  # noqa: BLE001 - a test looks at it
            self.ended = error


class Scene:
    """A hub and peers."""

    def __init__(self, nursery: trio.Nursery, held: ExitStack) -> None:
        """Let it run."""
        self.flushes = 0
        self.hub = Hub(self._flush)
        self.nursery = nursery
        self.held = held
        self.order: list[bytes] = []
        self.running = trio.CancelScope()
        nursery.start_soon(self._run)

    def _flush(self) -> None:
        self.flushes += 1

    async def _run(self) -> None:
        with self.running:
            await self.hub.run()

    async def peers(self, count: int) -> list[Peer]:
        """Connect so many, each with its task."""
        peers = [Peer(self) for _ in range(count)]
        for peer in peers:
            self.nursery.start_soon(peer.serve)
        await trio.testing.wait_all_tasks_blocked()
        return peers

    async def pass_on(self, *sent: tuple[Peer, bytes]) -> None:
        """Send in one turn of the loop, and let all of it be read."""
        for peer, data in sent:
            peer.end.send(data)
        await until(lambda: all(data in b"".join(peer.taken) or peer.ended for peer, data in sent))


async def until(is_so: Callable[[], bool]) -> None:
    """Let everybody have turns until something is so; a test that hangs has failed."""
    with trio.fail_after(30):
        while not is_so():
            await trio.lowlevel.checkpoint()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Give a hub without peers."""
    with ExitStack() as held:
        async with trio.open_nursery() as nursery:
            yield Scene(nursery, held)
            nursery.cancel_scope.cancel()


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Leave what leads to itself where it is."""
    gc.disable()
    yield
    gc.enable()


async def test_what_a_connection_meets_is_its_own_tasks_alone(scene: Scene) -> None:
    one, broken, other = await scene.peers(3)

    def fail(_: bytes) -> bool:
        raise ZeroDivisionError("a bug")

    broken.meets = fail
    await scene.pass_on((one, b"a"), (broken, b"b"), (other, b"c"))
    await until(lambda: broken.ended is not None)
    assert isinstance(broken.ended, ZeroDivisionError)
    await scene.pass_on((one, b"d"), (other, b"e"))
    assert (one.ended, other.ended) == (None, None)
    assert (one.taken, other.taken) == ([b"a", b"d"], [b"c", b"e"])


class _Large:
    """What a frame of a call holds, as a message of a megabyte."""


async def test_nothing_of_what_a_read_raised_is_kept(scene: Scene, no_collections: None) -> None:
    (peer,) = await scene.peers(1)
    held: list[weakref.ref[_Large]] = []

    def fail(_: bytes) -> bool:
        large = _Large()
        held.append(weakref.ref(large))
        raise TransportClosed

    peer.meets = fail
    await scene.pass_on((peer, b"x"))
    await until(lambda: peer.ended is not None)
    peer.ended = None
    await trio.lowlevel.checkpoint()
    assert held[0]() is None


async def test_a_connection_that_is_closed_while_it_is_ready_is_not_read(scene: Scene) -> None:
    peers = await scene.peers(3)
    for peer in peers:
        # Whoever is read first closes the others; the kernel says who that is.
        others = [each.transport for each in peers if each is not peer]
        peer.meets = partial(_close, others)
        peer.end.send(b"x")
    await until(lambda: sum(peer.ended is not None for peer in peers) == 2)
    for peer in peers:
        assert peer.taken == [b"x"] if peer.ended is None else not peer.taken
    assert [type(peer.ended) for peer in peers if peer.ended] == [TransportClosed] * 2


def _close(transports: list[SocketTransport], _data: bytes) -> bool:
    for each in transports:
        each.close()
    return True


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_connection_that_closes_itself_is_told_so(scene: Scene, *, goes_on: bool) -> None:
    [peer] = await scene.peers(1)

    def close(_: bytes) -> bool:
        peer.transport.close()
        return goes_on

    peer.meets = close
    peer.end.send(b"x")
    await until(lambda: peer.ended is not None)
    assert isinstance(peer.ended, TransportClosed)


async def test_a_number_that_is_taken_again_is_the_new_connections(scene: Scene) -> None:
    [old, beside] = await scene.peers(2)
    # Both are ready in one turn, in which one of them closes the other.
    old.meets = partial(_close, [beside.transport])
    beside.meets = partial(_close, [old.transport])
    old.end.send(b"for an old one")
    beside.end.send(b"for an old one")
    await until(lambda: old.ended is not None or beside.ended is not None)
    closed = old if old.ended is not None else beside
    [new] = await scene.peers(1)
    assert new.fd == closed.fd
    await scene.pass_on((new, b"for the new one"))
    assert new.taken == [b"for the new one"]
    assert new.ended is None
    assert closed.taken == []


async def test_hang_ups_end_their_own(scene: Scene) -> None:
    gone, half, stays = await scene.peers(3)
    gone.end.close()
    half.end.shutdown(socket.SHUT_WR)
    await until(lambda: bool(gone.ended and half.ended))
    assert isinstance(gone.ended, TransportClosed)
    assert isinstance(half.ended, TransportClosed)
    await scene.pass_on((stays, b"x"))
    assert stays.ended is None


async def test_what_one_sends_comes_in_its_order_however_it_is_taken(scene: Scene) -> None:
    """Every second piece has to wait: then its own task reads on."""
    [peer, beside] = await scene.peers(2)
    pieces = [bytes([number]) * 3 for number in range(65, 91)]
    peer.meets = lambda _: len(peer.taken) % 2 == 0
    for piece in pieces:
        await scene.pass_on((peer, piece), (beside, b"x"))
    assert b"".join(peer.taken) == b"".join(pieces)


async def test_one_that_nobody_waits_for_keeps_nobody_busy(scene: Scene) -> None:
    """Its socket is ready all the time; the loop goes to sleep all the same."""
    [peer, other] = await scene.peers(2)

    class _Enough(Exception):
        pass

    def stop(_: bytes) -> bool:
        raise _Enough

    peer.meets = stop
    await scene.pass_on((peer, b"x"))
    peer.end.send(b"more, which nobody reads")
    await scene.pass_on((other, b"x"))
    turns = scene.flushes
    await scene.pass_on((other, b"y"))
    for _ in range(50):
        await trio.lowlevel.checkpoint()
    assert scene.flushes - turns < 12


async def test_thousands_are_read_and_everybody_has_turns(scene: Scene) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(2000, (hard if hard > 0 else soft) // 2 - 100)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * count + 200), hard))
    scene.held.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    peers = await scene.peers(count)
    for number, peer in enumerate(peers):
        peer.end.send(b"%d" % number)
    await until(lambda: all(peer.taken for peer in peers))
    assert [peer.taken for peer in peers] == [[b"%d" % number] for number in range(count)]


async def test_one_that_never_stops_sending_keeps_nobody_from_a_turn(scene: Scene) -> None:
    [loud, quiet] = await scene.peers(2)
    loud.meets = lambda _: bool(loud.end.send(b"again"))
    loud.end.send(b"once")
    await until(lambda: len(loud.taken) > 2)
    await scene.pass_on((quiet, b"x"))
    loud.meets = lambda _: True


async def test_who_always_has_more_to_do_keeps_nobody_from_a_turn(scene: Scene) -> None:
    """As a writer does whose queue is never empty."""
    [peer] = await scene.peers(1)
    done = 0

    def do() -> None:
        nonlocal done
        done += 1
        assert done < 10_000, "nobody else has a turn"
        if not is_over:
            scene.hub.soon(do)

    is_over = False

    def take(_: bytes) -> bool:
        scene.hub.soon(do)
        return True

    peer.meets = take
    peer.end.send(b"x")
    await until(lambda: done > 3)
    is_over = True
    await until(lambda: done > 4)


async def test_who_asks_little_does_not_wait_for_all_who_always_ask(scene: Scene) -> None:
    """Each of many keeps the hub for a millisecond, whenever it is read; all of them always can."""
    [quiet, *many] = await scene.peers(41)
    for peer in many:
        peer.meets = partial(_take_a_millisecond, peer)
        peer.end.send(b"once")
    for number in range(1, 6):
        # So each has its turn, and the quiet one is the one that was read longest ago.
        await until(partial(_have_taken, many, number + 1))
        before = len(scene.order)
        quiet.end.send(b"x")
        await until(partial(_have_taken, [quiet], number))
        assert scene.order[before:].index(b"x") < 20
    for peer in many:
        peer.meets = lambda _: True


def _have_taken(peers: list[Peer], count: int) -> bool:
    return all(len(peer.taken) >= count for peer in peers)


def _take_a_millisecond(peer: Peer, _: bytes) -> bool:
    over = perf_counter() + 0.001
    while perf_counter() < over:
        continue
    peer.end.send(b"again")
    return True


async def test_what_is_done_outside_of_a_turn_is_sent_too(scene: Scene) -> None:
    done = trio.Event()
    flushes = scene.flushes
    scene.hub.soon(done.set)
    await done.wait()
    assert scene.flushes > flushes


async def test_what_is_done_soon_comes_after_all_that_was_read(scene: Scene) -> None:
    peers = await scene.peers(4)

    def take(_: bytes) -> bool:
        scene.hub.soon(lambda: scene.order.append(b"done"))
        return True

    for peer in peers:
        peer.meets = take
        peer.end.send(b"x")
    await until(lambda: len(scene.order) == 8)
    assert scene.order == [b"x"] * 4 + [b"done"] * 4


async def test_a_task_that_is_cancelled_waits_no_more_and_may_wait_again(scene: Scene) -> None:
    peer = Peer(scene)
    with trio.CancelScope() as waiting:
        scene.nursery.start_soon(_cancel_when_blocked, waiting)
        await peer.transport.receive(peer.take)
    assert waiting.cancelled_caught
    peer.end.send(b"x")
    [other] = await scene.peers(1)
    await scene.pass_on((other, b"y"))
    assert peer.taken == []
    scene.nursery.start_soon(peer.serve)
    await until(lambda: peer.taken == [b"x"])


async def _cancel_when_blocked(scope: trio.CancelScope) -> None:
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()


async def test_connections_may_be_closed_when_the_hub_has_ended(scene: Scene) -> None:
    """A daemon that fails ends all its tasks at once, in any order."""
    [peer] = await scene.peers(1)
    scene.running.cancel()
    await trio.testing.wait_all_tasks_blocked()
    assert scene.hub.read() is False
    peer.transport.close()
    await until(lambda: peer.ended is not None)
    assert isinstance(peer.ended, TransportClosed)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(peer.fd)
