"""Sessions: opened, gone on with, lost, and held by one runner alone."""

import os
import signal

from tests.helpers.agents import Agent, Agents
from tests.helpers.programs import runs, wait_gone


def restarted(agent: Agent) -> None:
    """Have the agent's process end, and wait for the next one's session."""
    os.kill(agent.command, signal.SIGKILL)
    agent.wait_for("session.opened", 2)


def test_a_session_is_resumed(agents: Agents) -> None:
    agent = agents.start("--resume", restart="always")
    assert agent.record()["session_id"] == "s-1"

    restarted(agent)

    assert [e["data"]["how"] for e in agent.events("session.opened")] == ["new", "resumed"]


def test_a_session_is_loaded_and_its_replay_is_told_apart(agents: Agents) -> None:
    agent = agents.start("--load", restart="always")

    restarted(agent)

    assert [e["data"]["how"] for e in agent.events("session.opened")] == ["new", "loaded"]
    (replayed,) = agent.events("replayed.agent_message_chunk")
    assert replayed["data"]["content"]["text"] == "said before"
    assert agent.text() == ""


def test_a_session_that_the_agent_forgot_is_told_as_lost(agents: Agents) -> None:
    agent = agents.start("--resume", "--load", "--forgets", restart="always")

    restarted(agent)

    last = agent.events("session.opened")[-1]["data"]
    assert last["how"] == "new"
    assert "no such session" in last["lost"]


def test_a_turn_goes_on_after_its_agent_died(agents: Agents) -> None:
    flag = str(agents.cwd / "died")
    agent = agents.start("--resume", "--dies-once", flag, prompt="go", restart="on-failure")

    assert agent.outcome()["outcome"] == "completed"

    assert len(agent.events("turn.started")) == 1
    assert [e["turn_id"] for e in agent.events("turn.resumed")] == ["turn-1"]


def test_a_mode_is_set_and_an_unknown_one_refused_with_those_there_are(agents: Agents) -> None:
    agent = agents.start(words=("--mode", "code"))
    assert agent.wait_for("acp.current_mode_update")["currentModeId"] == "code"

    ran = agents.say("agent", "start", "-d", "--launcher", "fake", "--mode", "yolo", "go")

    assert ran.code == 22
    assert "has no mode yolo; it offers: ask, code" in ran.err.replace("'", "")


def test_an_agent_that_says_nothing_at_all_is_ended(agents: Agents) -> None:
    ran = agents.try_start("--silent", words=("-d", "--open-within-s", "0.3"))

    assert ran.code == 22
    assert "has opened no session within 0.3 s" in ran.err


def test_one_that_wants_a_login_or_another_version_is_told_of(agents: Agents) -> None:
    ran = agents.try_start("--login", words=("-d",))
    assert (ran.code, "log in first" in ran.err, "With a browser" in ran.err) == (22, True, True)
    agents.configure("three", [*agents.command, "--version3"])

    ran = agents.say("agent", "start", "-d", "--launcher", "three")

    assert ran.code == 22
    assert "speaks version 3 of the protocol, and this runner versions 1 and 2" in ran.err


def test_one_that_refuses_a_newer_version_is_asked_for_the_first(agents: Agents) -> None:
    agent = agents.start("--refuses-newer", prompt="go")

    assert agent.outcome()["outcome"] == "completed"
    assert agent.wait_for("session.opened")["protocol"] == 1


def test_nothing_is_left_of_what_could_not_be_talked_with(agents: Agents) -> None:
    agents.try_start("--deaf", words=("-d", "--open-within-s", "0.3"))

    agent = Agent(agents, "fake-1")
    ended = agent.wait_ended()
    wait_gone(agent.command)
    assert ended["state"] == "error"
    assert "no session within" in ended["last_error"]
    assert not runs(agent.command)


def test_a_program_that_is_not_there_is_told_at_once(agents: Agents) -> None:
    agents.configure("none", ["/nowhere/agent"])

    ran = agents.say("agent", "start", "--launcher", "none", "go")

    assert ran.code == 127
    assert "cannot run /nowhere/agent" in ran.err
