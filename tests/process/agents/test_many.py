"""Twenty agents at once, killed in every way: nothing is lost, doubled or left over."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tests.helpers.agents import Agent, Agents
from tests.helpers.background import all_below
from tests.helpers.programs import runs, wait_gone
from tests.helpers.waiting import until

MANY = 20
SWITCHES = ("--resume", "--own-session", "--asks", "1", "--leaves", "--chunks", "50")


def started(agents: Agents) -> list[Agent]:
    """Start them all, each at a turn."""
    agents.configure("fake", [*agents.command, *SWITCHES], restart="always")
    start = ("agent", "start", "-d", "--launcher", "fake", "--cwd", str(agents.cwd))
    found = []
    for number in range(1, MANY + 1):
        ran = agents.say(*start, f"task {number}")
        assert (ran.code, ran.err) == (0, "")
        found.append(Agent(agents, ran.out.strip()))
    return found


def left_by(agent: Agent) -> int:
    """Return what an agent has started in its group."""
    return int(agent.text().split("left ")[1].split()[0])


def kill(pids: list[int]) -> None:
    """End processes at once; who has ended before did so with another."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_gone(pid)


def test_twenty_outlive_every_kill_and_leave_nothing(agents: Agents, short_dir: Path) -> None:
    many = started(agents)
    asked = {agent.worker_id: agent.asked()[0]["request_id"] for agent in many}
    only_daemon, of_runner, of_agent, of_both = (many[at::4] for at in range(4))
    abandoned = [left_by(agent) for agent in (*of_runner, *of_agent, *of_both)]
    runners = [agent.runner for agent in (*of_runner, *of_both)]
    commands = [agent.command for agent in (*of_agent, *of_both)]

    agents.daemon.kill()
    kill([*runners, *commands])
    agents.daemon.start()

    for agent in (*of_runner, *of_agent, *of_both):
        assert agent.wait_for("permission.bound")["request_id"] == asked[agent.worker_id]
    assert not any(map(runs, abandoned))
    for agent in many:
        agent.decide(asked[agent.worker_id], "allow")
    for number, agent in enumerate(many, 1):
        assert agent.outcome()["outcome"] == "completed"
        assert agent.approvals() == [("decided", "allow")]
        assert [e["data"]["text"] for e in agent.events("turn.started")] == [f"task {number}"]
        assert len(agent.events("turn.ended")) == len(agent.events("permission.answered")) == 1
    for agent in only_daemon:
        said = [line for line in agent.text().split("\n") if not line.startswith(("you", "left"))]
        assert said == [*(f"chunk {number}" for number in range(1, 50)), "done: allow", ""]

    # A keeper, a runner, its guard, an agent and what that has started.
    assert len(all_below(short_dir)) == 5 * MANY
    assert agents.say("stop", *(agent.worker_id for agent in many)).code == 0

    until(lambda: not all_below(short_dir), f"there are left: {all_below(short_dir)}")
    assert {agent.record()["state"] for agent in many} == {"stopped"}
