"""What is said to an agent within the turn that runs: once, before what waits, and never lost."""

import os
import signal

import pytest

from tests.helpers.agents import Agents
from tests.helpers.programs import wait_gone


@pytest.mark.parametrize("switches", [("--steers",), ("--steers", "--two")])
def test_it_is_said_within_the_turn_before_what_waits(
    agents: Agents, switches: tuple[str, ...]
) -> None:
    agent = agents.start(*switches, prompt="go")
    agent.wait_for("acp.agent_message_chunk")
    agent.send("the next one")

    assert agent.say("send", "to the left", "--steer").code == 0

    assert agent.outcome()["outcome"] == "completed"
    agent.wait_for("acp.agent_message_chunk", 4)
    agent.say("send", "to the right", "--steer")
    agent.outcome(2)
    assert agent.text().split("\n") == [
        "you said: go", "steered: to the left", "done: all",
        "you said: the next one", "steered: to the right", "done: all", "",
    ]  # fmt: skip
    steered = agent.events("turn.steered")
    assert [(e["turn_id"], e["data"]["seq"]) for e in steered] == [("turn-1", 3), ("turn-2", 4)]
    assert agent.say("wait").code == 0
    assert ">> to the left" in agent.say("show").out.splitlines()
    assert agent.record()["state"] == "idle"


@pytest.mark.parametrize("switches", [("--steers-never",), ("--two",)])
def test_what_the_agent_does_not_take_is_the_next_turn(
    agents: Agents, switches: tuple[str, ...]
) -> None:
    agent = agents.start(*switches, "--asks", "1", prompt="go")
    (question,) = agent.asked()

    assert agent.say("send", "to the left", "--steer").code == 0

    agent.wait_for("turn.unsteered")
    agent.decide(question["request_id"], "allow")
    agent.outcome()
    agent.decide(agent.asked()[0]["request_id"], "allow")
    agent.outcome(2)
    assert [e["data"]["text"] for e in agent.events("turn.started")] == ["go", "to the left"]
    assert agent.say("wait").code == 0


def test_where_no_turn_runs_it_is_the_next_one(agents: Agents) -> None:
    agent = agents.start("--steers-never")

    assert agent.say("send", "go", "--steer").code == 0

    assert agent.outcome()["outcome"] == "completed"
    assert agent.text() == "you said: go\ndone: all\n"
    assert not agent.events("turn.steered")


def test_a_turn_that_is_gone_on_with_has_heard_it_too(agents: Agents) -> None:
    switches = ("--steers", "--resume", "--ignores-cancel")
    agent = agents.start(*switches, prompt="go")
    agent.wait_for("acp.agent_message_chunk")
    agent.say("send", "to the left", "--steer")
    agent.wait_for("turn.steered")
    runner = agent.runner
    os.kill(runner, signal.SIGKILL)
    wait_gone(runner)

    agent.wait_for("turn.resumed")
    agent.wait_for("acp.agent_message_chunk", 2)

    assert agent.text().endswith("You were asked:\n\ngo\n\nto the left\n")
    assert len(agent.events("turn.steered")) == 1


def test_who_cannot_be_steered_refuses(agents: Agents) -> None:
    agent = agents.start(prompt="go")
    agent.outcome()

    ran = agent.say("send", "to the left", "--steer")

    assert ran.code == 6
    assert "cannot be told anything within a turn" in ran.err
    assert not agent.ask("input.list", after_seq=1)["items"]
