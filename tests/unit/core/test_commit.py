"""The writer's core: savepoints, one commit, and what is said when the store fails."""

import gc
import weakref
from dataclasses import replace

import msgspec
import pytest

from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Tx
from penholder_protocol import errors
from tests.helpers.harness import Bench
from tests.helpers.stores import sqlite_only


def _appends(bench: Bench, *types: str) -> list[bytes | errors.PenholderError]:
    calls = [bench.invocation("event.append", {"worker_id": "w1", "type": t}) for t in types]
    return bench.run(calls)


def _stored(bench: Bench) -> list[str]:
    return [event["type"] for event in bench.call("event.list", worker_id="w1")["items"]]


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """Give a worker, and nothing published or wanted yet."""
    bench.worker()
    bench.published.clear()
    bench.effects.clear()
    return bench


@sqlite_only("trace")
def test_a_batch_is_one_transaction(ready: Bench) -> None:
    statements: list[str] = []
    ready.database.connection.trace_v2(1, lambda event: statements.append(event["sql"]))
    answers = _appends(ready, "a", "b", "c")
    ready.database.connection.trace_v2(0)
    assert all(isinstance(answer, bytes) for answer in answers)
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert statements.count("COMMIT") == 1
    assert _stored(ready) == ["a", "b", "c"]


def test_a_refused_call_leaves_its_neighbours_alone(ready: Bench) -> None:
    calls = [
        ready.invocation("event.append", {"worker_id": "w1", "type": "a"}),
        ready.invocation("worker.transition", {"worker_id": "w1", "to": "canceling"}),
        ready.invocation(
            "tx.apply",
            {
                "calls": [
                    {"method": "event.append", "params": {"worker_id": "w1", "type": "undone"}},
                    {"method": "worker.stop", "params": {"worker_id": "none"}},
                ]
            },
        ),
        ready.invocation("event.append", {"worker_id": "w1", "type": "b"}),
    ]
    answers = ready.run(calls)
    assert [type(answer) for answer in answers] == [
        bytes,
        errors.InvalidWorkerStateTransition,
        errors.WorkerNotFound,
        bytes,
    ]
    assert _stored(ready) == ["a", "b"]
    assert [published.entry.type for published in ready.published] == ["a", "b"]
    assert [published.entry.seq for published in ready.published] == [1, 2]


def test_a_refusal_holds_nothing_that_only_a_collection_of_garbage_would_free(
    ready: Bench,
) -> None:
    refused_call = ready.invocation("event.append", {"worker_id": "nobody", "type": "t"})
    gc.disable()
    try:
        (refused,) = ready.run([refused_call])
        kept = weakref.ref(refused)
        del refused
        assert kept() is None
    finally:
        gc.enable()


def test_later_calls_of_a_batch_see_earlier_ones(ready: Bench) -> None:
    calls = [
        ready.invocation("worker.stop", {"worker_id": "w1"}),
        ready.invocation("worker.remove", {"worker_id": "w1"}),
        ready.invocation("worker.heartbeat", {"worker_id": "w1"}),
    ]
    answers = ready.run(calls)
    assert [type(answer) for answer in answers] == [bytes, bytes, errors.WorkerNotFound]


@pytest.mark.parametrize(
    ("statement", "loses_transaction"),
    [
        ("BEGIN IMMEDIATE", False),
        ("UPDATE workers", True),
        ("RELEASE", False),
        ("RELEASE", True),
        ("COMMIT", False),
        ("COMMIT", True),
    ],
)
def test_a_lost_transaction_fails_every_request_and_publishes_nothing(
    ready: Bench, statement: str, loses_transaction: bool
) -> None:
    before = ready.dump()
    ready.store.fail_at(statement, loses_transaction=loses_transaction)
    answers = ready.run(
        [
            ready.invocation("event.append", {"worker_id": "w1", "type": "a"}),
            ready.invocation("worker.heartbeat", {"worker_id": "w1"}),
            ready.invocation("event.append", {"worker_id": "w1", "type": "c"}),
        ]
    )
    assert len(answers) == 3
    for answer in answers:
        assert isinstance(answer, errors.StoreFailed)
        assert (answer.number, answer.retryable) == (1009, True)
        assert answer.details["outcome"] == "nothing_written"
    assert ready.dump() == before
    assert ready.published == []
    assert ready.effects == []
    assert not ready.database.in_transaction
    assert [type(answer) for answer in _appends(ready, "d")] == [bytes]
    assert _stored(ready) == ["d"]


