"""Neighbours in a batch do not notice each other: cut into batches or not, the same comes of it."""

import random
from collections.abc import Callable
from typing import Any

from penholder_daemon.core import kept_answers, places, verify
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.store import Row
from penholder_protocol.errors import PenholderError, StoreFailed
from tests.helpers.harness import Bench

Call = tuple[str, dict[str, Any]]
_WORKERS = ("w1", "w2", "w3", "nobody")
_TOKENS = tuple(f"{number:032d}" for number in range(3))
_STATEMENTS = (
    "BEGIN", "SAVEPOINT", "INSERT INTO journal", "UPDATE streams", "INSERT INTO idempotency",
    "INSERT INTO fences", "UPDATE workers", "DELETE FROM journal", "ROLLBACK TO", "RELEASE",
    "COMMIT",
)  # fmt: skip


def _append(rng: random.Random) -> Call:
    params: dict[str, Any] = {"worker_id": rng.choice(_WORKERS), "type": rng.choice("ab")}
    if rng.random() < 0.4:
        params["idempotency_key"] = f"k{rng.randrange(6)}"
    if rng.random() < 0.5:
        # Who owns by now nobody here knows: some of these are right, most are fenced.
        params["fence"] = {"epoch": rng.randrange(1, 9), "token": rng.choice(_TOKENS)}
    return "event.append", params


def _append_many(rng: random.Random) -> Call:
    events = [{"type": "many"} for _ in range(rng.randrange(1, 4))]
    return "event.append_many", {"worker_id": rng.choice(_WORKERS), "events": events}


def _heartbeat(rng: random.Random) -> Call:
    return "worker.heartbeat", {"worker_id": rng.choice(_WORKERS)}


def _go(rng: random.Random) -> Call:
    state = rng.choice(("running", "idle", "canceling", "stopped"))
    return "worker.transition", {"worker_id": rng.choice(_WORKERS), "to": state}


def _acquire(rng: random.Random) -> Call:
    return "controller.acquire", {
        "controller_id": rng.choice(("c1", "c2")),
        "takeover": rng.random() < 0.7,
        "token": rng.choice(_TOKENS),
    }


def _make(rng: random.Random) -> Call:
    return "worker.create", {
        "worker_id": rng.choice(_WORKERS[:3]), "controller_id": rng.choice(("c1", "c2")),
        "label": "w", "launcher": "l", "profile": "p", "cwd": "/",
    }  # fmt: skip


def _prune(rng: random.Random) -> Call:
    return "daemon.prune", {"keep_last": rng.randrange(3)}


def _several(rng: random.Random) -> Call:
    calls = [rng.choice(_SINGLE)(rng) for _ in range(rng.randrange(1, 4))]
    for _, params in calls:
        params.pop("idempotency_key", None)
    return "tx.apply", {"calls": [{"method": name, "params": params} for name, params in calls]}


_SINGLE: tuple[Callable[[random.Random], Call], ...] = (
    _append, _append, _append, _append_many, _heartbeat, _go, _acquire, _make, _prune
)  # fmt: skip
_ALL = (*_SINGLE, *_SINGLE, _several, _several, _several)


def _bench() -> Bench:
    bench = Bench()
    for controller_id in ("c1", "c2"):
        bench.controller(controller_id)
    return bench


def _run(bench: Bench, calls: list[Call]) -> list[Answer]:
    answers = bench.run([bench.invocation(method, params) for method, params in calls])
    bench.world.pass_ms(1)
    return answers


def _told(answer: Answer) -> object:
    return answer if isinstance(answer, bytes) else (answer.code, answer.message)


def _histories(seed: int) -> list[Call]:
    rng = random.Random(seed)
    return [rng.choice(_ALL)(rng) for _ in range(60)]


def _content(bench: Bench) -> dict[str, list[Row]]:
    """Return every row but for what is noted many at a time, which is so at the end of a batch."""
    notes = {*places.TABLES, *kept_answers.TABLES}
    return {table: rows for table, rows in bench.dump().items() if table not in notes}


def test_cut_into_batches_or_one_by_one_the_same_comes_of_it(seeds: range) -> None:
    for seed in seeds:
        calls, rng = _histories(seed), random.Random(seed)
        together, singly = _bench(), _bench()
        while calls:
            batch = [calls.pop(0) for _ in range(min(len(calls), rng.randrange(1, 12)))]
            answers = _run(together, batch)
            expected = [
                answer for call in batch for answer in singly.run([singly.invocation(*call)])
            ]
            singly.world.pass_ms(1)
            assert [*map(_told, answers)] == [*map(_told, expected)], f"seed {seed}"
        assert _content(together) == _content(singly), f"seed {seed}"
        assert together.published == singly.published, f"seed {seed}"
        assert together.effects == singly.effects, f"seed {seed}"
        assert together.bugs == [], f"seed {seed}"


def test_whatever_statement_fails_what_is_told_is_what_is_stored(seeds: range) -> None:
    """The mirrors are compared after each batch, by the bench."""
    failed = 0
    for seed in seeds:
        calls, rng = _histories(seed), random.Random(seed)
        bench = _bench()
        while calls:
            before, entries = _content(bench), len(bench.published)
            if rng.random() < 0.5:
                bench.store.fail_at(rng.choice(_STATEMENTS), loses_transaction=rng.random() < 0.5)
            answers = _run(
                bench, [calls.pop(0) for _ in range(min(len(calls), rng.randrange(1, 8)))]
            )
            failed += any(isinstance(answer, StoreFailed) for answer in answers)
            if all(isinstance(answer, PenholderError) for answer in answers):
                assert _content(bench) == before, f"seed {seed}"
                assert len(bench.published) == entries, f"seed {seed}"
        found = verify.findings(bench.rx(), bench.registry.rooms, deep=False)
        assert list(found) == [], f"seed {seed}"
        assert bench.bugs == [], f"seed {seed}"
        stored = {pos for (pos,) in bench.database.rows("SELECT pos FROM journal")}
        given = [each.entry.pos for each in bench.published]
        assert stored <= set(given), f"seed {seed}"
        assert given == sorted(set(given)), f"seed {seed}"
    assert failed > 0
