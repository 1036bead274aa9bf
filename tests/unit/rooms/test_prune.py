"""Retention: the beginning of streams goes, their numbering goes on."""

from importlib import import_module

import pytest

from penholder_daemon.core.rules import Rule, Rules
from penholder_protocol import errors
from penholder_protocol.limits import MAX_PRUNE
from tests.helpers.harness import Bench, Json

# The package knows this module by another one's name, which completes its room.
ROOM = import_module("penholder_daemon.rooms.daemon.records.pruning")


def _append(bench: Bench, worker_id: str, count: int) -> None:
    events = [{"type": "x"}] * count
    bench.call("event.append_many", worker_id=worker_id, events=events)


@pytest.fixture
def grown(bench: Bench) -> Bench:
    """Give two streams: five entries now and five a minute later in one, three in the other."""
    bench.worker("w1")
    bench.worker("w2")
    _append(bench, "w1", 5)
    bench.world.pass_ms(60_000)
    _append(bench, "w1", 5)
    _append(bench, "w2", 3)
    return bench


def _left(bench: Bench, worker_id: str) -> list[int]:
    rows = bench.database.rows(
        "SELECT j.seq FROM journal j JOIN streams s ON s.stream_id = j.stream_id"
        " WHERE s.name = ? ORDER BY j.seq",
        f"worker:{worker_id}",
    )
    return [int(str(row[0])) for row in rows]


WORKERS = ["worker:w1", "worker:w2"]


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ({"keep_last": 4}, [7, 8, 9, 10]),
        ({"keep_last": 0}, []),
        ({"keep_last": 99}, list(range(1, 11))),
        ({"older_than_ms": 60_000}, list(range(1, 11))),
        ({"older_than_ms": 59_999}, [6, 7, 8, 9, 10]),
        ({"older_than_ms": 59_999, "keep_last": 7}, [4, 5, 6, 7, 8, 9, 10]),
        ({"older_than_ms": 59_999, "keep_last": 2}, [6, 7, 8, 9, 10]),
    ],
)
def test_both_halves_of_a_rule_must_let_an_entry_go(
    grown: Bench, params: dict[str, object], left: list[int]
) -> None:
    planned = grown.call("daemon.prune", streams=["worker:w1"], dry_run=True, **params)
    assert _left(grown, "w1") == list(range(1, 11))
    pruned = grown.call("daemon.prune", streams=["worker:w1"], **params)
    assert _left(grown, "w1") == left
    assert pruned["entries"] == 10 - len(left)
    assert pruned == {**planned, "dry_run": False}
    assert _left(grown, "w2") == [1, 2, 3]


def test_numbering_goes_on_and_old_cursors_are_told(grown: Bench) -> None:
    pruned = grown.call("daemon.prune", keep_last=2, streams=WORKERS)
    assert pruned["streams"] == [
        {"stream": "worker:w1", "entries": 8, "oldest_seq": 9},
        {"stream": "worker:w2", "entries": 1, "oldest_seq": 2},
    ]
    gone = grown.refused(errors.CursorGone, "event.list", worker_id="w1", after_seq=7)
    assert gone.details["oldest_seq"] == 9
    listed: Json = grown.call("event.list", worker_id="w1", after_seq=8)
    assert [event["event_seq"] for event in listed["items"]] == [9, 10]
    gone = grown.refused(errors.CursorGone, "journal.read", streams=["worker:w1"])
    oldest_pos = gone.details["oldest_pos"]
    assert isinstance(oldest_pos, int)
    read = grown.call("journal.read", streams=["worker:w1"], after=oldest_pos - 1)
    assert [entry["seq"] for entry in read["items"]] == [9, 10]
    assert grown.call("event.append", worker_id="w1", type="next")["event_seq"] == 11


def test_an_event_that_was_taken_is_told_apart_from_one_that_never_was(grown: Bench) -> None:
    taken, kept = (
        grown.call("event.list", worker_id="w1", after_seq=seq, limit=1)["items"][0]["event_id"]
        for seq in (0, 8)
    )
    of_another = grown.call("event.latest", worker_id="w2")["event_id"]
    grown.call("daemon.prune", keep_last=2, streams=["worker:w1"])
    for method in ("event.list", "event.wait"):
        gone = grown.refused(errors.CursorGone, method, worker_id="w1", after_event_id=taken)
        assert gone.details == {"stream": "worker:w1", "oldest_seq": 9}
        for unknown in (of_another, "ev_never"):
            grown.refused(errors.EventNotFound, method, worker_id="w1", after_event_id=unknown)
        assert grown.call(method, worker_id="w1", after_event_id=kept)["items"]
    grown.refused(errors.EventNotFound, "event.list", worker_id="w2", after_event_id=taken)


