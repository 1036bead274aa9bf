"""Queries on threads: fair to each connection, quick ones never behind costly ones, all bounded."""

import threading
from functools import partial

import pytest
import trio

from penholder_daemon.core.store import SqlValue
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.fairness.desks import Desk, Desks, ReadJob
from penholder_daemon.shell.store import reader_connection
from penholder_daemon.shell.store.readers import read
from penholder_protocol.errors import Busy, QueryTooCostly
from penholder_protocol.limits import MAX_LAG_BYTES, MAX_QUEUED_BESIDE, MAX_READER_QUEUE
from tests.helpers.harness import CONTROLLER
from tests.helpers.reading import Scene, one

_COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
_STEPS = f"{_COUNT} SELECT MAX(i) FROM n"


def _count(rx: Rx, steps: int) -> SqlValue:
    row = rx.store.row(_STEPS, steps)
    assert row is not None
    return row[0]


endless = partial(_count, steps=1 << 60)


async def test_a_query_without_end_is_ended_and_told_what_to_do(scene: Scene) -> None:
    with pytest.raises(QueryTooCostly, match="ask for less") as caught:
        await read(scene.desk(), CONTROLLER, endless)
    assert caught.value.details["limit"] == "QUERY_BUDGET_MS"
    assert await read(scene.desk(), CONTROLLER, one) == 1


async def test_what_is_not_quick_is_answered_all_the_same(scene: Scene) -> None:
    steps = 1_500_000  # some ten times as long as a quick query may take
    assert await read(scene.desk(), CONTROLLER, partial(_count, steps=steps)) == steps


class Costly:
    """A query that takes too long for a quick reader, and then until it is let go."""

    def __init__(self) -> None:
        """Nobody has carried it out yet."""
        self.goes_on = threading.Event()
        self._is_waiting = threading.Event()
        self._is_known = False

    async def waits(self) -> None:
        """Return when it waits to be let go."""
        assert await trio.to_thread.run_sync(self._is_waiting.wait, 30)

    def __call__(self, rx: Rx) -> SqlValue:
        """Work without end at first, and wait the second time."""
        if not self._is_known:
            self._is_known = True
            return endless(rx)
        self._is_waiting.set()
        assert self.goes_on.wait(30)
        return 2


async def test_quick_ones_do_not_wait_for_costly_ones(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a machine that stands still for a while a quick query is taken for a costly one.
    monkeypatch.setattr(reader_connection, "WALL_TIMES", 1000)
    desk, other = scene.desk(), scene.desk()
    costly = [Costly() for _ in range(3)]
    found: list[SqlValue] = []

    async def be_costly(at: Desk, query: Costly) -> None:
        found.append(await read(at, CONTROLLER, query))

    async with trio.open_nursery() as nursery:
        for at, query in zip((desk, desk, other), costly, strict=True):
            nursery.start_soon(be_costly, at, query)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(50):
            for at in (desk, other):
                assert await read(at, CONTROLLER, one) == 1
        assert found == []
        for query in costly:
            query.goes_on.set()
    assert found == [2, 2, 2]


async def test_a_costly_one_keeps_no_reader_from_beginning(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_connection, "WALL_TIMES", 1000)
    costly, both = Costly(), threading.Barrier(2, timeout=20)

    def meet(rx: Rx) -> SqlValue:
        """Wait for another query, which needs a thread of its own."""
        both.wait()
        return one(rx)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read, scene.desk(), CONTROLLER, costly)
        await costly.waits()
        async with trio.open_nursery() as quick:
            for _ in range(2):
                quick.start_soon(read, scene.desk(), CONTROLLER, meet)
        costly.goes_on.set()


async def test_a_stop_ends_what_is_carried_out_and_drops_what_waits(scene: Scene) -> None:
    desk = scene.desk()
    for _ in range(30):
        desk.submit(ReadJob(CONTROLLER, endless, lambda _: None))
    await scene.readers.stop()


async def test_who_does_not_read_is_not_answered_until_it_does(scene: Scene) -> None:
    account = scene.account()
    desk = scene.readers.open_desk(account)
    account.hold_unsent(MAX_LAG_BYTES + 1)
    desk.submit(scene.note("deaf"))
    assert await read(scene.desk(), CONTROLLER, one) == 1
    assert scene.told == []
    account.hold_unsent(-1)
    await read(desk, CONTROLLER, one)
    assert scene.told == ["deaf"]


async def test_queries_of_a_connection_that_ended_are_forgotten(scene: Scene) -> None:
    account = scene.account()
    desk = scene.readers.open_desk(account)
    account.hold_unsent(MAX_LAG_BYTES + 1)
    for _ in range(10):
        desk.submit(scene.note("gone"))
    desk.close()
    account.close()
    desk.submit(scene.note("late"))
    assert await read(scene.desk(), CONTROLLER, one) == 1
    assert (scene.told, scene.readers.waiting) == ([], 0)


async def test_a_query_underway_of_a_connection_that_ended_is_counted_off_once(
    scene: Scene,
) -> None:
    desk, other = scene.desk(), scene.desk()
    desk.submit(ReadJob(CONTROLLER, partial(_count, steps=300_000), lambda _: None))
    desk.submit(scene.note("gone"))
    desk.close()
    for _ in range(20):
        assert await read(other, CONTROLLER, one) == 1
    assert (scene.told, scene.readers.waiting) == ([], 0)


async def test_a_full_queue_takes_a_few_of_those_who_did_not_fill_it(scene: Scene) -> None:
    deaf, modest = scene.account(), scene.account()
    for account in (deaf, modest):
        account.hold_unsent(MAX_LAG_BYTES + 1)
    eager_desk, modest_desk = map(scene.readers.open_desk, (deaf, modest))
    for _ in range(MAX_READER_QUEUE):
        eager_desk.submit(scene.note("eager"))
    with pytest.raises(Busy):
        eager_desk.submit(scene.note("eager"))
    for _ in range(MAX_QUEUED_BESIDE):
        modest_desk.submit(scene.note("modest"))
    with pytest.raises(Busy):
        modest_desk.submit(scene.note("modest"))
    eager_desk.close()
    modest_desk.close()


class _TakenMeanwhile(list[ReadJob[object]]):
    """Somebody takes what is in it between a look at it and a pop."""

    def __len__(self) -> int:
        """Tell how much there was."""
        there_was = super().__len__()
        self.clear()
        return there_was


def test_a_desk_closes_while_a_reader_takes_from_it() -> None:
    all_desks = Desks(lambda _: None)
    desk = all_desks.open(Accounts().open(lambda _: None))
    desk._quick.jobs = _TakenMeanwhile()
    for _ in range(2):
        desk.submit(ReadJob(CONTROLLER, one, lambda _: None))
    desk.close()
    assert all_desks.waiting == 0
