"""Queries in the loop: the quick ones, and only for as long as nobody waits for them."""

import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import structlog
import trio
from outcome import Outcome

from penholder_daemon.core.store import SqlValue
from penholder_daemon.core.transaction import Rx
from penholder_daemon.shell.fairness.desks import Desk, ReadJob
from penholder_daemon.shell.observing.request_log import Trace
from penholder_daemon.shell.store import pace, reader_connection, readers
from penholder_daemon.shell.store.loop_reading import LoopReading
from penholder_daemon.shell.store.pace import FAST_IN_A_ROW
from penholder_protocol.errors import QueryTooCostly
from penholder_protocol.limits import CONNECTION_KEEPS_BYTES
from tests.helpers.harness import CONTROLLER
from tests.helpers.reading import Scene, one

_MANY_STEPS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " SELECT MAX(i) FROM n"
)
NEVER = 1 << 60


SLOW_SECONDS = 0.5


@pytest.fixture(autouse=True)
def _a_machine_may_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take nothing for a slow disk that is a busy machine."""
    monkeypatch.setattr(reader_connection, "WALL_TIMES", 1000)
    monkeypatch.setattr(pace, "SLOW_SECONDS", SLOW_SECONDS)


@pytest.fixture
def patient_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no thread give up a query for its time, which on a busy machine it would."""
    monkeypatch.setattr(readers, "QUICK_QUERY_MS", 600_000)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Give readers of which the loop is one."""
    made = Scene(tmp_path / "read.db", in_loop=True)
    yield made
    await made.close()


class _Asking:
    """Asks as methods do, and notes on which thread each was carried out."""

    def __init__(self, scene: Scene) -> None:
        self._desk = scene.desk()
        self.threads: list[str] = []

    async def ask(self, method: str = "quick", steps: int = 1, seconds: float = 0.0) -> SqlValue:
        kept: list[Outcome[SqlValue]] = []
        arrived = trio.Event()

        def carry_out(rx: Rx) -> SqlValue:
            self.threads.append(threading.current_thread().name)
            time.sleep(seconds)
            row = rx.store.row(_MANY_STEPS, steps)
            assert row is not None
            return row[0]

        def done(outcome: Outcome[SqlValue]) -> None:
            kept.append(outcome)
            arrived.set()

        self._desk.submit(ReadJob(CONTROLLER, carry_out, done, Trace(method)))
        await arrived.wait()
        return kept[0].unwrap()

    @property
    def was_in_loop(self) -> list[bool]:
        found = [name == threading.main_thread().name for name in self.threads]
        self.threads.clear()
        return found


@pytest.fixture
def asking(scene: Scene) -> _Asking:
    """Give one who asks."""
    return _Asking(scene)


async def test_a_quick_one_is_carried_out_in_the_loop(asking: _Asking) -> None:
    assert await asking.ask() == 1
    assert asking.was_in_loop == [True]


@pytest.mark.usefixtures("patient_threads")
async def test_one_that_takes_longer_is_begun_anew_by_a_thread(asking: _Asking) -> None:
    steps = 40_000
    assert await asking.ask(steps=steps) == steps
    assert asking.was_in_loop == [True, False]


async def test_one_without_end_is_refused_all_the_same(asking: _Asking) -> None:
    with pytest.raises(QueryTooCostly):
        await asking.ask(steps=NEVER)
    assert await asking.ask("another") == 1


@pytest.mark.usefixtures("patient_threads")
async def test_a_method_that_had_to_be_begun_anew_is_left_to_threads(asking: _Asking) -> None:
    await asking.ask("slow", steps=40_000)
    await asking.ask("quick")
    assert asking.was_in_loop == [True, False, True]
    for _ in range(FAST_IN_A_ROW):
        await asking.ask("slow")
    assert not any(asking.was_in_loop)
    await asking.ask("slow")
    assert asking.was_in_loop == [True]


async def test_one_that_waited_for_the_disk_leaves_all_to_the_threads(asking: _Asking) -> None:
    await asking.ask(seconds=2 * SLOW_SECONDS)
    assert asking.was_in_loop == [True]
    for _ in range(FAST_IN_A_ROW):
        await asking.ask("another")
    assert not any(asking.was_in_loop)
    await asking.ask("another")
    assert asking.was_in_loop == [True]


async def test_whoever_has_many_is_read_one_at_a_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "TURN_SECONDS", 1e-9)
    desks = [scene.desk(), scene.desk()]
    for number in range(3):
        for name, desk in zip("ab", desks, strict=True):
            desk.submit(scene.note(f"{name}{number}"))
    await trio.testing.wait_all_tasks_blocked()
    while len(scene.told) < 6:
        await trio.lowlevel.checkpoint()
    assert scene.told == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert scene.turns == 6, "others have theirs in between"


async def test_many_share_a_turn(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "TURN_SECONDS", 60.0)
    desk = scene.desk()
    for number in range(5):
        desk.submit(scene.note(str(number)))
    await trio.testing.wait_all_tasks_blocked()
    assert (scene.told, scene.turns) == (["0", "1", "2", "3", "4"], 1)


async def test_nobody_reads_in_the_loop_while_the_log_is_to_be_moved(
    scene: Scene, asking: _Asking
) -> None:
    scene.gate.breather.ask(is_wanted=True)
    await asking.ask()
    scene.gate.breather.ask(is_wanted=False)
    await asking.ask()
    assert asking.was_in_loop == [False, True]


async def test_nobody_reads_in_the_loop_where_a_connection_cannot_be_kept(
    scene: Scene, asking: _Asking
) -> None:
    scene.gate.is_open = False
    await asking.ask()
    assert asking.was_in_loop == [False]


async def test_who_does_not_take_its_answers_is_read_for_by_threads(scene: Scene) -> None:
    account = scene.account()
    desk = scene.readers.open_desk(account)
    account.hold_unsent(CONNECTION_KEEPS_BYTES + 1)
    desk.submit(scene.note("large"))
    await readers.read(desk, CONTROLLER, one)
    assert scene.turns == 0
    account.hold_unsent(-1)
    await readers.read(desk, CONTROLLER, one)
    assert scene.turns == 1


async def test_a_connection_ends_while_its_turn_is_coming(scene: Scene) -> None:
    desk, other = scene.desk(), scene.desk()
    desk.submit(scene.note("gone"))
    desk.close()
    assert await readers.read(other, CONTROLLER, one) == 1
    assert (scene.told, scene.readers.waiting) == ([], 0)


async def test_what_one_failure_meets_is_not_the_others(scene: Scene) -> None:
    def fail(_: Outcome[SqlValue]) -> None:
        raise RuntimeError("as no answer does")

    desk: Desk = scene.desk()
    with structlog.testing.capture_logs() as logged:
        desk.submit(ReadJob(CONTROLLER, one, fail))
        assert await readers.read(scene.desk(), CONTROLLER, one) == 1
        assert await readers.read(desk, CONTROLLER, one) == 1
    assert [line["event"] for line in logged] == ["answers were not delivered inside the daemon"]


async def test_a_failure_of_the_query_is_its_callers(scene: Scene) -> None:
    def fail(rx: Rx) -> SqlValue:
        raise ValueError(rx.now)

    with pytest.raises(ValueError, match="2026"):
        await readers.read(scene.desk(), CONTROLLER, fail)
    assert await readers.read(scene.desk(), CONTROLLER, one) == 1


def test_it_is_decided_by_what_was_seen_last() -> None:
    reading = LoopReading()
    assert reading.may_take("a")
    reading.note("a", 0.001, was_ended=True)
    assert not reading.may_take("a")
    assert reading.may_take("b")
    reading.note("b", 1.0, was_ended=False)
    assert not reading.may_take("c")
    for _ in range(FAST_IN_A_ROW):
        reading.note_elsewhere()
    assert reading.may_take("c")


async def test_a_stop_reads_nothing_more(scene: Scene) -> None:
    desk = scene.desk()
    desk.submit(ReadJob(CONTROLLER, partial(one), lambda _: None))
    await scene.readers.stop()
    await trio.testing.wait_all_tasks_blocked()
