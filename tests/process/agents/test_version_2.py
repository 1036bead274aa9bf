"""Version 2 of the protocol, where a prompt is only taken, and the agent says what it is at."""

import os
import signal

from tests.helpers.agents import Agent, Agents
from tests.helpers.programs import wait_gone
from tests.helpers.waiting import until


def kill_runner(agent: Agent) -> None:
    """End the runner as the kernel does when memory is short."""
    runner = agent.runner
    os.kill(runner, signal.SIGKILL)
    wait_gone(runner)


def test_a_turn_ends_when_the_agent_is_idle(agents: Agents) -> None:
    agent = agents.start("--two", "--asks", "1", prompt="go")
    (question,) = agent.asked()
    assert question["message"] == "May I write file 1?"
    assert question["kind"] == "tool.edit"
    until(lambda: "requires action: go" in overview(agents), "it is not told what it waits for")

    agent.decide(question["request_id"], "allow")

    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("completed", "end_turn")
    states = [each["data"]["state"] for each in agent.events("acp.state_update")]
    assert states == ["running", "requires_action", "running", "idle"]
    agent.send("again")
    agent.decide(agent.asked()[0]["request_id"], "reject")
    assert agent.outcome(2)["outcome"] == "completed"
    assert agent.text() == "you said: go\ndone: allow\nyou said: again\ndone: reject\n"


def overview(agents: Agents) -> str:
    """Return the line in which it is listed."""
    with agents.daemon.connect() as control:
        (found,) = control.call("worker.overview")["items"]
    return str((found["summary"] or {}).get("title"))


def test_a_question_outlives_the_runner(agents: Agents) -> None:
    agent = agents.start("--two", "--asks", "1", prompt="go")
    (question,) = agent.asked()

    kill_runner(agent)

    bound = agent.wait_for("permission.bound")
    assert bound["request_id"] == question["request_id"]
    agent.decide(question["request_id"], "allow")
    assert agent.outcome()["outcome"] == "completed"
    assert agent.approvals() == [("decided", "allow")]
    assert [e["data"]["how"] for e in agent.events("session.opened")] == ["new", "resumed"]


def test_who_resumes_at_work_is_not_asked_to_go_on(agents: Agents) -> None:
    agent = agents.start("--two", "--goes-on", "--asks", "1", prompt="go")
    agent.asked()

    kill_runner(agent)
    agent.wait_for("permission.bound")
    agent.decide(agent.asked()[0]["request_id"], "allow")

    assert agent.outcome()["outcome"] == "completed"
    assert agent.text() == "you said: go\nyou said: by myself\ndone: allow\n"


def test_what_is_told_again_without_being_asked_is_told_apart(agents: Agents) -> None:
    agent = agents.start("--two", "--load", restart="always")
    os.kill(agent.command, signal.SIGKILL)
    agent.wait_for("session.opened", 2)

    (replayed,) = agent.events("replayed.agent_message_chunk")
    assert replayed["data"]["content"]["text"] == "said before"
    assert agent.text() == ""
    # What it is at now was not told before.
    assert [e["data"]["state"] for e in agent.events("acp.state_update")] == ["idle"]


def test_a_cancel_ends_the_turn(agents: Agents) -> None:
    agent = agents.start("--two", "--long", prompt="go")
    agent.wait_for("acp.agent_message_chunk")

    assert agent.say("cancel").code == 0

    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("canceled", "cancelled")
    assert agent.record()["state"] == "idle"


def test_who_is_not_to_speak_it_is_offered_the_first(agents: Agents) -> None:
    agent = agents.start("--two", prompt="go", protocol=1)

    assert agent.outcome()["outcome"] == "completed"
    assert agent.wait_for("session.opened")["protocol"] == 1