@pytest.mark.parametrize(
    "read",
    ["SELECT controller_id FROM workers", "SELECT stream_id, last_seq", "SELECT COALESCE((SEL"],
)
def test_so_does_one_that_is_lost_at_a_read_of_what_is_held_from_then_on(
    ready: Bench, read: str
) -> None:
    """Such a read passes by all that knows of statements: it is the first of its kind."""
    ready.restart()  # so that nothing is held
    before = ready.dump()
    ready.store.fail_at(read, loses_transaction=True)
    answers = _appends(ready, "a", "b", "c")
    assert [type(answer) for answer in answers] == [errors.StoreFailed] * 3
    assert ready.dump() == before
    assert ready.published == []
    _appends(ready, "d")
    assert _stored(ready) == ["d"]


@sqlite_only("triggers")
@pytest.mark.parametrize("action", ["ROLLBACK", "ABORT", "FAIL"])
def test_a_row_that_cannot_be_written_fails_its_own_call_alone(ready: Bench, action: str) -> None:
    """RAISE(ROLLBACK) ends the transaction behind our back, as a full disk does."""
    ready.database.run(
        "CREATE TRIGGER boom BEFORE INSERT ON journal WHEN NEW.type = 'boom'"
        f" BEGIN SELECT RAISE({action}, 'gone'); END"
    )
    answers = _appends(ready, "a", "boom", "b")
    assert [type(answer) for answer in answers] == [bytes, errors.StoreFailed, bytes]
    assert isinstance(answers[1], errors.StoreFailed)
    assert answers[1].details["outcome"] == "nothing_written"
    assert [published.entry.type for published in ready.published] == ["a", "b"]
    assert [published.entry.seq for published in ready.published] == [1, 2]
    assert _stored(ready) == ["a", "b"]
    assert [type(answer) for answer in _appends(ready, "c")] == [bytes]
    assert _stored(ready) == ["a", "b", "c"]


@sqlite_only("commit apart from its rows: a server gets both at once, and fails for both")
def test_rows_that_can_be_written_singly_fail_nobody(ready: Bench) -> None:
    ready.store.fail_at("INSERT INTO journal")
    answers = _appends(ready, "a", "b")
    assert [type(answer) for answer in answers] == [bytes, bytes]
    assert _stored(ready) == ["a", "b"]


@pytest.mark.parametrize("statement", ["UPDATE workers", "SAVEPOINT"])
def test_a_fault_of_one_statement_fails_that_request_alone(ready: Bench, statement: str) -> None:
    ready.store.fail_at(statement)
    calls = [
        ready.invocation("event.append", {"worker_id": "w1", "type": "a"}),
        ready.invocation("worker.heartbeat", {"worker_id": "w1"}),
        ready.invocation("event.append", {"worker_id": "w1", "type": "b"}),
    ]
    answers = ready.run(calls)
    assert [type(answer) for answer in answers] == [bytes, errors.StoreFailed, bytes]
    assert _stored(ready) == ["a", "b"]


@sqlite_only("file: what it holds after a sync that failed, nobody knows")
@pytest.mark.parametrize("statement", ["INSERT INTO journal", "COMMIT", "BEGIN IMMEDIATE"])
def test_after_an_io_error_the_outcome_is_unknown_and_nothing_more_is_written(
    ready: Bench, statement: str
) -> None:
    ready.store.fail_at(statement, fault=lambda: StoreFault("disk I/O error", outcome_unknown=True))
    calls = [ready.invocation("event.append", {"worker_id": "w1", "type": t}) for t in "ab"]
    outcome = ready.committer.run(calls)
    assert outcome.fatal
    assert outcome.published == []
    for answer in outcome.answers:
        assert isinstance(answer, errors.StoreFailed)
        assert answer.details["outcome"] == "unknown"
        assert "idempotency key" in answer.message
    later = ready.committer.run(calls[:1])
    assert later.fatal
    assert isinstance(later.answers[0], errors.StoreFailed)
    assert later.answers[0].details["outcome"] == "nothing_written"
    assert ready.committer.heartbeat().fatal


