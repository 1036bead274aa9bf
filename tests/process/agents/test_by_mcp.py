"""Agents as a managing agent sees them, through `penholder mcp`."""

from collections.abc import Iterator

import pytest

from tests.helpers.agents import Agents
from tests.helpers.mcp_server import RawServer
from tests.helpers.waiting import until


@pytest.fixture
def server(agents: Agents) -> Iterator[RawServer]:
    """Give a server."""
    server = RawServer(agents.daemon, "--name", "t")
    yield server
    server.clean_up()


def test_what_an_agent_is_at_is_listed(agents: Agents, server: RawServer) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="write it")
    agent.asked()
    until(lambda: "tool" in agent.events("summary")[-1]["data"], "it is not summed up")

    (listed,) = server.call("list_workers", all=True)["workers"]

    assert (listed["name"], listed["state"], listed["asks"]) == ("fake-1", "waiting_approval", 1)
    assert listed["at"] == [
        "turn-1: write it", "runs Write file 1", "plan 0 of 1, at first",
        "context 1000 of 200000, 0.25 USD",
    ]  # fmt: skip
    assert listed["last_line"] == "Write file 1 · 0/1 · 0.25 USD"
