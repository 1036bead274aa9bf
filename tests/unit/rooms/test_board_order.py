"""What a board counts is told in an order of its own, whatever the store finds first."""

from tests.helpers.harness import Bench


def test_states_are_told_in_the_order_of_their_names(bench: Bench) -> None:
    bench.call("board.create", board_id="b", goal="g")
    for number, state in enumerate(["failed", "done", "active", "pending"] * 3):
        brief = {"board_id": "b", "brief_id": f"br{number}", "tier": 1, "role": "r"}
        bench.call("brief.create", **brief)
        if state != "pending":
            bench.call("brief.set_state", brief_id=f"br{number}", state=state)
    told = bench.call("board.summary", board_id="b")["briefs_by_state"]
    assert list(told) == sorted(told)
    assert len(told) > 1
