"""Walks through lists: what does not change comes exactly once, whatever readers mark meanwhile."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder_protocol import errors
from tests.helpers.harness import Bench, Json
from tests.helpers.running import ask, make_run_in


def _sessions(bench: Bench, count: int) -> list[str]:
    names = [f"s{number}" for number in range(count)]
    for name in names:
        make_run_in(bench, name, run_id=f"r-{name}")
        bench.world.pass_ms(1)
    return names


def _mark(bench: Bench, session_id: str, reader_id: str = "me") -> None:
    bench.call("session.mark_read", session_id=session_id, reader_id=reader_id)


def _walk(bench: Bench, seen: Callable[[list[Json]], None], **params: object) -> list[Json]:
    """Walk through session.list, telling of each page before the next is asked for."""
    items: list[Json] = []
    cursor = None
    while True:
        page = bench.call("session.list", reader_id="me", **params, cursor=cursor)
        items += page["items"]
        seen(page["items"])
        if (cursor := page["next"]) is None:
            return items


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("state", ["all", "default", "unread"])
def test_a_reader_that_marks_what_it_sees_sees_all_once(
    bench: Bench, state: str, limit: int
) -> None:
    names = _sessions(bench, 7)
    if state == "all":
        _mark(bench, "s2")

    def mark(page: list[Json]) -> None:
        for each in page:
            _mark(bench, each["session_id"])

    found = _walk(bench, mark, state=state, limit=limit)
    assert sorted(each["session_id"] for each in found) == names
    assert [each["attention"] for each in _walk(bench, lambda _: None, state="all")] == ["read"] * 7


def test_so_it_does_when_all_is_marked_elsewhere_meanwhile(bench: Bench) -> None:
    names = _sessions(bench, 6)
    _mark(bench, "s1")

    def mark_all(_: list[Json]) -> None:
        for name in names:
            _mark(bench, name)

    found = _walk(bench, mark_all, state="all", limit=2)
    assert sorted(each["session_id"] for each in found) == names
    assert found[-1]["session_id"] == "s1"
    # What it says of each is how that stands now.
    assert [each["attention"] for each in found[2:]] == ["read"] * 4


def test_a_walk_that_begins_later_knows_what_was_marked(bench: Bench) -> None:
    _sessions(bench, 3)
    _mark(bench, "s2")
    listed = [each["session_id"] for each in _walk(bench, lambda _: None, state="all", limit=1)]
    assert listed == ["s1", "s0", "s2"]
    assert len(_walk(bench, lambda _: None, state="unread", limit=1)) == 2


@given(
    st.integers(1, 4),
    st.sampled_from(["all", "default", "unread"]),
    st.lists(st.tuples(st.sampled_from(["mark", "other", "turn"]), st.integers(0, 5)), max_size=14),
)
def test_walks_and_marks_in_any_order(limit: int, state: str, acts: list[tuple[str, int]]) -> None:
    bench = Bench()
    names = _sessions(bench, 6)
    _mark(bench, "s0")
    changed = set()
    expected = set(names) if state == "all" else set(names[1:])

    def act(_page: list[Json]) -> None:
        for _step in range(2):
            if not acts:
                return
            kind, number = acts.pop()
            if kind == "turn":
                changed.add(names[number])
                ask(bench, run_id=f"r-s{number}")
            else:
                _mark(bench, names[number], "me" if kind == "mark" else "you")

    found = [each["session_id"] for each in _walk(bench, act, state=state, limit=limit)]
    for name in set(names) - changed:
        assert found.count(name) == (1 if name in expected else 0)


@pytest.mark.parametrize(
    "cursor", ["0|0|a", "x|0|a|s", "0|3|a|s", "9" * 19 + "|0|a|s", "-1|0|a|s", "1||a|s"]
)
def test_a_cursor_that_no_list_gave_is_refused(bench: Bench, cursor: str) -> None:
    bench.refused(errors.InvalidParams, "session.list", cursor=cursor)


@pytest.mark.parametrize(
    "cursor", ["9" * 200 + "/a/b", "-" + "9" * 200 + "/a/b", "1.5/a/b", "٣/a/b"]
)
def test_the_queues_list_refuses_them_too(bench: Bench, cursor: str) -> None:
    bench.refused(errors.InvalidParams, "queue.list", cursor=cursor)


def test_marking_moves_nothing_in_the_queues_list(bench: Bench) -> None:
    task = {"tenant_id": "t", "project_id": "p", "queue": "q"}
    names = [bench.call("queue.submit", **task)["queue_task_id"] for _ in range(5)]
    found: list[str] = []
    cursor = None
    while True:
        page = bench.call("queue.list", queue="q", reader_id="me", limit=2, cursor=cursor)
        for each in page["items"]:
            found.append(each["queue_task_id"])
            bench.call("queue.mark_read", queue_task_id=found[-1], reader_id="me")
        if (cursor := page["next"]) is None:
            break
    assert found == names
