"""The events room: a worker's stream, its cursors, its waits."""

import pytest

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json


def _append(bench: Bench, count: int, worker_id: str = "w1") -> list[Json]:
    return [
        bench.call("event.append", worker_id=worker_id, type=f"t{n}", data={"n": n})
        for n in range(1, count + 1)
    ]


def _seqs(answer: Json) -> list[int]:
    return [event["event_seq"] for event in answer["items"]]


def test_append_answers_the_event(bench: Bench) -> None:
    bench.worker()
    event = bench.call(
        "event.append", worker_id="w1", type="said", data={"a": 1}, turn_id="t", raw=[1, None]
    )
    pos = event.pop("pos")
    assert event == {
        "event_id": event["event_id"],
        "worker_id": "w1",
        "event_seq": 1,
        "ts": "2026-01-01T00:00:00.000Z",
        "type": "said",
        "turn_id": "t",
        "data": {"a": 1},
        "raw": [1, None],
        "blobs": [],
    }
    assert event["event_id"].startswith("ev_")
    assert bench.call("event.latest", worker_id="w1") == {**event, "pos": pos}
    assert bench.call("journal.position") == {"pos": pos}


def test_data_is_an_empty_object_and_raw_null_by_default(bench: Bench) -> None:
    bench.worker()
    event = bench.call("event.append", worker_id="w1", type="x")
    assert (event["data"], event["raw"], event["turn_id"]) == ({}, None, None)
    given_null = bench.call("event.append", worker_id="w1", type="x", raw=None)
    assert given_null["raw"] is None


@pytest.mark.parametrize("data", [[], "x", 1, True])
def test_data_must_be_an_object(bench: Bench, data: object) -> None:
    bench.worker()
    refusal = bench.refused(
        errors.InvalidParams, "event.append", worker_id="w1", type="x", data=data
    )
    assert refusal.details["param"] == "data"


@pytest.mark.parametrize("type_", ["", "x" * 129, None, 1])
def test_a_type_is_one_to_128_characters(bench: Bench, type_: object) -> None:
    bench.worker()
    bench.refused(errors.InvalidParams, "event.append", worker_id="w1", type=type_)
    bench.call("event.append", worker_id="w1", type="x" * 128)


def test_append_many_is_in_order_and_all_or_none(bench: Bench) -> None:
    bench.worker()
    _append(bench, 1)
    answer = bench.call(
        "event.append_many",
        worker_id="w1",
        events=[{"type": "a"}, {"type": "b", "data": {"x": 1}, "turn_id": "t", "raw": "r"}],
    )
    assert _seqs(answer) == [2, 3]
    assert [event["type"] for event in answer["items"]] == ["a", "b"]
    assert answer["items"][1]["raw"] == "r"
    bench.refused(
        errors.InvalidParams,
        "event.append_many",
        worker_id="w1",
        events=[{"type": "good"}, {"type": "bad", "data": 7}],
    )
    assert _seqs(bench.call("event.list", worker_id="w1")) == [1, 2, 3]


def test_append_many_takes_one_to_a_thousand(bench: Bench) -> None:
    bench.worker()
    bench.refused(errors.InvalidParams, "event.append_many", worker_id="w1", events=[])
    too_many = [{"type": "x"}] * 1001
    bench.refused(errors.InvalidParams, "event.append_many", worker_id="w1", events=too_many)
    bench.call("event.append_many", worker_id="w1", events=too_many[:-1])
    assert bench.call("event.latest", worker_id="w1")["event_seq"] == 1000


def test_an_unknown_field_of_an_event_is_refused(bench: Bench) -> None:
    bench.worker()
    refusal = bench.refused(
        errors.InvalidParams, "event.append_many", worker_id="w1", events=[{"type": "x", "tpye": 1}]
    )
    assert refusal.details["param"] == "tpye"


def test_list_is_oldest_first_after_an_id_or_a_sequence_number(bench: Bench) -> None:
    bench.worker()
    events = _append(bench, 5)
    assert _seqs(bench.call("event.list", worker_id="w1")) == [1, 2, 3, 4, 5]
    assert _seqs(bench.call("event.list", worker_id="w1", after_seq=3)) == [4, 5]
    after_id = bench.call("event.list", worker_id="w1", after_event_id=events[1]["event_id"])
    assert _seqs(after_id) == [3, 4, 5]
    assert after_id["items"] == events[2:]
    assert _seqs(bench.call("event.list", worker_id="w1", after_seq=99)) == []


