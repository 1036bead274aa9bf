"""What waits for the end of a batch: true before any SQL, and taken back with its call alone."""

from typing import Any

import pytest
from msgspec import Raw

from penholder_daemon.core import journal, positions
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.own_calls import daemon_call
from penholder_daemon.core.store import integer_in
from penholder_daemon.core.transaction import Tx
from penholder_daemon.core.transaction_store import TransactionStore
from penholder_protocol import errors
from tests.helpers.harness import CONTROLLER, DAEMON, Bench, unwrap

_ALL = "SELECT pos, seq, type FROM journal ORDER BY pos"
Call = tuple[str, dict[str, Any]]


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """Give two workers."""
    bench.worker()
    bench.worker("w2")
    return bench


def _append(type_: str, worker_id: str = "w1", **params: object) -> Call:
    return "event.append", {"worker_id": worker_id, "type": type_, **params}


def _run(bench: Bench, *calls: Call) -> list[Answer]:
    return bench.run([bench.invocation(method, params) for method, params in calls])


def _kinds(answers: list[Answer]) -> list[type]:
    return [type(answer) for answer in answers]


def _events(bench: Bench) -> list[tuple[object, ...]]:
    return [row for row in bench.database.rows(_ALL) if "." not in str(row[2])]


# --- a batch ------------------------------------------------------------------------------------
def test_a_refusal_without_a_statement_takes_its_numbers_back(ready: Bench) -> None:
    first = positions.last(ready.database)
    refused: Call = (
        "tx.apply",
        {
            "calls": [
                {"method": "event.append", "params": {"worker_id": "w1", "type": "undone"}},
                {"method": "event.append", "params": {"worker_id": "w2", "type": "undone"}},
                {"method": "event.append", "params": {"worker_id": "none", "type": "undone"}},
            ]
        },
    )
    answers = _run(ready, _append("a"), refused, _append("b"), refused, _append("c", "w2"))
    assert _kinds(answers) == [bytes, errors.WorkerNotFound] * 2 + [bytes]
    assert _events(ready) == [(first + 1, 1, "a"), (first + 2, 2, "b"), (first + 3, 1, "c")]


def test_a_bug_amid_an_append_leaves_no_gap(ready: Bench) -> None:
    first = positions.last(ready.database)
    broken = ready.invocation(*_append("broken"))
    # No peer can send it: what is asked is that nothing was counted for what was not added.
    broken.arguments["data"] = Raw(b'"\xff"')
    append = ready.invocation(*_append("a"))
    assert _kinds(ready.run([append, broken, append])) == [bytes, errors.InternalError, bytes]
    assert _events(ready) == [(first + 1, 1, "a"), (first + 2, 2, "a")]


def test_a_takeover_between_two_calls_of_a_batch(bench: Bench) -> None:
    fence = bench.owned()
    bench.worker(fence=fence)
    answers = _run(
        bench,
        _append("a", fence=fence),
        ("controller.acquire", {"controller_id": "c1", "takeover": True}),
        _append("b", fence=fence),
        ("controller.acquire", {"controller_id": "none", "takeover": True}),
        _append("c", fence=fence),
    )
    assert _kinds(answers) == [
        bytes, bytes, errors.Fenced, errors.ControllerNotFound, errors.Fenced
    ]  # fmt: skip
    assert [event[2] for event in _events(bench)] == ["a"]


def test_a_takeover_that_is_taken_back_fences_nobody(bench: Bench) -> None:
    fence = bench.owned()
    bench.worker(fence=fence)
    undone: Call = (
        "tx.apply",
        {
            "calls": [
                {
                    "method": "controller.acquire",
                    "params": {"controller_id": "c1", "takeover": True},
                },
                {"method": "event.append", "params": {"worker_id": "w1", "type": "x"}},
            ]
        },
    )
    answers = _run(bench, _append("a", fence=fence), undone, _append("b", fence=fence))
    assert _kinds(answers)[::2] == [bytes, bytes]
    assert isinstance(answers[1], errors.PenholderError)
    assert [event[2] for event in _events(bench)] == ["a", "b"]


# --- keys ---------------------------------------------------------------------------------------
def test_a_key_that_comes_again_within_its_batch_and_in_the_next(ready: Bench) -> None:
    first, again, other = _run(
        ready,
        _append("a", idempotency_key="k"),
        _append("a", idempotency_key="k"),
        _append("b", idempotency_key="k"),
    )
    assert unwrap(first) == unwrap(again)
    assert isinstance(other, errors.IdempotencyConflict)
    later, conflict = _run(
        ready, _append("a", idempotency_key="k"), _append("b", idempotency_key="k")
    )
    assert unwrap(later) == unwrap(first)
    assert isinstance(conflict, errors.IdempotencyConflict)
    assert [event[1:] for event in _events(ready)] == [(1, "a")]


def test_a_key_of_a_refused_call_is_free(ready: Bench) -> None:
    refused, done = _run(
        ready,
        _append("a", "none", idempotency_key="k"),
        _append("a", idempotency_key="k"),
    )
    assert isinstance(refused, errors.WorkerNotFound)
    assert isinstance(done, bytes)


@pytest.mark.parametrize("statement", ["INSERT INTO idempotency", "COMMIT"])
def test_a_key_of_a_lost_transaction_is_free(ready: Bench, statement: str) -> None:
    ready.store.fail_at(statement, loses_transaction=True)
    _run(ready, _append("a", idempotency_key="k"))
    assert _events(ready) == []
    [answer] = _run(ready, _append("b", idempotency_key="k"))
    assert isinstance(answer, bytes)
    assert [event[1:] for event in _events(ready)] == [(1, "b")]


