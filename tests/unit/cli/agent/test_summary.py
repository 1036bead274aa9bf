"""What an agent is at, folded from its updates."""

from typing import Any

import pytest

from penholder.cli.agent.summary import Folding, Totals
from penholder.cli.workers.summaries import Cost, Plan, title_of


def tool(name: str, **fields: object) -> dict[str, Any]:
    """Return an update of a tool call."""
    return {"sessionUpdate": "tool_call_update", "toolCallId": name, **fields}


def usage(amount: float, currency: str = "USD") -> dict[str, Any]:
    """Return an update of the use."""
    cost = {"amount": amount, "currency": currency}
    return {"sessionUpdate": "usage_update", "used": 10, "size": 100, "cost": cost}


def test_the_tool_is_the_newest_that_runs() -> None:
    folding = Folding()
    folding.take(tool("a", title="Read"))
    folding.take(tool("b", title="Write"))
    assert folding.now.tool == "Write"

    folding.take(tool("b", status="completed"))
    assert folding.now.tool == "Read"

    folding.take(tool("a", status="failed"))
    assert folding.now.tool is None


def test_a_plan_says_how_far_it_is_and_at_what() -> None:
    folding = Folding()
    entries = [
        {"content": "look", "status": "completed"},
        {"content": "write\nit", "status": "in_progress"},
        {"content": "check", "status": "pending"},
        "no step",
    ]

    folding.take({"sessionUpdate": "plan", "entries": entries})

    assert folding.now.plan == Plan(1, 3, "write it")


def test_tokens_add_up_over_turns_and_cost_over_sessions() -> None:
    folding = Folding(Totals(1, 2, 3, Cost(1.0, "USD")), Cost(1.0, "USD"))
    folding.used(10, 20, 30)
    folding.take(usage(0.5))
    folding.take(usage(0.75))
    assert (folding.now.tokens, folding.now.cost) == (33, Cost(1.75, "USD"))

    folding.session_changed()
    folding.take(usage(0.25))
    assert folding.now.cost == Cost(2.0, "USD")

    folding.session_changed()
    folding.take(usage(9.0, "EUR"))
    assert folding.now.cost == Cost(9.0, "EUR")


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"sessionUpdate": 7},
        {"sessionUpdate": "plan", "entries": "none"},
        {"sessionUpdate": "usage_update", "used": "much", "cost": {"amount": "all"}},
        {"sessionUpdate": "current_mode_update", "currentModeId": None},
        {"sessionUpdate": "hologram"},
    ],
)
def test_what_it_does_not_know_changes_nothing(update: dict[str, Any]) -> None:
    folding, plain = Folding(), Folding()

    folding.take(update)

    assert folding.now == plain.now


def test_a_title_is_one_line_that_says_what_matters_first() -> None:
    folding = Folding()
    assert title_of(folding.now) == "starting"
    folding.began("turn-1", "make\n it " + "x" * 500)
    assert len(title_of(folding.now)) == 200
    folding.take(tool("a", title="Read \0 this\nfile"))
    assert title_of(folding.now) == "Read this file"
    folding.used(1, 1, 2)
    folding.ended()
    assert title_of(folding.now).startswith("idle: make it")
    assert title_of(folding.now).endswith("· 2 tokens")


def test_a_session_that_is_gone_on_with_goes_on_counting_its_cost() -> None:
    folding = Folding(Totals(cost=Cost(1.5, "USD")), Cost(1.0, "USD"))
    folding.take(usage(0.75))
    assert folding.now.cost == Cost(1.75, "USD")

    # The agent's process began anew, and has forgotten what was.
    folding.take(usage(0.25))
    folding.take(usage(0.5))
    assert folding.now.cost == Cost(2.25, "USD")


def test_a_plan_of_version_2_is_one_as_well() -> None:
    entries = [{"content": "look", "status": "in_progress"}]
    folding = Folding()

    folding.take({"sessionUpdate": "plan_update", "plan": {"type": "items", "entries": entries}})

    assert folding.now.plan == Plan(0, 1, "look")


def test_what_an_agent_says_that_it_is_at_is_shown_but_no_idle_within_a_turn() -> None:
    folding = Folding()
    folding.take({"sessionUpdate": "state_update", "state": "running"})
    assert folding.now.state == "running"
    folding.began("turn-1", "go")
    folding.take({"sessionUpdate": "state_update", "state": "requires_action"})
    assert title_of(folding.now) == "requires action: go"

    folding.take({"sessionUpdate": "state_update", "state": "idle"})

    assert folding.now.state == "requires action"