def test_an_event_that_was_taken_is_told_by_its_position_whatever_the_clock_showed(
    grown: Bench,
) -> None:
    taken = grown.call("event.append", worker_id="w1", type="before")["event_id"]
    grown.world.set_wall(-86_400_000)
    kept = grown.call("event.append", worker_id="w1", type="after")["event_id"]
    later = grown.call("event.append", worker_id="w2", type="after")["event_id"]
    grown.call("daemon.prune", keep_last=1, streams=["worker:w1"])
    grown.refused(errors.CursorGone, "event.list", worker_id="w1", after_event_id=taken)
    assert not grown.call("event.list", worker_id="w1", after_event_id=kept)["items"]
    grown.refused(errors.EventNotFound, "event.list", worker_id="w1", after_event_id=later)


def test_something_must_be_said_of_what_may_go(grown: Bench) -> None:
    grown.refused(errors.InvalidParams, "daemon.prune")
    grown.refused(errors.InvalidParams, "daemon.prune", dry_run=True, streams=["daemon"])


def test_a_large_prune_is_done_in_parts(bench: Bench) -> None:
    bench.worker()
    bench.database.run(
        "INSERT INTO journal (pos, stream_id, seq, entry_id, ts, type, data)"
        " WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < ?1)"
        " SELECT v + 100, (SELECT stream_id FROM streams WHERE name = 'worker:w1'), v, 'e' || v,"
        " '', 'x', '{}' FROM n",
        MAX_PRUNE + 10,
    )
    bench.database.run("UPDATE streams SET last_seq = ? WHERE name = 'worker:w1'", MAX_PRUNE + 10)
    first = bench.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert (first["entries"], first["more"]) == (MAX_PRUNE, True)
    rest = bench.call("daemon.prune", keep_last=0, streams=["worker:w1"])
    assert (rest["entries"], rest["more"]) == (10, False)


def test_the_policy_prunes_by_kind_of_stream(grown: Bench) -> None:
    controllers = len(grown.notes())
    grown.world.rules = Rules(retention={"worker": Rule(keep_last=1)})
    due_ms = grown.own("daemon.prune_by_policy")
    assert due_ms == grown.world.boottime_ms() + 600_000
    assert (_left(grown, "w1"), _left(grown, "w2")) == ([10], [3])
    assert len(grown.notes()) == controllers
    grown.world.rules = Rules(retention={"*": Rule(keep_last=0)})
    grown.own("daemon.prune_by_policy")
    assert grown.database.row("SELECT COUNT(*) FROM journal") == (0,)


def test_the_policy_goes_on_kind_by_kind_in_slices(
    grown: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ROOM, "MAX_PRUNE_LOOKS", 1)
    rules = {"worker": Rule(keep_last=1), "controller": Rule(keep_last=0)}
    grown.world.rules = Rules(retention=rules)
    runs = 1
    while grown.own("daemon.prune_by_policy") < grown.world.boottime_ms() + 600_000:
        runs += 1
    assert runs > len(rules)
    assert (_left(grown, "w1"), _left(grown, "w2")) == ([10], [3])
    assert grown.database.row("SELECT COUNT(*) FROM journal") == (2,)
    before = grown.dump()
    for _ in range(runs):
        grown.own("daemon.prune_by_policy")
    assert grown.dump() == before


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("limit", "value"), [("MAX_PRUNE_LOOKS", 1), ("MAX_PRUNE_STREAMS", 1), ("MAX_PRUNE", 4)]
)
def test_a_prune_goes_on_from_its_cursor(
    grown: Bench, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, dry_run: bool
) -> None:
    monkeypatch.setattr(ROOM, limit, value)
    call = {"keep_last": 1, "streams": WORKERS, "dry_run": dry_run}
    pruned = grown.call("daemon.prune", **call)
    entries, calls = pruned["entries"], 1
    while pruned["more"]:
        pruned = grown.call("daemon.prune", **call, cursor=pruned["next"])
        entries, calls = entries + pruned["entries"], calls + 1
    assert calls > 1
    assert (pruned["more"], pruned["next"]) == (False, None)
    if not dry_run:
        assert (_left(grown, "w1"), _left(grown, "w2"), entries) == ([10], [3], 11)


def test_without_a_policy_nothing_goes(grown: Bench) -> None:
    assert grown.world.rules == Rules()
    before = grown.dump()
    grown.own("daemon.prune_by_policy")
    assert grown.dump() == before
