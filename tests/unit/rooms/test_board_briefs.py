"""Briefs: orders with a parent, and the trees that they make."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder_daemon.core import execute
from penholder_protocol import errors
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_RESULT_BYTES, MAX_VALUE_BYTES
from tests.helpers.boards import NOW, board, brief, workstream
from tests.helpers.harness import Bench, Json


@pytest.fixture
def planned(bench: Bench) -> Bench:
    """Give a bench with two boards."""
    board(bench, "b1")
    board(bench, "b2")
    return bench


def tree(bench: Bench, **params: object) -> list[Json]:
    """Return the tree of board b1 as lists of (id, children)."""
    answer = bench.call("brief.tree", **{"board_id": "b1", **params})
    return [_shape(node) for node in answer["items"]]


def _shape(node: Json) -> Json:
    return [node["brief_id"], [_shape(child) for child in node["children"]]]


def test_create_answers_the_brief_and_again_what_stands(planned: Bench) -> None:
    workstream(planned, "ws")
    brief(planned, "top")
    made = brief(
        planned,
        "br",
        parent_brief_id="top",
        workstream_id="ws",
        tier=3,
        role="writer",
        payload={"a": [None]},
        retry_count=2,
    )
    assert made == {
        "brief_id": "br",
        "board_id": "b1",
        "parent_brief_id": "top",
        "workstream_id": "ws",
        "tier": 3,
        "role": "writer",
        "state": "pending",
        "payload": {"a": [None]},
        "result": None,
        "retry_count": 2,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert planned.call("brief.get", brief_id="br") == made
    assert brief(planned, "br", role="another", payload={}) == made
    unnamed = brief(planned)
    assert unnamed["brief_id"].startswith("br_")
    assert (unnamed["payload"], unnamed["retry_count"]) == ({}, 0)


@pytest.mark.parametrize(
    ("error", "wrong"),
    [
        (errors.BriefNotFound, {"parent_brief_id": "none"}),
        (errors.BriefNotFound, {"parent_brief_id": "foreign"}),
        (errors.BriefNotFound, {"parent_brief_id": "br"}),
        (errors.BriefNotFound, {"parent_brief_id": "none", "workstream_id": "none"}),
        (errors.WorkstreamNotFound, {"workstream_id": "none"}),
        (errors.WorkstreamNotFound, {"workstream_id": "ws2"}),
        (errors.WorkstreamNotFound, {"workstream_id": "ws2", "brief_id": "foreign"}),
        (errors.BriefExists, {"brief_id": "foreign"}),
        (errors.BoardNotFound, {"board_id": "none", "parent_brief_id": "none"}),
    ],
)
def test_parents_and_workstreams_are_of_the_same_board(
    planned: Bench, error: type[errors.PenholderError], wrong: dict[str, object]
) -> None:
    brief(planned, "foreign", "b2")
    workstream(planned, "ws2", "b2")
    params = {"board_id": "b1", "brief_id": "br", "tier": 1, "role": "r", **wrong}
    planned.refused(error, "brief.create", **params)


@pytest.mark.parametrize("retry_count", [-1, 1 << 31, 0.5])
def test_a_retry_count_is_a_count(planned: Bench, retry_count: object) -> None:
    planned.refused(
        errors.InvalidParams,
        "brief.create",
        board_id="b1",
        tier=1,
        role="r",
        retry_count=retry_count,
    )


def test_a_result_makes_it_done(planned: Bench) -> None:
    made = brief(planned, "br")
    planned.world.pass_ms(4)
    done = planned.call("brief.set_result", brief_id="br", result={"pages": 3})
    expected = {"state": "done", "result": {"pages": 3}, "updated_at": planned.world.now()}
    assert done == {**made, **expected}
    again = planned.call("brief.set_result", brief_id="br", result={})
    assert again["result"] == {}
    assert planned.call("brief.set_state", brief_id="br", state="active")["result"] == {}
    wrongs: list[object] = [None, [], "x"]
    for wrong in wrongs:
        planned.refused(errors.InvalidParams, "brief.set_result", brief_id="br", result=wrong)


def test_a_retry_counts_one_up(planned: Bench) -> None:
    brief(planned, "br", retry_count=(1 << 31) - 1)
    planned.call("brief.set_state", brief_id="br", state="failed")
    retried = planned.call("brief.retry", brief_id="br")
    assert (retried["retry_count"], retried["state"]) == (1 << 31, "failed")
    params = {"brief_id": "br", "idempotency_key": "once"}
    assert planned.call("brief.retry", **params) == planned.call("brief.retry", **params)
    assert planned.call("brief.get", brief_id="br")["retry_count"] == (1 << 31) + 1


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("brief.get", {}),
        ("brief.set_state", {"state": "done"}),
        ("brief.set_result", {"result": {}}),
        ("brief.retry", {}),
    ],
)
def test_an_unknown_brief_is_not_found(
    planned: Bench, method: str, params: dict[str, object]
) -> None:
    refusal = planned.refused(errors.BriefNotFound, method, brief_id="none", **params)
    assert (refusal.number, refusal.details) == (1001, {"brief_id": "none"})


def test_briefs_of_a_board_newest_first_by_state(planned: Bench) -> None:
    for number in range(4):
        brief(planned, f"b{number}")
    brief(planned, "other", "b2")
    planned.call("brief.set_result", brief_id="b2", result={})

    def ids(**params: object) -> list[str]:
        items = planned.call("brief.list", board_id="b1", **params)["items"]
        return [each["brief_id"] for each in items]

    assert ids() == ["b3", "b2", "b1", "b0"]
    assert ids(state="done") == ["b2"]
    assert ids(state="pending") == ["b3", "b1", "b0"]


# --- trees ------------------------------------------------------------------------------------
def test_a_tree_has_siblings_oldest_first_under_whole_briefs(planned: Bench) -> None:
    for brief_id, parent in (("z", None), ("a", None), ("zb", "z"), ("za", "z"), ("zba", "zb")):
        brief(planned, brief_id, parent_brief_id=parent, payload={"}": '"children":['})
    brief(planned, "foreign", "b2")
    assert tree(planned) == [["z", [["zb", [["zba", []]]], ["za", []]]], ["a", []]]
    node = planned.call("brief.tree", board_id="b1")["items"][0]
    children = node.pop("children")
    assert node == planned.call("brief.get", brief_id="z")
    assert children[0]["payload"] == {"}": '"children":['}
    assert tree(planned, board_id="b2") == [["foreign", []]]


def test_an_empty_board_has_an_empty_tree(planned: Bench) -> None:
    assert planned.call("brief.tree", board_id="b1") == {"items": []}


def test_a_tree_may_begin_anywhere_and_end_at_a_depth(planned: Bench) -> None:
    for number in range(5):
        parent = f"n{number - 1}" if number else None
        brief(planned, f"n{number}", parent_brief_id=parent)
    brief(planned, "side", parent_brief_id="n1")
    assert tree(planned, depth=0) == [["n0", []]]
    assert tree(planned, depth=1) == [["n0", [["n1", []]]]]
    assert tree(planned, root_brief_id="n1", depth=1) == [["n1", [["n2", []], ["side", []]]]]
    assert tree(planned, root_brief_id="n3") == [["n3", [["n4", []]]]]
    assert tree(planned, root_brief_id="n4") == [["n4", []]]
    assert tree(planned, depth=99) == tree(planned)
    for depth in (-1, 0.5, "1"):
        planned.refused(errors.InvalidParams, "brief.tree", board_id="b1", depth=depth)


def test_a_root_is_a_brief_of_the_board(planned: Bench) -> None:
    brief(planned, "foreign", "b2")
    for root in ("none", "foreign"):
        refusal = planned.refused(
            errors.BriefNotFound, "brief.tree", board_id="b1", root_brief_id=root
        )
        assert refusal.details == {"brief_id": root}


def test_a_tree_is_as_deep_as_a_frame_holds(planned: Bench) -> None:
    """Deeper than recursion could go, on either side of the encoder."""
    levels = 2500
    for number in range(levels):
        brief(planned, f"n{number}", parent_brief_id=f"n{number - 1}" if number else None)
    text = execute.query(planned.rx(), planned.invocation("brief.tree", {"board_id": "b1"}))
    assert text.count(b'"brief_id":') == levels
    assert text.endswith(b"[" + b"]}" * (levels + 1))
    assert text.startswith(b'{"items":[{"brief_id":"n0",')
    assert _shape_depth(tree(planned, root_brief_id="n2400")) == 100
    assert _shape_depth(tree(planned, depth=20)) == 21


def _shape_depth(nodes: list[Json]) -> int:
    return 1 + _shape_depth(nodes[0][1]) if nodes else 0


def test_a_tree_is_answered_up_to_a_frame_and_refused_over_it(planned: Bench) -> None:
    brief(planned, "top")
    for number in range(3):
        payload = {"x": "y" * (MAX_VALUE_BYTES - 8)}
        brief(planned, f"n{number}", parent_brief_id="top", payload=payload)
    brief(planned, "last", parent_brief_id="n2", role="r")
    planned.call("brief.set_result", brief_id="last", result={"x": ""})
    size = len(msgspec.json.encode(planned.call("brief.tree", board_id="b1")))
    free = MAX_RESULT_BYTES - size
    planned.call("brief.set_result", brief_id="last", result={"x": "y" * free})
    whole = planned.call("brief.tree", board_id="b1")
    assert len(msgspec.json.encode(whole)) == MAX_RESULT_BYTES
    planned.call("brief.set_result", brief_id="last", result={"x": "y" * (free + 1)})
    refusal = planned.refused(errors.TreeTooLarge, "brief.tree", board_id="b1")
    assert refusal.number == 1005
    assert refusal.details == {"limit": "MAX_FRAME_BYTES", "maximum": MAX_FRAME_BYTES}
    assert _shape_depth(tree(planned, depth=1)) == 2
    assert tree(planned, root_brief_id="last") == [["last", []]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 100), max_size=15),
    st.none() | st.integers(0, 4),
    st.none() | st.integers(0, 14),
)
def test_trees_are_what_the_parents_say(
    picks: list[int], depth: int | None, root: int | None
) -> None:
    bench = Bench()
    board(bench, "b1")
    below: dict[int | None, list[int]] = {}
    for number, pick in enumerate(picks):
        parent = pick % (number + 1) - 1
        above = None if parent < 0 else parent
        brief(bench, f"n{number}", parent_brief_id=None if above is None else f"n{above}")
        below.setdefault(above, []).append(number)

    def expected(number: int, left: int) -> Json:
        children = below.get(number, []) if left else []
        return [f"n{number}", [expected(child, left - 1) for child in children]]

    if root is not None and root >= len(picks):
        root = None
    tops = below.get(None, []) if root is None else [root]
    left = 99 if depth is None else depth
    params = {"depth": depth, "root_brief_id": None if root is None else f"n{root}"}
    assert tree(bench, **params) == [expected(top, left) for top in tops]
