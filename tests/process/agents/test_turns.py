"""Turns of an agent: begun, queued, canceled, ended by our own record."""

import os
import signal

import pytest

from tests.helpers.agents import Agent, Agents
from tests.helpers.programs import runs, wait_gone


def test_a_prompt_is_a_turn_from_start_to_end(agents: Agents) -> None:
    ran = agents.try_start("--usage", words=("hello",))

    assert ran.code == 0
    assert ran.out == "you said: hello\n[>] first\ndone: all\n"
    assert "30 tokens" in ran.err
    assert "0.2500 USD" in ran.err


def test_prompts_are_taken_in_order_one_after_the_other(agents: Agents) -> None:
    agent = agents.start("--asks", "1", prompt="one")
    agent.send("two")
    agent.send("three")
    for number in range(1, 4):
        (question,) = agent.asked()
        assert question["turn_id"] == f"turn-{number}"
        assert agent.record()["active_turn_id"] == f"turn-{number}"
        agent.decide(question["request_id"], "allow")
        agent.outcome(number)

    said = [event["data"]["text"] for event in agent.events("turn.started")]
    assert said == ["one", "two", "three"]
    kinds = [event["type"] for event in agent.events("turn.started", "turn.ended")]
    assert kinds == ["turn.started", "turn.ended"] * 3


@pytest.mark.parametrize(
    ("switches", "reason"),
    [(("--long",), "cancelled"), (("--long", "--end-turn-after-cancel"), "end_turn")],
)
def test_a_canceled_turn_ended_so_whatever_the_agent_says(
    agents: Agents, switches: tuple[str, ...], reason: str
) -> None:
    agent = agents.start(*switches, prompt="go")
    agent.wait_for("acp.agent_message_chunk")

    assert agent.say("cancel").code == 0

    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("canceled", reason)
    assert agent.record()["state"] == "idle"


def test_a_cancel_amid_a_permission_answers_that_first(agents: Agents) -> None:
    agent = agents.start("--asks", "2", prompt="go")
    agent.asked(2)

    assert agent.say("cancel").code == 0

    assert agent.outcome()["outcome"] == "canceled"
    assert agent.approvals() == [("canceled", None)] * 2
    assert "done: cancelled cancelled" in agent.text()
    assert agent.record()["state"] == "idle"


def test_where_there_is_no_turn_there_is_nothing_to_cancel(agents: Agents) -> None:
    agent = agents.start()

    ran = agent.say("cancel")

    assert ran.code == 6
    assert "no turn to cancel: it is idle" in ran.err


def test_who_ignores_a_cancel_is_ended_with_all_that_it_left_and_starts_again(
    agents: Agents,
) -> None:
    grace = ("--cancel-grace-s", "0.3")
    agent = agents.start("--ignores-cancel", "--leaves", "--resume", prompt="go", words=grace)
    agent.wait_for("acp.agent_message_chunk", 2)
    left = int(agent.text().split("left ")[1])
    first = agent.command

    assert agent.say("cancel").code == 0

    assert agent.outcome()["outcome"] == "canceled"
    agent.wait_for("session.opened", 2)
    assert not runs(first)
    assert not runs(left)
    assert agent.command != first
    assert agent.record()["state"] == "idle"


def test_stop_ends_a_turn_and_the_whole_group(agents: Agents) -> None:
    agent = agents.start("--ignores-cancel", "--leaves", prompt="go")
    agent.wait_for("acp.agent_message_chunk", 2)
    left, process = int(agent.text().split("left ")[1]), agent.command

    assert agents.say("stop", agent.worker_id).code == 0

    assert not runs(left)
    assert not runs(process)
    assert agent.outcome()["outcome"] == "stopped"
    assert agent.record()["state"] == "stopped"


def test_an_agent_that_dies_ends_its_turn_by_our_record(agents: Agents) -> None:
    ran = agents.try_start("--dies", words=("go",))

    assert ran.code == 22
    assert "# turn died exit status 3" in ran.out


@pytest.mark.parametrize("closed", ["output", "input"])
def test_an_agent_that_cannot_be_talked_with_is_ended(agents: Agents, closed: str) -> None:
    ran = agents.try_start(f"--closes-{closed}", words=("go",))

    assert ran.code == 22
    assert f"# turn died the agent has closed its {closed}" in ran.out


def test_one_that_closes_its_output_starts_again_by_the_policy(agents: Agents) -> None:
    agent = agents.start("--closes-output", prompt="go", restart="on-failure")
    agent.wait_for("process.started", 2)
    assert agent.events("agent.failed")[0]["data"]["reason"] == "the agent has closed its output"


def test_a_turn_whose_time_is_over_is_canceled(agents: Agents) -> None:
    ran = agents.try_start("--long", words=("--turn-within-s", "0.3", "go"))

    assert ran.code == 22
    assert "# turn deadline cancelled" in ran.out


def test_what_comes_after_the_answer_is_kept_and_belongs_to_no_turn(agents: Agents) -> None:
    agent = agents.start("--late", prompt="go")
    agent.wait_for("acp.agent_message_chunk", 3)
    agent.outcome()

    last = agent.events("acp.agent_message_chunk")[-1]
    assert (last["data"]["content"]["text"], last["turn_id"]) == ("late\n", None)


def test_ctrl_c_cancels_the_turn(agents: Agents) -> None:
    running = agents.foreground("--long", prompt="go")
    assert running.line() == "you said: go"

    running.signal(signal.SIGINT)

    ended = running.end()
    assert ended.code == 130
    assert "# turn canceled cancelled" in ended.out
    assert Agent(agents, "fake-1").record()["state"] == "idle"


def test_a_second_ctrl_c_leaves_the_agent_to_itself(agents: Agents) -> None:
    running = agents.foreground("--ignores-cancel", prompt="go")
    assert running.line() == "you said: go"
    agent = Agent(agents, "fake-1")

    running.signal(signal.SIGINT)
    agent.wait_for("turn.canceling")
    running.signal(signal.SIGINT)

    ended = running.end()
    assert ended.code == 130
    assert "fake-1 goes on" in ended.err
    assert agent.record()["state"] == "canceling"
    assert runs(agent.command)


def test_an_agent_that_is_killed_ends_in_error(agents: Agents) -> None:
    agent = agents.start()
    process = agent.command
    os.kill(process, signal.SIGKILL)
    wait_gone(process)

    ended = agent.wait_ended()

    assert (ended["state"], ended["last_error"]) == ("error", "killed by SIGKILL")
    assert agent.say("wait").code == 22