def test_an_answer_that_is_forgotten_in_the_batch_that_gives_it(ready: Bench) -> None:
    """Forgetting is SQL: what waits is written before, so it is as old as it says."""
    forget = ready.registry.methods["daemon.forget_old_answers"]
    append = ready.invocation(*_append("a", idempotency_key="k"))
    answers = ready.run([append, daemon_call(forget, DAEMON, {}), append])
    assert answers[0] == answers[2]


# --- retention ----------------------------------------------------------------------------------
def _prune(**params: object) -> Call:
    return "daemon.prune", {"keep_last": 0, **params}


def test_no_position_is_given_twice_though_the_newest_entries_are_gone(ready: Bench) -> None:
    given: list[int] = []
    for _ in range(3):
        _run(
            ready, _append("a"), _append("a", "w2"), _prune(), _append("b"), _prune(), _append("c")
        )
        given += [entry.entry.pos for entry in ready.published]
        ready.published.clear()
        assert integer_in(ready.database, "SELECT COUNT(*) FROM journal") == 1
        _run(ready, _prune())
        ready.begin()  # whoever starts anew finds nothing in the journal that would tell
    assert given == sorted(set(given))
    assert positions.last(ready.database) == given[-1]


def test_a_prune_that_is_taken_back_leaves_positions_as_they_were(ready: Bench) -> None:
    undone: Call = (
        "tx.apply",
        {
            "calls": [
                {"method": "event.append", "params": {"worker_id": "w1", "type": "undone"}},
                {"method": "daemon.prune", "params": {"keep_last": 0}},
                {"method": "event.append", "params": {"worker_id": "w1", "type": "undone"}},
                {"method": "event.append", "params": {"worker_id": "none", "type": "undone"}},
            ]
        },
    )
    first = positions.last(ready.database)
    answers = _run(ready, _append("a"), undone, _append("b"))
    assert _kinds(answers) == [bytes, errors.WorkerNotFound, bytes]
    assert _events(ready) == [(first + 1, 1, "a"), (first + 2, 2, "b")]


# --- true before any SQL ------------------------------------------------------------------------
class Scene:
    """A transaction amid its calls, on a bench with two workers."""

    def __init__(self, bench: Bench) -> None:
        """Begin one with a neighbour's entry in it."""
        self.store = TransactionStore(bench.store)
        self.tx = Tx(self.store, bench.world, CONTROLLER, self.store.ledger, bench.committer)
        self.store.begin()
        self.store.begin_call()
        self.append("neighbour")
        self.store.end_call()
        self.store.begin_call()
        self.append("own")

    def append(self, type_: str) -> None:
        """Add an entry."""
        journal.append(self.tx, "worker:w1", type_, Raw(b"{}"))

    def types(self) -> list[object]:
        """Read the types that are stored, in the transaction."""
        rows = self.store.rows("SELECT type FROM journal JOIN streams USING (stream_id)"
                               " WHERE name = 'worker:w1' ORDER BY seq")  # fmt: skip
        return [row[0] for row in rows]


@pytest.fixture
def scene(ready: Bench) -> Scene:
    """Give a transaction amid its calls."""
    return Scene(ready)


def test_who_reads_the_journal_finds_what_waits(scene: Scene) -> None:
    assert scene.types() == ["neighbour", "own"]
    scene.append("more")
    assert scene.types() == ["neighbour", "own", "more"]
    [last] = scene.store.rows("SELECT last_seq FROM streams WHERE name = 'worker:w1'")
    assert last == (3,)


def test_what_is_written_goes_with_its_call_and_the_neighbours_stay(scene: Scene) -> None:
    assert len(scene.types()) == 2
    scene.append("more")
    scene.store.undo_call()
    assert scene.types() == ["neighbour"]
    assert list(scene.store.differences()) == []
    scene.store.begin_call()
    scene.append("next")
    scene.store.end_call()
    scene.store.commit()
    assert scene.types() == ["neighbour", "next"]
    assert list(scene.store.differences()) == []


def test_who_deletes_from_the_journal_deletes_what_waits(scene: Scene) -> None:
    scene.store.run("DELETE FROM journal WHERE type IN ('own', 'neighbour')")
    scene.append("after")
    assert scene.types() == ["after"]
    assert scene.tx.published[-1].entry.seq == 3
    assert list(scene.store.differences()) == []


def test_positions_go_on_behind_what_is_noted_amid_a_transaction(scene: Scene) -> None:
    positions.note(scene.store, 1000)
    scene.append("after")
    assert scene.tx.published[-1].entry.pos == 1001
    scene.store.end_call()
    scene.store.commit()
    assert list(scene.store.differences()) == []


def test_an_answer_is_taken_back_with_its_call(scene: Scene) -> None:
    keys = [("uid:1000", "event.append", key) for key in ("own", "next")]
    scene.store.ledger.keep(keys[0], ("hash", b"{}"), 0)
    scene.store.undo_call()
    scene.store.begin_call()
    scene.store.ledger.keep(keys[1], ("hash", b"{}"), 0)
    scene.store.end_call()
    assert scene.store.ledger.kept(keys[0]) is None
    scene.store.commit()
    assert [scene.store.ledger.kept(key) for key in keys] == [None, ("hash", b"{}")]


def test_rows_are_counted_once_whenever_they_are_written(scene: Scene) -> None:
    before = scene.store.changed_rows
    scene.append("more")
    assert scene.store.changed_rows - before == 2
    assert len(scene.types()) == 3
    assert scene.store.changed_rows - before == 2
