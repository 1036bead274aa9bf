"""The agent of the examples, which the demo plays with."""

import sys
from pathlib import Path

import pytest

from tests.helpers.agents import Agent, Agents

EXAMPLE = Path(__file__).parents[3] / "examples/agent.py"


@pytest.mark.parametrize(("word", "written"), [("approve", "hello\n"), ("deny", None)])
def test_the_example_does_what_it_is_allowed_to(
    agents: Agents, word: str, written: str | None
) -> None:
    agents.configure("example", [sys.executable, str(EXAMPLE)])
    start = ("agent", "start", "-d", "--launcher", "example", "--cwd", str(agents.cwd))
    agent = Agent(agents, agents.say(*start, "say hello").out.strip())
    agent.asked()
    file = agents.cwd / "greetings.txt"
    assert not file.exists()

    assert agents.say(word, agent.worker_id).code == 0

    assert agent.outcome()["outcome"] == "completed"
    assert (file.read_text() if file.exists() else None) == written


def test_the_example_is_canceled(agents: Agents) -> None:
    agents.configure("example", [sys.executable, str(EXAMPLE)])
    start = ("agent", "start", "-d", "--launcher", "example", "--cwd", str(agents.cwd))
    agent = Agent(agents, agents.say(*start, "say hello").out.strip())
    agent.asked()

    assert agent.say("cancel").code == 0

    assert agent.outcome()["outcome"] == "canceled"
    assert not (agents.cwd / "greetings.txt").exists()
