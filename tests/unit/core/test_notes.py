"""Where entries and answers are is noted late and many at once, and nobody can tell."""

from pathlib import Path
from random import Random

import apsw
import pytest

from penholder_daemon.core import kept_answers, places, positions, verify
from penholder_daemon.core.store import integer_in
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS
from tests.helpers.harness import Bench, Json
from tests.helpers.stores import sqlite_only

WORKERS = ("w1", "w2", "w3", "w4")
NEVER = 1 << 40


def _live(bench: Bench, seed: int) -> None:
    """Append to several streams in batches, refuse some calls, prune now and then."""
    random = Random(seed)
    for worker_id in WORKERS:
        bench.worker(worker_id)
    for step in range(60):
        batch = [
            bench.invocation(
                "event.append",
                {
                    "worker_id": random.choice([*WORKERS, "none"]),
                    "type": random.choice(["output", "summary", "other"]),
                    "data": {"step": step},
                },
            )
            for _ in range(random.randrange(1, 6))
        ]
        bench.run(batch)
        if step < 40 and random.random() < 0.1:
            streams = [f"worker:{random.choice(WORKERS)}"]
            bench.call("daemon.prune", streams=streams, keep_last=random.randrange(5))


def _findings(bench: Bench) -> set[str]:
    found = verify.findings(bench.rx(), bench.registry.rooms, deep=False)
    return {each.check for each in found}


def _seen(bench: Bench) -> list[Json]:
    """Return all that readers see, from wherever they begin."""
    last = positions.last(bench.database)
    found: list[Json] = []
    for worker_id in WORKERS:
        row = bench.database.row(
            "SELECT pruned_seq, last_seq FROM streams WHERE name = ?", f"worker:{worker_id}"
        )
        assert row is not None
        found += [
            bench.call("event.list", worker_id=worker_id, after_seq=seq, limit=3)
            for seq in range(int(str(row[0])), int(str(row[1])) + 1)
        ]
        found.append(bench.call("event.latest", worker_id=worker_id))
    oldest = integer_in(bench.database, "SELECT MAX(pruned_pos) FROM streams") or 0
    for streams in (["worker:w1"], ["worker:w1", "worker:w3"], ["controller:c1/workers"], ["*"]):
        for types in (None, ["summary"]):
            found += [
                bench.call("journal.read", streams=streams, after=after, limit=5, types=types)
                for after in range(oldest, last + 1)
            ]
    found.append(bench.call("worker.overview", controller_id="c1"))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_nobody_can_tell_how_far_they_are_noted(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Json]] = []
    noted: list[int] = []
    for at_once in (1, 9, NEVER):
        monkeypatch.setattr(places, "AT_ONCE", at_once)
        bench = Bench()
        _live(bench, seed)
        assert _findings(bench) == set()
        seen.append(_seen(bench))
        noted.append(places.up_to(bench.database))
    assert seen[0] == seen[1] == seen[2]
    assert noted[0] >= noted[1] > noted[2], "they are alike: the test compares nothing"


def test_a_refused_call_leaves_no_note(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "AT_ONCE", 1)
    bench.worker("w1")
    append = {"method": "event.append", "params": {"worker_id": "w1", "type": "x"}}
    refused: dict[str, object] = {"calls": [append] * 3 + [{"method": "worker.get", "params": {}}]}
    bench.run([bench.invocation("tx.apply", refused)])
    assert bench.call("event.append", worker_id="w1", type="x")["event_seq"] == 1
    assert _findings(bench) == set()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM journal_places WHERE seq = 2",
        "UPDATE journal_places SET pos = pos + 1000 WHERE seq = 2",
        "INSERT INTO journal_places (stream_id, seq, pos) VALUES (99, 1, 1)",
        "DELETE FROM journal_placed",
        "UPDATE journal_placed SET pos = pos + 1",
    ],
)
def test_wrong_notes_are_found(bench: Bench, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    bench.worker("w1")
    for _ in range(3):
        bench.call("event.append", worker_id="w1", type="x")
    places.place(bench.database)
    monkeypatch.setattr(places, "AT_ONCE", NEVER)
    bench.call("event.append", worker_id="w1", type="x")
    assert _findings(bench) == set()
    bench.database.run(damage)
    assert "places_are_noted" in _findings(bench)


@sqlite_only("pages")
def test_a_batch_writes_few_pages_whatever_streams_it_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "AT_ONCE", NEVER)
    bench = Bench(tmp_path / "penholder.db")
    for number in range(64):
        bench.worker(f"w{number}")
        for _ in range(40):
            bench.call("event.append", worker_id=f"w{number}", type="x")
    batch = [
        bench.invocation("event.append", {"worker_id": f"w{number}", "type": "x"})
        for number in range(0, 64, 8)
    ]
    before = _pages_written(bench)
    bench.run(batch)
    # Of the journal's end, perhaps two, and of the streams' rows.
    assert 2 <= _pages_written(bench) - before <= 4
    bench.database.close()


def _pages_written(bench: Bench) -> int:
    return bench.database.connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0]


def test_what_was_noted_stays_noted_though_numbers_jump_or_the_newest_go(bench: Bench) -> None:
    bench.worker("w1")
    positions.note(bench.database, 1 << 30)
    places.place(bench.database)
    assert places.up_to(bench.database) == 1 << 30
    bench.call("event.append", worker_id="w1", type="x")
    bench.call("daemon.prune", streams=["worker:w1"], keep_last=0)
    assert places.up_to(bench.database) == (1 << 30) + 1
    assert bench.call("event.append", worker_id="w1", type="x")["pos"] == (1 << 30) + 2
    assert _findings(bench) == set()


# --- keys ---------------------------------------------------------------------------------------
def _keyed(bench: Bench, key: object) -> Json:
    return bench.call("event.append", worker_id="w1", type="x", idempotency_key=f"k{key}")


@pytest.mark.parametrize("at_once", [1, 4, NEVER])
def test_a_key_is_known_wherever_it_is_noted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(kept_answers, "AT_ONCE", at_once)
    bench.worker("w1")
    first = [_keyed(bench, number) for number in range(10)]
    assert [each["event_seq"] for each in first] == list(range(1, 11))
    assert [_keyed(bench, number) for number in range(10)] == first
    bench.begin()
    assert [_keyed(bench, number) for number in range(10)] == first
    assert _findings(bench) == set()


def test_keys_that_were_forgotten_are_new_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_answers, "AT_ONCE", NEVER)
    bench.worker("w1")
    for number in range(5):
        _keyed(bench, number)
    bench.world.pass_ms(IDEMPOTENCY_RETENTION_MS + 1)
    bench.own("daemon.forget_old_answers")
    assert bench.database.row("SELECT COUNT(*) FROM idempotency") == (0,)
    again = [_keyed(bench, number) for number in range(5)]
    assert [each["event_seq"] for each in again] == list(range(6, 11))
    assert [_keyed(bench, number) for number in range(5)] == again
    assert _findings(bench) == set()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM idempotency_keys WHERE key = 'k1'",
        "UPDATE idempotency_keys SET number = number + 1000 WHERE key = 'k1'",
        "DELETE FROM idempotency_noted",
        "UPDATE idempotency_noted SET up_to = up_to + 1",
    ],
)
def test_wrong_notes_of_keys_are_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(kept_answers, "AT_ONCE", NEVER)
    bench.worker("w1")
    for number in range(3):
        _keyed(bench, number)
    kept_answers.note(bench.database)
    _keyed(bench, 3)
    assert _findings(bench) == set()
    bench.database.run(damage)
    assert "keys_are_noted" in _findings(bench)
