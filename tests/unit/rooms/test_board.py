"""The board room: boards, their events, their summaries; workstreams."""

import pytest

from penholder_protocol import errors
from tests.helpers.boards import (
    BOARD_STATES,
    BRIEF_STATES,
    KINDS,
    NOW,
    WORKSTREAM_STATES,
    board,
    brief,
    workstream,
)
from tests.helpers.harness import Bench, Json


# --- boards -----------------------------------------------------------------------------------
def test_create_answers_the_board_and_again_what_stands(bench: Bench) -> None:
    made = board(bench)
    assert made == {
        "board_id": "b1",
        "goal": "goal of b1",
        "state": "pending",
        "created_at": NOW,
        "updated_at": NOW,
    }
    bench.world.pass_ms(5)
    changed = bench.call("board.set_state", board_id="b1", state="active")
    assert bench.call("board.create", board_id="b1", goal="another") == changed
    assert bench.call("board.get", board_id="b1") == {
        **made,
        "state": "active",
        "updated_at": "2026-01-01T00:00:00.005Z",
    }


def test_a_goal_is_long_and_a_name_is_not(bench: Bench) -> None:
    longest = "ü" * 65_536
    assert bench.call("board.create", board_id="b", goal=longest)["goal"] == longest
    bench.refused(errors.InvalidParams, "board.create", board_id="b", goal=longest + "x")
    for name in ("", "x" * 4097):
        bench.refused(errors.InvalidParams, "workstream.create", board_id="b", name=name, tier=1)
        bench.refused(errors.InvalidParams, "brief.create", board_id="b", role=name, tier=1)


@pytest.mark.parametrize("tier", [-1, 1001, 1.5, "1", None])
def test_a_tier_is_an_integer_up_to_a_thousand(bench: Bench, tier: object) -> None:
    board(bench)
    bench.refused(errors.InvalidParams, "workstream.create", board_id="b1", name="n", tier=tier)
    bench.refused(errors.InvalidParams, "brief.create", board_id="b1", role="r", tier=tier)
    for good in (0, 1000):
        bench.call("workstream.create", board_id="b1", name="n", tier=good)
        bench.call("brief.create", board_id="b1", role="r", tier=good)


def test_boards_are_listed_newest_first(bench: Bench) -> None:
    for number in range(5):
        board(bench, f"b{number}")
    bench.call("board.set_state", board_id="b0", state="active")
    board(bench, "b1")
    first = bench.call("board.list", limit=2)
    second = bench.call("board.list", cursor=first["next"])
    ids = [each["board_id"] for each in first["items"] + second["items"]]
    assert ids == ["b4", "b3", "b2", "b1", "b0"]
    assert second["next"] is None


def _stateful(bench: Bench) -> list[tuple[str, dict[str, object], list[str]]]:
    """Make one of each that has a state."""
    board(bench)
    workstream(bench, "ws1")
    brief(bench, "br1")
    return [
        ("board", {"board_id": "b1"}, BOARD_STATES),
        ("workstream", {"workstream_id": "ws1"}, WORKSTREAM_STATES),
        ("brief", {"brief_id": "br1"}, BRIEF_STATES),
    ]


def test_any_state_may_follow_any_other(bench: Bench) -> None:
    for noun, named, states in _stateful(bench):
        before = bench.call(f"{noun}.get", **named)
        for state in [*states, *reversed(states), "done", "done"]:
            bench.world.pass_ms(1)
            after = bench.call(f"{noun}.set_state", **named, state=state)
            assert after == {**before, "state": state, "updated_at": bench.world.now()}
            assert bench.call(f"{noun}.get", **named) == after


def test_expected_makes_it_a_compare_and_set(bench: Bench) -> None:
    for noun, named, _ in _stateful(bench):
        bench.call(f"{noun}.set_state", **named, state="active", expected="pending")
        refusal = bench.refused(
            errors.StaleState, f"{noun}.set_state", **named, state="done", expected="pending"
        )
        assert refusal.number == 1004
        assert refusal.details == {
            **named,
            "expected": "pending",
            "current_state": "active",
            "next_state": "done",
        }


def test_of_two_that_race_one_wins(bench: Bench) -> None:
    for noun, named, _ in _stateful(bench):
        params = {**named, "expected": "pending", "state": "active"}
        calls = [bench.invocation(f"{noun}.set_state", params) for _ in range(2)]
        first, second = bench.run(calls)
        assert isinstance(first, bytes)
        assert isinstance(second, errors.StaleState)


