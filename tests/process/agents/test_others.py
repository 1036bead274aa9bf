"""Agents that nobody here wrote: start, prompts, updates, permissions, cancel in each phase."""

import os
import signal

import pytest

from tests.helpers.agents import Agent, Agents
from tests.helpers.others_agents import node_examples, python_examples
from tests.helpers.programs import wait_gone

Examples = dict[str, list[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Give the examples of the Python SDK."""
    return python_examples(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Give the examples of the TypeScript SDK."""
    return node_examples(tmp_path_factory.mktemp("node"))


def started(
    agents: Agents, command: list[str], *words: str, prompt: str = "hello", **more: object
) -> Agent:
    """Start one in the background."""
    agents.configure("other", command, **more)
    start = ("agent", "start", "-d", "--launcher", "other", "--cwd", str(agents.cwd))
    ran = agents.say(*start, *words, prompt)
    assert (ran.code, ran.err) == (0, "")
    return Agent(agents, ran.out.strip())


def test_the_echo_agent_of_python_echoes(agents: Agents, python: Examples) -> None:
    agent = started(agents, python["echo_agent"])
    assert agent.outcome()["outcome"] == "completed"
    agent.send("again")
    agent.outcome(2)

    assert agent.text() == "helloagain"


def test_the_agent_of_python_goes_on_with_a_new_session(agents: Agents, python: Examples) -> None:
    agent = started(agents, python["agent"], restart="always")
    agent.outcome()
    os.kill(agent.command, signal.SIGKILL)
    agent.wait_for("session.opened", 2)

    # It does not say that it can load.
    assert "neither" in agent.events("session.opened")[-1]["data"]["lost"]
    agent.send("again")
    agent.outcome(2)
    assert agent.text() == "Client sent:helloClient sent:again"


@pytest.mark.parametrize(
    ("word", "says"), [("approve", "Perfect!"), ("deny", "I'll skip the configuration update")]
)
def test_the_agent_of_node_asks_and_is_answered(
    agents: Agents, node: Examples, word: str, says: str
) -> None:
    agent = started(agents, node["agent"])
    (question,) = agent.asked()
    assert question["message"] == "Modifying critical configuration file"
    assert [each["kind"] for each in question["options"]] == ["allow_once", "reject_once"]

    assert agents.say(word, agent.worker_id).code == 0

    assert agent.outcome()["outcome"] == "completed"
    assert says in agent.text()
    assert "+ Reading project files (read)" in agent.say("show").out


def test_the_agent_of_node_is_denied_by_a_deadline(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["agent"], "--answer-within-s", "0.3")

    assert agent.outcome()["outcome"] == "completed"

    assert agent.approvals() == [("decided", "reject")]
    assert "I'll skip" in agent.text()


def test_the_agent_of_node_is_canceled_before_it_asks(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["agent"])
    agent.wait_for("acp.agent_message_chunk")

    assert agent.say("cancel").code == 0

    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("canceled", "cancelled")


def test_the_agent_of_node_is_canceled_while_it_asks(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["agent"])
    agent.asked()

    assert agent.say("cancel").code == 0

    # What it says of that itself is another thing.
    ended = agent.outcome()
    assert (ended["outcome"], ended["stop_reason"]) == ("canceled", "end_turn")
    assert agent.approvals() == [("canceled", None)]


def test_the_agent_of_node_is_canceled_after_its_answer(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["agent"])
    agent.asked()
    assert agents.say("approve", agent.worker_id).code == 0
    agent.wait_for("permission.answered")

    assert agent.say("cancel").code == 0

    assert agent.outcome()["outcome"] == "canceled"


def test_the_agent_of_node_loses_its_turn_with_its_runner(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["agent"])
    agent.asked()
    runner = agent.runner
    os.kill(runner, signal.SIGKILL)
    wait_gone(runner)

    assert agent.outcome()["outcome"] == "lost"
    assert agent.approvals() == [("canceled", None)]


@pytest.mark.parametrize(("version", "says"), [(1, "v1"), (2, "v2")])
def test_the_agent_of_two_versions_speaks_the_newest_that_it_is_offered(
    agents: Agents, node: Examples, version: int, says: str
) -> None:
    agent = started(agents, node["dual-version-agent"], protocol=version)

    ended = agent.outcome()

    assert (ended["outcome"], ended["stop_reason"]) == ("completed", "end_turn")
    assert agent.wait_for("session.opened")["protocol"] == version
    assert f"Hello from the {says} implementation." in agent.say("show").out
    assert agent.record()["state"] == "idle"
    agent.send("again")
    assert agent.outcome(2)["outcome"] == "completed"


def test_a_turn_of_version_2_is_canceled(agents: Agents, node: Examples) -> None:
    agent = started(agents, node["dual-version-agent"])
    agent.outcome()
    command = agent.command
    os.kill(command, signal.SIGSTOP)  # else it is done before anybody can cancel
    agent.send("again")
    agent.wait_for("turn.started", 2)

    with agents.daemon.connect() as control:
        control.call("worker.transition", worker_id=agent.worker_id, to="canceling")
    agent.wait_for("turn.canceling")
    os.kill(command, signal.SIGCONT)

    ended = agent.outcome(2)
    assert (ended["outcome"], ended["stop_reason"]) == ("canceled", "cancelled")


def test_an_agent_that_says_back_what_it_is_offered_speaks_version_1(
    agents: Agents, python: Examples
) -> None:
    agent = started(agents, python["agent"])

    assert agent.outcome()["outcome"] == "completed"
    assert agent.wait_for("session.opened")["protocol"] == 1
