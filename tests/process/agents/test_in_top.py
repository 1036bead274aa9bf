"""An agent in `penholder top`: what it is at, and its permission answered with one key."""

from pathlib import Path

import pytest

from tests.helpers import tmux
from tests.helpers.agents import Agents
from tests.helpers.programs import PENHOLDER, environment
from tests.helpers.tmux import Terminal

pytestmark = pytest.mark.skipif(
    not tmux.IS_THERE, reason="tmux, in which a terminal is seen, is not installed"
)


@pytest.mark.parametrize(("key", "option"), [("a", "allow"), ("d", "reject")])
def test_its_permission_is_answered_with_one_key(
    agents: Agents, short_dir: Path, key: str, option: str
) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="write it")
    agent.asked()
    terminal = Terminal(short_dir, environment(agents.daemon), (120, 30))
    try:
        terminal.run(PENHOLDER, "top")
        terminal.until(lambda seen: "Write file 1" in seen and "1 Allow" in seen)
        terminal.until(lambda seen: "turn-1: write it" in seen and "plan 0 of 1, at first" in seen)

        terminal.type(key)

        assert agent.outcome()["outcome"] == "completed"
        terminal.until(lambda seen: f"done: {option}" in seen or "30 tokens" in seen)
    finally:
        terminal.end()
    assert agent.approvals() == [("decided", option)]
    assert f"done: {option}" in agent.text()