def test_an_unknown_state_is_told_before_ids_are_looked_at(bench: Bench) -> None:
    for noun, named, states in _stateful(bench):
        for unknown in (dict.fromkeys(named, "none"), named):
            for wrong in (
                {"state": "paused"},
                {"state": "done", "expected": "DONE"},
            ):
                refusal = bench.refused(
                    errors.InvalidParams, f"{noun}.set_state", **unknown, **wrong
                )
                assert refusal.details["known"] == states
                assert ", ".join(states) in refusal.message
    for method in ("workstream.list", "brief.list"):
        bench.refused(errors.InvalidParams, method, board_id="none", state="paused")
    refusal = bench.refused(
        errors.InvalidParams, "board.append_event", board_id="none", kind="started"
    )
    assert refusal.details == {"param": "kind", "known": KINDS}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("board.get", {}),
        ("board.set_state", {"state": "done"}),
        ("board.append_event", {"kind": "failed"}),
        ("board.events", {}),
        ("board.summary", {}),
        ("workstream.create", {"name": "n", "tier": 1}),
        ("workstream.list", {}),
        ("brief.create", {"role": "r", "tier": 1}),
        ("brief.list", {}),
        ("brief.tree", {}),
    ],
)
def test_an_unknown_board_is_not_found(
    bench: Bench, method: str, params: dict[str, object]
) -> None:
    refusal = bench.refused(errors.BoardNotFound, method, board_id="none", **params)
    assert (refusal.number, refusal.details) == (1001, {"board_id": "none"})


# --- events -----------------------------------------------------------------------------------
def test_events_are_entries_of_the_boards_stream(bench: Bench) -> None:
    board(bench)
    brief(bench, "br1")
    event = bench.call(
        "board.append_event", board_id="b1", kind="spawned", brief_id="br1", detail={"a": 1}
    )
    assert event == {
        "event_id": event["event_id"],
        "pos": event["pos"],
        "board_id": "b1",
        "brief_id": "br1",
        "seq": 1,
        "kind": "spawned",
        "detail": {"a": 1},
        "created_at": NOW,
    }
    whole = bench.call("board.append_event", board_id="b1", kind="failed")
    assert (whole["brief_id"], whole["detail"], whole["seq"]) == (None, {}, 2)
    assert bench.call("board.events", board_id="b1")["items"] == [event, whole]
    entries = bench.call("journal.read", streams=["board:b1"])["items"]
    assert [entry["type"] for entry in entries] == ["spawned", "failed"]
    assert entries[0]["entry_id"] == event["event_id"]
    assert entries[0]["data"] == {"brief_id": "br1", "detail": {"a": 1}}


def test_states_results_and_retries_log_nothing(bench: Bench) -> None:
    for noun, named, _ in _stateful(bench):
        bench.call(f"{noun}.set_state", **named, state="failed")
    bench.call("brief.retry", brief_id="br1")
    bench.call("brief.set_result", brief_id="br1", result={})
    assert bench.call("board.events", board_id="b1")["items"] == []
    assert bench.published == []


