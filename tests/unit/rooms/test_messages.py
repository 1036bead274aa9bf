"""The messages room: topics, filters, readers at their own pace."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder_protocol import errors
from penholder_protocol.limits import MAX_VALUE_BYTES
from tests.helpers.harness import Bench, Json
from tests.helpers.stores import sqlite_only

OWN_KINDS = ["task_assign", "worker_assigned", "state_change", "task_failed"]


def publish(bench: Bench, count: int, topic: str = "news", **params: object) -> list[Json]:
    """Publish some messages; their payloads count."""
    return [
        bench.call("message.publish", topic=topic, **{"kind": "k", "payload": {"n": n}, **params})
        for n in range(1, count + 1)
    ]


def seqs(bench: Bench, **params: object) -> list[int]:
    """Return the sequence numbers of a list."""
    items = bench.call("message.list", **{"topic": "news", **params})["items"]
    return [each["seq"] for each in items]


def prune(bench: Bench, keep_last: int, topic: str = "news") -> None:
    """Have retention take the beginning of a topic."""
    bench.call("daemon.prune", streams=[f"topic:{topic}"], keep_last=keep_last)


def test_publish_answers_the_message_and_it_is_an_entry_of_the_topic(bench: Bench) -> None:
    message = bench.call(
        "message.publish", topic="news", kind="said", correlation_id="c1", payload={"a": [1]}
    )
    assert message == {
        "message_id": message["message_id"],
        "pos": message["pos"],
        "topic": "news",
        "seq": 1,
        "ts": "2026-01-01T00:00:00.000Z",
        "kind": "said",
        "correlation_id": "c1",
        "payload": {"a": [1]},
    }
    assert message["message_id"].startswith("msg_")
    entry = bench.call("journal.read", streams=["topic:news"])["items"][0]
    assert entry["entry_id"] == message["message_id"]
    assert (entry["stream"], entry["seq"], entry["pos"]) == ("topic:news", 1, message["pos"])
    assert (entry["type"], entry["turn_id"], entry["raw"]) == ("said", None, None)
    assert entry["data"] == {"correlation_id": "c1", "payload": {"a": [1]}}
    assert bench.call("message.list", topic="news")["items"] == [message]


def test_correlation_and_payload_may_be_left_out(bench: Bench) -> None:
    message = bench.call("message.publish", topic="news", kind="k")
    assert (message["correlation_id"], message["payload"]) == (None, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": ""},
        {"topic": "*"},
        {"topic": "x" * 129},
        {"kind": ""},
        {"kind": "x" * 129},
        {"correlation_id": "a b"},
        {"correlation_id": ""},
        {"payload": []},
    ],
)
def test_what_a_message_may_not_be(bench: Bench, wrong: dict[str, object]) -> None:
    bench.refused(errors.InvalidParams, "message.publish", **{"topic": "t", "kind": "k", **wrong})


@pytest.mark.parametrize("topic", ["a b", "**", "a:b/c", "ü\n%_'\"", "x" * 128])
def test_a_topic_may_hold_any_character(bench: Bench, topic: str) -> None:
    publish(bench, 1, topic)
    publish(bench, 1, "a")
    assert [each["topic"] for each in bench.call("message.list", topic=topic)["items"]] == [topic]
    assert len(bench.call("journal.read", streams=[f"topic:{topic}"])["items"]) == 1


def test_a_payload_has_the_size_of_a_value(bench: Bench) -> None:
    largest = {"x": "y" * (MAX_VALUE_BYTES - len('{"x":""}'))}
    publish(bench, 1, payload=largest)
    over = {"x": largest["x"] + "y"}
    bench.refused(errors.ValueTooLarge, "message.publish", topic="news", kind="k", payload=over)
    publish(bench, 5, payload=largest)
    pages, cursor = 0, None
    while pages == 0 or cursor is not None:
        page = bench.call("message.list", topic="news", kind="k", cursor=cursor)
        pages, cursor = pages + 1, page["next"]
    assert pages == 2, "a page ends where its frame is full"


@pytest.mark.parametrize("kind", OWN_KINDS)
def test_the_daemons_own_kinds_are_denied(bench: Bench, kind: str) -> None:
    bench.worker("w1")
    for caller in (bench.seated("w1"), None):
        callers = [caller] if caller else []
        refusal = bench.refused(
            errors.Denied, "message.publish", *callers, topic="anywhere", kind=kind
        )
        assert (refusal.number, refusal.details) == (1006, {"kind": kind})


def test_list_is_oldest_first_after_a_sequence_number(bench: Bench) -> None:
    publish(bench, 3)
    publish(bench, 2, "other")
    assert seqs(bench) == [1, 2, 3]
    assert seqs(bench, after_seq=2) == [3]
    assert seqs(bench, after_seq=99) == []
    assert seqs(bench, topic="none") == []


def test_list_filters_combine(bench: Bench) -> None:
    for kind, correlation_id in (("a", "x"), ("b", "x"), ("a", "y"), ("b", None), ("a", "x")):
        publish(bench, 1, kind=kind, correlation_id=correlation_id)
    publish(bench, 1, "other", kind="a", correlation_id="x")
    assert seqs(bench, kind="a") == [1, 3, 5]
    assert seqs(bench, correlation_id="x") == [1, 2, 5]
    assert seqs(bench, correlation_id="x", kind="a") == [1, 5]
    assert seqs(bench, correlation_id="x", kind="a", after_seq=1) == [5]
    assert seqs(bench, correlation_id="z") == []


@pytest.mark.parametrize("filters", [{}, {"kind": "a"}, {"correlation_id": "x"}])
def test_pages_go_on_with_the_cursor(bench: Bench, filters: dict[str, object]) -> None:
    for number in range(12):
        publish(bench, 1, kind="ab"[number % 2], correlation_id="xyz"[number % 3])
    expected = seqs(bench, after_seq=2, **filters)
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = bench.call(
            "message.list", topic="news", after_seq=2, limit=2, cursor=cursor, **filters
        )
        seen += [each["seq"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        publish(bench, 1, kind="c", correlation_id="c")
    assert [seq for seq in seen if seq <= 12] == expected


@sqlite_only("plans")
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"kind": "a"}, "messages_by_kind"),
        ({"correlation_id": "x"}, "messages_by_correlation"),
        ({"correlation_id": "x", "kind": "a"}, "messages_by_both"),
    ],
)
def test_a_filter_does_not_read_the_whole_topic(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, filters: dict[str, object], index: str
) -> None:
    plans: list[str] = []
    rows = bench.store.rows

    def explained(sql: str, *values: str | int | float | bytes | None) -> Json:
        plans.extend(
            str(row[3]) for row in bench.database.rows(f"EXPLAIN QUERY PLAN {sql}", *values)
        )
        return rows(sql, *values)

    monkeypatch.setattr(bench.store, "rows", explained)
    seqs(bench, **filters)
    assert any(index in step for step in plans)
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plans)


@pytest.mark.parametrize("filters", [{}, {"kind": "k"}, {"correlation_id": "c"}])
def test_a_pruned_topic_says_what_is_gone(bench: Bench, filters: dict[str, object]) -> None:
    publish(bench, 5, correlation_id="c")
    prune(bench, 2)
    for after_seq in (0, 2):
        for method in ("message.list", "message.wait"):
            refusal = bench.refused(
                errors.CursorGone, method, topic="news", after_seq=after_seq, **filters
            )
            assert refusal.details == {"stream": "topic:news", "oldest_seq": 4}
    assert seqs(bench, after_seq=3, **filters) == [4, 5]
    assert publish(bench, 1)[0]["seq"] == 6
    assert bench.database.row("SELECT COUNT(*) FROM messages") == (3,)


def test_wait_is_ready_when_there_is_what_it_waits_for(bench: Bench) -> None:
    publish(bench, 2, kind="a", correlation_id="x")
    wait = bench.look("message.wait", topic="news", after_seq=1, kind="a", correlation_id="x")
    assert wait.ready
    assert wait.streams == ("topic:news",)
    found = bench.call("message.wait", topic="news", after_seq=1, kind="a")
    assert [each["seq"] for each in found["items"]] == [2]
    for filters in ({"kind": "b"}, {"correlation_id": "y"}, {"kind": "a", "correlation_id": "y"}):
        assert not bench.look("message.wait", topic="news", after_seq=0, **filters).ready
    assert bench.call("message.wait", topic="empty", after_seq=0) == {"items": []}
    bench.refused(errors.InvalidParams, "message.wait", topic="news")


def test_a_wait_gives_a_hundred_at_once(bench: Bench) -> None:
    publish(bench, 101)
    assert len(bench.call("message.wait", topic="news", after_seq=0)["items"]) == 100


# --- readers ----------------------------------------------------------------------------------
def _ack(bench: Bench, seq: int, reader: str = "ben") -> int:
    answer = bench.call("message.ack", topic="news", reader=reader, seq=seq)
    assert answer == {"topic": "news", "reader": reader, "seq": answer["seq"]}
    stored: int = answer["seq"]
    return stored


def _unread(bench: Bench, reader: str = "ben") -> tuple[int, int]:
    answer = bench.call("message.unread", topic="news", reader=reader)
    return answer["count"], answer["after_seq"]


def test_ack_never_goes_back_and_at_most_to_the_last(bench: Bench) -> None:
    assert _unread(bench) == (0, 0)
    assert _ack(bench, 5) == 0
    publish(bench, 4)
    assert _unread(bench) == (4, 0)
    assert [_ack(bench, seq) for seq in (2, 1, 0, 99, 3)] == [2, 2, 2, 4, 4]
    assert _unread(bench) == (0, 4)
    publish(bench, 1)
    assert _unread(bench) == (1, 4)
    assert _unread(bench, "ann") == (5, 0)


def test_readers_of_different_topics_do_not_meet(bench: Bench) -> None:
    publish(bench, 2)
    publish(bench, 3, "other")
    _ack(bench, 2)
    assert bench.call("message.unread", topic="other", reader="ben") == {"count": 3, "after_seq": 0}


def test_what_was_pruned_is_not_unread(bench: Bench) -> None:
    publish(bench, 10)
    _ack(bench, 2)
    prune(bench, 3)
    assert _unread(bench) == (3, 2)
    assert _ack(bench, 8) == 8
    assert _unread(bench) == (2, 8)


def test_on_the_control_socket_a_reader_is_named(bench: Bench) -> None:
    for method, params in (("message.ack", {"seq": 1}), ("message.unread", {})):
        refusal = bench.refused(errors.InvalidParams, method, topic="news", **params)
        assert refusal.details == {"param": "reader"}
        bench.refused(errors.InvalidParams, method, topic="news", reader="a b", **params)


# --- on a runtime socket ----------------------------------------------------------------------
def test_there_the_reader_is_the_worker_unless_named(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    publish(bench, 3)
    assert bench.call("message.ack", seated, topic="news", seq=2)["reader"] == "w1"
    assert bench.call("message.unread", seated, topic="news") == {"count": 1, "after_seq": 2}
    assert bench.call("message.unread", topic="news", reader="w1")["after_seq"] == 2
    named = bench.call("message.ack", seated, topic="news", reader="w1/team", seq=1)
    assert named["reader"] == "w1/team"
    assert bench.call("message.unread", seated, topic="news", reader="w1/team")["count"] == 2


def test_a_worker_publishes_and_reads(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    bench.call("message.publish", seated, topic="news", kind="k")
    assert len(bench.call("message.list", seated, topic="news")["items"]) == 1
    assert bench.look("message.wait", seated, topic="news", after_seq=0).ready
    peer = bench.peer("w1", 800)
    bench.refused(errors.NotAttached, "message.publish", peer, topic="news", kind="k")
    bench.refused(errors.NotAttached, "message.ack", peer, topic="news", seq=1)


def test_a_worker_follows_topics_and_boards_but_no_other_workers(bench: Bench) -> None:
    bench.worker("w1")
    peer = bench.peer("w1")
    publish(bench, 2)
    bench.call("board.create", board_id="b", goal="g")
    bench.call("board.append_event", board_id="b", kind="spawned")
    allowed = ["topic:news", "topic:*", "board:b", "worker:w1"]
    for streams in (allowed, *([name] for name in allowed)):
        bench.call("journal.read", peer, streams=streams)
        bench.call("journal.subscribe", peer, streams=streams)
        bench.call("journal.wait", peer, streams=streams, after=0)
    assert len(bench.call("journal.read", peer, streams=["topic:*"])["items"]) == 2
    for name in ("*", "daemon", "worker:w2", "controller:c1", "queue:q", "controller:c1/workers"):
        bench.refused(errors.Denied, "journal.read", peer, streams=["topic:news", name])
        bench.refused(errors.Denied, "journal.subscribe", peer, streams=[name])


def test_verify_finds_a_message_that_cannot_be_found(bench: Bench) -> None:
    publish(bench, 2)
    check = bench.registry.rooms
    checks = [each for room in check if room.name == "message" for each in room.checks]
    assert [finding for each in checks for finding in each(bench.rx())] == []
    bench.database.run("DELETE FROM messages WHERE message_seq = 1")
    bench.database.run("UPDATE messages SET kind = 'other'")
    found = [finding for each in checks for finding in each(bench.rx())]
    assert [finding.check for finding in found] == ["messages_are_indexed"] * 2


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["x", "y", None])), max_size=30),
    st.integers(0, 30),
    st.sampled_from(["a", "b", "c", None]),
    st.sampled_from(["x", "y", "z", None]),
)
def test_lists_are_what_was_published_and_fits(
    published: list[tuple[str, str | None]], after_seq: int, kind: str | None, about: str | None
) -> None:
    bench = Bench()
    for each_kind, each_about in published:
        publish(bench, 1, kind=each_kind, correlation_id=each_about)
        publish(bench, 1, "noise", kind=each_kind, correlation_id=each_about)
    expected = [
        seq
        for seq, (each_kind, each_about) in enumerate(published, 1)
        if seq > after_seq and kind in (None, each_kind) and about in (None, each_about)
    ]
    assert seqs(bench, after_seq=after_seq, kind=kind, correlation_id=about) == expected


def test_a_payload_comes_back_as_it_was_given(bench: Bench) -> None:
    payload = {"deep": {"n": 10**18, "t": "ü\0\n", "f": 1.5, "none": None}, "correlation_id": "no"}
    publish(bench, 1, payload=payload)
    stored = bench.call("message.list", topic="news")["items"][0]["payload"]
    assert msgspec.json.encode(stored) == msgspec.json.encode(payload)