@sqlite_only("file: what it holds after a sync that failed, nobody knows")
def test_a_rollback_that_fails_makes_the_outcome_unknown(ready: Bench) -> None:
    def break_rollback_too() -> Exception:
        ready.store.fail_at("ROLLBACK")
        return StoreFault("full")

    ready.store.fail_at("COMMIT", fault=break_rollback_too)
    call = ready.invocation("event.append", {"worker_id": "w1", "type": "a"})
    assert ready.committer.run([call]).fatal


def test_a_bug_in_a_handler_is_an_internal_error_of_that_request(ready: Bench) -> None:
    def heartbeat(tx: Tx, *, worker_id: str) -> None:
        tx.store.run("UPDATE workers SET label = 'half done' WHERE worker_id = ?", worker_id)
        raise ZeroDivisionError("bug")

    broken = ready.invocation("worker.heartbeat", {"worker_id": "w1"})
    calls = [
        ready.invocation("event.append", {"worker_id": "w1", "type": "a"}),
        msgspec.structs.replace(broken, method=replace(broken.method, handler=heartbeat)),
        ready.invocation("event.append", {"worker_id": "w1", "type": "b"}),
    ]
    answers = ready.run(calls)
    assert [type(answer) for answer in answers] == [bytes, errors.InternalError, bytes]
    assert isinstance(answers[1], errors.InternalError)
    assert "bug" not in answers[1].message
    assert [str(bug) for bug in ready.bugs] == ["bug"]
    assert ready.call("worker.get", worker_id="w1")["label"] == "w1"
    assert _stored(ready) == ["a", "b"]


@sqlite_only("file: what it holds after a sync that failed, nobody knows")
def test_a_bug_outside_a_handler_is_as_an_io_error(ready: Bench) -> None:
    ready.store.fail_at("COMMIT", fault=lambda: RuntimeError("never seen before"))
    call = ready.invocation("event.append", {"worker_id": "w1", "type": "a"})
    outcome = ready.committer.run([call])
    assert outcome.fatal
    assert [str(bug) for bug in ready.bugs] == ["never seen before"]


@sqlite_only("file: what it holds after a sync that failed, nobody knows")
def test_a_heartbeat_after_a_suspend_that_fails_is_told_not_raised(ready: Bench) -> None:
    ready.world.suspend(5000)
    ready.store.fail_at("BEGIN IMMEDIATE")
    assert not ready.committer.heartbeat().fatal
    assert not ready.committer.heartbeat().fatal
    ready.world.suspend(5000)
    ready.store.fail_at("COMMIT", fault=lambda: StoreFault("EIO", outcome_unknown=True))
    assert ready.committer.heartbeat().fatal


def test_answers_and_published_entries_agree(ready: Bench) -> None:
    answers = _appends(ready, "a", "b")
    texts = [bytes(answer) for answer in answers if isinstance(answer, bytes)]
    for text, published in zip(texts, ready.published, strict=True):
        assert published.entry.entry_id.encode() in text
        assert published.parent == "controller:c1"


def test_after_a_fault_idling_tries_to_write_until_that_works(bench: Bench) -> None:
    bench.controller()
    bench.store.fail_at("COMMIT")
    bench.refused(errors.StoreFailed, "controller.register", label="l", workspace_key="/2")
    assert bench.committer.fault == "the disk is full"
    bench.store.fail_at("probe", fault=lambda: StoreFault("still full"))
    bench.committer.heartbeat()
    assert bench.committer.fault == "still full"
    bench.committer.heartbeat()
    assert bench.committer.fault is None
