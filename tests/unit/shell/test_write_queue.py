"""The mutations that wait for the writer: each connection in turn, none for all of another's."""

import pytest

from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_daemon.shell.fairness.write_queue import Admitted, WriteJob, WriteQueue
from penholder_protocol.errors import Busy
from penholder_protocol.limits import (
    CONNECTION_KEEPS_BYTES,
    MAX_LAG_BYTES,
    MAX_QUEUED_BESIDE,
    MAX_WRITER_QUEUE,
)
from tests.helpers.harness import Bench


class Scene:
    """Jobs of named connections."""

    def __init__(self, bench: Bench) -> None:
        """Begin with none."""
        self._bench = bench
        self._accounts = Accounts()
        self.queue = WriteQueue()

    def account(self) -> Account:
        """Open a connection's account."""
        return self._accounts.open(lambda _: None)

    def job(self, account: Account, text: str = "t", size: int = 0) -> WriteJob:
        """Make a mutation of a connection."""
        params: dict[str, object] = {"worker_id": "w", "type": text, "data": {"x": "y" * size}}
        call = self._bench.invocation("event.append", params)
        return WriteJob(call, lambda _: None, account=account)

    def take_all(self) -> list[str]:
        """Take what can be taken; returns the texts."""
        taken = []
        while (job := self.queue.take()) is not None:
            taken.append(str(job.call.arguments["type"]))
        return taken


@pytest.fixture
def scene(bench: Bench) -> Scene:
    """Give a scene."""
    return Scene(bench)


def test_each_connection_has_its_turn_and_keeps_its_order(scene: Scene) -> None:
    eager, modest, third = scene.account(), scene.account(), scene.account()
    for number in range(4):
        scene.queue.add(scene.job(eager, f"e{number}"))
    scene.queue.add(scene.job(modest, "m"))
    scene.queue.add(scene.job(third, "t0"))
    scene.queue.add(scene.job(third, "t1"))
    assert scene.take_all() == ["e0", "m", "t0", "e1", "t1", "e2", "e3"]


def test_who_does_not_read_is_passed_over_until_it_does(scene: Scene) -> None:
    deaf, other = scene.account(), scene.account()
    deaf.hold_unsent(MAX_LAG_BYTES + 1)
    deaf.when_room(lambda: scene.queue.resume(deaf))
    for number in range(2):
        scene.queue.add(scene.job(deaf, f"d{number}"))
        scene.queue.add(scene.job(other, f"o{number}"))
    assert scene.take_all() == ["o0", "o1"]
    assert not scene.queue, "what is kept back is nothing to do"
    scene.queue.add(scene.job(deaf, "d2"))
    deaf.hold_unsent(-2)
    assert scene.take_all() == ["d0", "d1", "d2"]


def test_what_a_connection_asked_for_before_it_ended_is_written(scene: Scene) -> None:
    deaf = scene.account()
    deaf.when_room(lambda: scene.queue.resume(deaf))
    deaf.hold_unsent(MAX_LAG_BYTES + 1)
    scene.queue.add(scene.job(deaf, "d"))
    assert scene.take_all() == []
    deaf.close()
    assert scene.take_all() == ["d"]


def test_a_full_queue_refuses_who_filled_it_and_takes_a_few_of_the_others(scene: Scene) -> None:
    eager, modest = scene.account(), scene.account()
    admitted = Admitted()
    job = scene.job(eager)
    for _ in range(MAX_WRITER_QUEUE):
        admitted.admit(job)
    with pytest.raises(Busy):
        admitted.admit(job)
    with pytest.raises(Busy):
        admitted.admit(scene.job(modest, size=CONNECTION_KEEPS_BYTES))
    for _ in range(MAX_QUEUED_BESIDE):
        admitted.admit(scene.job(modest))
    with pytest.raises(Busy):
        admitted.admit(scene.job(modest))
    admitted.let_go([job])
    assert admitted.calls == MAX_WRITER_QUEUE + MAX_QUEUED_BESIDE - 1
    assert (eager.queued, modest.queued) == (MAX_WRITER_QUEUE - 1, MAX_QUEUED_BESIDE)
