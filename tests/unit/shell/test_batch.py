"""A batch: what it takes, where it ends, and what it tells connections that were written for."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation
from penholder_daemon.rooms import build_registry
from penholder_daemon.shell.fairness.accounts import Account, Accounts
from penholder_daemon.shell.fairness.write_queue import WriteJob, WriteQueue
from penholder_daemon.shell.store.batch import Batch, nothing_comes
from penholder_protocol.errors import WorkerNotFound
from penholder_protocol.limits import MAX_COMMIT_BATCH, MAX_COMMIT_BATCH_BYTES
from tests.helpers.harness import CONTROLLER

_METHOD = build_registry().require("event.append")


class Scene:
    """What waits for the writer, and a clock."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.waiting = WriteQueue()
        self.accounts = Accounts()
        self.now = 0.0

    def account(self) -> Account:
        """Open a connection's account."""
        return self.accounts.open(lambda _: None)

    def add(self, account: Account, params_bytes: int = 2) -> WriteJob:
        """Have a mutation wait."""
        call = Invocation(_METHOD, {}, CONTROLLER, None, b" " * params_bytes, b"{}")
        job = WriteJob(call, lambda _: None, account=account)
        self.waiting.add(job)
        return job

    def batch(self, take_in: Callable[[], object] = nothing_comes) -> Batch:
        """Begin a batch that may take a second."""
        return Batch(self.waiting, lambda: self.now, 1.0, take_in)

    def run(self, batch: Batch, answer: bytes = b"{}") -> int:
        """Take and answer all that it takes; returns how many."""
        for _ in batch.calls():
            batch.answered(answer)
        return len(batch.jobs)


@pytest.fixture
def scene() -> Scene:
    """Give nothing that waits."""
    return Scene()


def test_its_time_begins_with_its_first_call(scene: Scene) -> None:
    """A transaction that could not begin for seconds has to refuse those who wait for it."""
    account = scene.account()
    scene.add(account)
    scene.add(account)
    batch = scene.batch()
    scene.now += 5.0
    assert scene.run(batch) == 2


def test_it_ends_at_so_many_calls(scene: Scene) -> None:
    account = scene.account()
    for _ in range(MAX_COMMIT_BATCH + 3):
        scene.add(account)
    assert scene.run(scene.batch()) == MAX_COMMIT_BATCH
    assert scene.run(scene.batch()) == 3


def test_it_ends_where_params_and_answers_have_cost_enough(scene: Scene) -> None:
    account = scene.account()
    for _ in range(4):
        scene.add(account, MAX_COMMIT_BATCH_BYTES // 4)
    assert scene.run(scene.batch(), b"x" * (MAX_COMMIT_BATCH_BYTES // 4)) == 2


def test_it_ends_when_its_time_is_over_and_what_was_taken_is_carried_out(scene: Scene) -> None:
    account = scene.account()
    for _ in range(3):
        scene.add(account)
    batch = scene.batch()
    for _ in batch.calls():
        batch.answered(b"{}")
        scene.now += 0.6
    assert len(batch.jobs) == 2


def test_it_looks_for_late_comers_twice_and_not_for_ever(scene: Scene) -> None:
    account = scene.account()
    scene.add(account)
    looks = count()

    def take_in() -> None:
        next(looks)
        scene.add(account)

    assert scene.run(scene.batch(take_in)) == 3
    assert next(looks) == 2


def test_nothing_is_looked_for_while_something_waits(scene: Scene) -> None:
    account = scene.account()
    for _ in range(MAX_COMMIT_BATCH):
        scene.add(account)
    looks: list[int] = []
    scene.run(scene.batch(lambda: looks.append(1)))
    assert looks == []


def test_each_connection_is_told_what_was_made_for_it(scene: Scene) -> None:
    one, other = scene.account(), scene.account()
    jobs = [scene.add(one), scene.add(other), scene.add(one)]
    batch = scene.batch()
    answers: Iterator[Answer] = iter([b"12345", WorkerNotFound("who?"), b"123"])
    for _ in batch.calls():
        batch.answered(next(answers))
    assert batch.jobs == jobs
    assert (one.written_bytes, other.written_bytes) == (8, 0)
    assert (one.delivered_bytes, other.delivered_bytes) == (0, 0)
    batch.tell_delivered()
    assert (one.delivered_bytes, other.delivered_bytes) == (8, 0)


def test_a_transaction_that_is_lost_amid_a_call_tells_of_those_before(scene: Scene) -> None:
    account = scene.account()
    for _ in range(3):
        scene.add(account)
    batch = scene.batch()
    calls = batch.calls()
    next(calls)
    batch.answered(b"12345")
    # Amid the second one; what was not taken yet is of this batch, too.
    assert len([next(calls), *calls]) == 2
    batch.tell_delivered()
    assert len(batch.jobs) == 3
    assert account.delivered_bytes == account.written_bytes == 5