def test_events_are_oldest_first_after_a_sequence_number(bench: Bench) -> None:
    board(bench)
    for kind in KINDS:
        bench.call("board.append_event", board_id="b1", kind=kind)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = bench.call("board.events", board_id="b1", after_seq=1, limit=2, cursor=cursor)
        seen += [each["kind"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == KINDS[1:]


def test_an_event_is_about_a_brief_of_its_board(bench: Bench) -> None:
    board(bench, "b1")
    board(bench, "b2")
    brief(bench, "br2", "b2")
    for brief_id in ("br2", "none"):
        refusal = bench.refused(
            errors.BriefNotFound,
            "board.append_event",
            board_id="b1",
            kind="failed",
            brief_id=brief_id,
        )
        assert refusal.details == {"brief_id": brief_id}


def test_a_pruned_stream_says_what_is_gone_and_its_events_stay_counted(bench: Bench) -> None:
    board(bench)
    for kind in KINDS:
        bench.call("board.append_event", board_id="b1", kind=kind)
    bench.call("daemon.prune", streams=["board:b1"], keep_last=2)
    refusal = bench.refused(errors.CursorGone, "board.events", board_id="b1")
    assert refusal.details == {"stream": "board:b1", "oldest_seq": 4}
    assert len(bench.call("board.events", board_id="b1", after_seq=3)["items"]) == 2
    assert bench.call("board.summary", board_id="b1")["events_by_kind"] == dict.fromkeys(KINDS, 1)


# --- summary ----------------------------------------------------------------------------------
def test_a_summary_counts_only_what_occurs_on_its_board(bench: Bench) -> None:
    made = board(bench)
    nothing: Json = {"workstreams_by_state": {}, "briefs_by_state": {}, "events_by_kind": {}}
    assert bench.call("board.summary", board_id="b1") == {**made, **nothing}
    board(bench, "b2")
    for board_id in ("b1", "b2"):
        for number in range(3):
            workstream(bench, f"{board_id}-{number}", board_id)
            brief(bench, f"{board_id}-{number}", board_id)
            bench.call("board.append_event", board_id=board_id, kind=KINDS[number % 2])
    bench.call("workstream.set_state", workstream_id="b1-0", state="blocked")
    bench.call("brief.set_result", brief_id="b1-1", result={})
    assert bench.call("board.summary", board_id="b1") == {
        **made,
        "workstreams_by_state": {"pending": 2, "blocked": 1},
        "briefs_by_state": {"pending": 2, "done": 1},
        "events_by_kind": {"spawned": 2, "completed": 1},
    }


# --- workstreams ------------------------------------------------------------------------------
def test_a_workstream_is_made_and_again_what_stands(bench: Bench) -> None:
    board(bench)
    made = bench.call(
        "workstream.create",
        board_id="b1",
        workstream_id="ws",
        name="Docs",
        tier=2,
        owner_agent_id="ann",
    )
    assert made == {
        "workstream_id": "ws",
        "board_id": "b1",
        "name": "Docs",
        "tier": 2,
        "state": "pending",
        "owner_agent_id": "ann",
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert workstream(bench, "ws") == made == bench.call("workstream.get", workstream_id="ws")
    unnamed = workstream(bench)
    assert unnamed["workstream_id"].startswith("ws_")
    assert unnamed["owner_agent_id"] is None


def test_an_id_belongs_to_one_board(bench: Bench) -> None:
    board(bench, "b1")
    board(bench, "b2")
    workstream(bench, "ws")
    brief(bench, "br")
    taken = bench.refused(
        errors.WorkstreamExists,
        "workstream.create",
        board_id="b2",
        workstream_id="ws",
        name="n",
        tier=1,
    )
    assert (taken.number, taken.details) == (1002, {"workstream_id": "ws"})
    also = bench.refused(
        errors.BriefExists, "brief.create", board_id="b2", brief_id="br", role="r", tier=1
    )
    assert (also.number, also.details) == (1002, {"brief_id": "br"})


def test_workstreams_of_a_board_newest_first_by_state(bench: Bench) -> None:
    board(bench, "b1")
    board(bench, "b2")
    for number in range(4):
        workstream(bench, f"w{number}")
    workstream(bench, "other", "b2")
    bench.call("workstream.set_state", workstream_id="w1", state="done")

    def ids(**params: object) -> list[str]:
        items = bench.call("workstream.list", board_id="b1", **params)["items"]
        return [each["workstream_id"] for each in items]

    assert ids() == ["w3", "w2", "w1", "w0"]
    assert ids(state="pending") == ["w3", "w2", "w0"]
    assert ids(state="done") == ["w1"]
    assert ids(limit=1) == ["w3"]


@pytest.mark.parametrize(
    ("method", "params"), [("workstream.get", {}), ("workstream.set_state", {"state": "done"})]
)
def test_an_unknown_workstream_is_not_found(
    bench: Bench, method: str, params: dict[str, object]
) -> None:
    refusal = bench.refused(errors.WorkstreamNotFound, method, workstream_id="none", **params)
    assert (refusal.number, refusal.details) == (1001, {"workstream_id": "none"})


# --- on a runtime socket ----------------------------------------------------------------------
def test_a_worker_has_the_whole_room(bench: Bench) -> None:
    bench.worker("w1")
    seated = bench.seated("w1")
    bench.call("board.create", seated, board_id="b", goal="g")
    bench.call("workstream.create", seated, board_id="b", workstream_id="ws", name="n", tier=0)
    bench.call("brief.create", seated, board_id="b", brief_id="br", role="r", tier=0)
    bench.call("brief.retry", seated, brief_id="br")
    bench.call("brief.set_result", seated, brief_id="br", result={"ok": True})
    bench.call("board.append_event", seated, board_id="b", kind="completed", brief_id="br")
    assert bench.call("board.summary", seated, board_id="b")["briefs_by_state"] == {"done": 1}
    assert len(bench.call("brief.tree", seated, board_id="b")["items"]) == 1
    peer = bench.peer("w1", 800)
    bench.refused(errors.NotAttached, "board.create", peer, board_id="c", goal="g")
    assert bench.call("board.get", peer, board_id="b")["goal"] == "g"


def test_verify_finds_what_reaches_into_another_board(bench: Bench) -> None:
    checks = [each for room in bench.registry.rooms if room.name == "board" for each in room.checks]
    board(bench, "b1")
    board(bench, "b2")
    brief(bench, "p1")
    brief(bench, "c1", parent_brief_id="p1")
    bench.call("board.append_event", board_id="b1", kind="failed")
    assert [finding for each in checks for finding in each(bench.rx())] == []
    bench.database.run("UPDATE briefs SET board_id = 'b2' WHERE brief_id = 'c1'")
    bench.database.run("UPDATE board_event_counts SET events = 7")
    found = {finding.check for each in checks for finding in each(bench.rx())}
    assert found == {
        "briefs_stay_on_their_board", "briefs_hang_below_a_top", "board_events_are_counted",
    }  # fmt: skip


def test_verify_finds_a_circle_of_briefs(bench: Bench) -> None:
    checks = [each for room in bench.registry.rooms if room.name == "board" for each in room.checks]
    board(bench, "b1")
    brief(bench, "top")
    brief(bench, "a", parent_brief_id="top")
    brief(bench, "b", parent_brief_id="a")
    assert [finding for each in checks for finding in each(bench.rx())] == []
    bench.database.run("UPDATE briefs SET parent_brief_id = 'b' WHERE brief_id = 'a'")
    found = [finding for each in checks for finding in each(bench.rx())]
    assert {finding.check for finding in found} == {"briefs_hang_below_a_top"}
    assert len(found) == 2