def test_both_cursors_are_wrong_params(bench: Bench) -> None:
    bench.worker()
    event_id = _append(bench, 1)[0]["event_id"]
    for method in ("event.list", "event.wait"):
        bench.refused(
            errors.InvalidParams, method, worker_id="w1", after_event_id=event_id, after_seq=0
        )


def test_an_event_of_another_stream_is_not_found(bench: Bench) -> None:
    bench.worker("w1")
    bench.worker("w2")
    elsewhere = _append(bench, 1, "w2")[0]["event_id"]
    for unknown in (elsewhere, "ev_none"):
        refusal = bench.refused(
            errors.EventNotFound, "event.list", worker_id="w1", after_event_id=unknown
        )
        assert refusal.number == 1001
        assert refusal.details == {"worker_id": "w1", "event_id": unknown}


def test_pages_go_on_with_the_same_params_and_the_cursor(bench: Bench) -> None:
    bench.worker()
    _append(bench, 7)
    params: dict[str, object] = {"worker_id": "w1", "after_seq": 1, "limit": 2}
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = bench.call("event.list", **params, cursor=cursor)
        seen += _seqs(page)
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [2, 3, 4, 5, 6, 7]


def test_a_pruned_stream_says_what_is_gone(bench: Bench) -> None:
    bench.worker()
    events = _append(bench, 5)
    _prune(bench, "worker:w1", events[2])
    refusal = bench.refused(errors.CursorGone, "event.list", worker_id="w1", after_seq=2)
    assert refusal.number == 1008
    assert refusal.details == {"stream": "worker:w1", "oldest_seq": 4}
    bench.refused(errors.CursorGone, "event.list", worker_id="w1")
    bench.refused(errors.CursorGone, "event.wait", worker_id="w1")
    assert _seqs(bench.call("event.list", worker_id="w1", after_seq=3)) == [4, 5]
    assert bench.call("event.append", worker_id="w1", type="next")["event_seq"] == 6


def _prune(bench: Bench, stream: str, last: Json) -> None:
    """Take entries away up to one, as retention does."""
    bench.database.run(
        "DELETE FROM journal WHERE seq <= ?"
        " AND stream_id = (SELECT stream_id FROM streams WHERE name = ?)",
        last["event_seq"],
        stream,
    )
    bench.database.run(
        "UPDATE streams SET pruned_seq = ?, pruned_pos = ? WHERE name = ?",
        last["event_seq"],
        last["pos"],
        stream,
    )


def test_latest_of_an_empty_stream_is_null(bench: Bench) -> None:
    bench.worker()
    assert bench.call("event.latest", worker_id="w1") is None


def test_wait_is_ready_when_there_is_something_of_the_type(bench: Bench) -> None:
    bench.worker()
    _append(bench, 3)
    wait = bench.look("event.wait", worker_id="w1", after_seq=1, types=["t3", "t9"])
    assert wait.ready
    assert wait.streams == ("worker:w1",)
    assert _seqs(bench.call("event.wait", worker_id="w1", after_seq=1, types=["t3"])) == [3]
    nothing = bench.look("event.wait", worker_id="w1", after_seq=3)
    assert not nothing.ready
    assert bench.call("event.wait", worker_id="w1", after_seq=3)["items"] == []


def test_rolled_back_appends_leave_no_hole(bench: Bench) -> None:
    bench.worker()
    for method in ("tx.apply", "event.append"):
        calls = [
            {"method": "event.append", "params": {"worker_id": "w1", "type": "lost"}},
            {"method": "worker.stop", "params": {"worker_id": "nobody"}},
        ]
        if method == "tx.apply":
            bench.refused(errors.WorkerNotFound, method, calls=calls)
        else:
            bench.call(method, worker_id="w1", type="kept")
    bench.call("event.append", worker_id="w1", type="kept")
    assert _seqs(bench.call("event.list", worker_id="w1")) == [1, 2]
    positions = [entry.entry.pos for entry in bench.published]
    assert positions == list(range(1, len(positions) + 1))


@pytest.mark.parametrize("state", ["starting", "error", "stopped"])
def test_events_are_appended_in_every_state(bench: Bench, state: str) -> None:
    bench.worker()
    seated = bench.seated()
    bench.in_state(state)
    bench.call("event.append", worker_id="w1", type="x")
    bench.call("event.append", seated, type="last words")


def test_request_ids_are_kept_with_their_entries(bench: Bench) -> None:
    bench.worker()
    bench.call("event.append", worker_id="w1", type="x")
    entry = bench.call("journal.read", streams=["worker:w1"])["items"][0]
    assert entry["request_id"] == "req-event.append"
