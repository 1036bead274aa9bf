"""Going on: after all were killed, from a handoff, in a new worker."""

import fcntl
import json
import os
import signal
import stat
from pathlib import Path

from tests.helpers.agents import Agent, Agents
from tests.helpers.background import words_of
from tests.helpers.programs import runs, wait_gone
from tests.helpers.waiting import until


def killed(agent: Agent) -> None:
    """Kill the agent's keeper and its runner at once; the guard ends what is left."""
    keeper, runner, process = agent.keeper, agent.runner, agent.command
    os.kill(keeper, signal.SIGKILL)
    os.kill(runner, signal.SIGKILL)
    for pid in (keeper, runner, process):
        wait_gone(pid)
    until(lambda: agent.record()["state"] == "error", "the death is not noticed")


def test_where_runner_and_keeper_were_killed_the_same_worker_goes_on(agents: Agents) -> None:
    agent = agents.start("--resume", "--asks", "1", prompt="go")
    (question,) = agent.asked()
    killed(agent)
    assert [each["request_id"] for each in agent.asked()] == [question["request_id"]]

    ran = agent.say("continue")

    assert (ran.code, ran.out.strip()) == (0, agent.name)
    agent.wait_for("permission.bound")
    agent.decide(question["request_id"], "allow")
    assert agent.outcome()["outcome"] == "completed"
    assert agent.approvals() == [("decided", "allow")]
    assert len(agent.events("turn.started")) == 1


def test_an_answer_that_came_while_all_were_dead_is_used(agents: Agents) -> None:
    agent = agents.start("--resume", "--asks", "1", prompt="go")
    (question,) = agent.asked()
    killed(agent)
    agent.decide(question["request_id"], "reject")

    assert agent.say("continue").code == 0

    assert agent.outcome()["outcome"] == "completed"
    assert "done: reject" in agent.text()


def test_who_lives_is_not_gone_on_with(agents: Agents) -> None:
    agent = agents.start("--resume")

    ran = agent.say("continue")

    assert ran.code == 6
    assert f"process {agent.runner} has it" in ran.err
    assert f"penholder stop {agent.name}" in ran.err


def test_one_that_was_stopped_is_followed_by_a_worker_with_its_session(agents: Agents) -> None:
    first = agents.start("--resume", prompt="go")
    first.outcome()
    handed = first.say("handoff")
    assert handed.code == 0
    assert agents.say("stop", first.worker_id).code == 0

    ran = first.say("continue", "and the rest")

    assert (ran.code, ran.out.strip()) == (0, first.name)
    second = Agent(agents, first.name)
    assert second.worker_id != first.worker_id
    assert second.wait_for("session.opened")["how"] == "resumed"
    second.outcome()
    prompt = second.events("turn.started")[0]["data"]["text"]
    assert prompt.startswith("and the rest\n\nThis was handed over to you:\n\n# Handoff of fake-1")
    assert second.events("process.started")[0]["data"]["restarted_from"] == first.worker_id


def test_a_session_that_somebody_else_holds_is_not_gone_on_with(agents: Agents) -> None:
    first = agents.start("--resume", prompt="go")
    first.outcome()
    assert agents.say("stop", first.worker_id).code == 0
    # The fake agent gives every session the same id.
    second = agents.say("agent", "start", "-d", "--launcher", "fake", "--cwd", str(agents.cwd))
    holder = Agent(agents, second.out.strip())

    ran = first.say("continue")

    assert ran.code == 22
    assert f"process {holder.runner} of worker {holder.worker_id}" in ran.err
    assert f"penholder stop {holder.worker_id}" in ran.err


def test_a_handoff_says_how_it_stands_and_is_private(agents: Agents) -> None:
    agent = agents.start("--usage", "--asks", "1", prompt="make it so")
    agent.asked()

    ran = agent.say("handoff")

    assert ran.code == 0
    written = Path(ran.out.strip())
    text = written.read_text()
    for part in ("# Handoff of fake-1", "- turn: turn-1", "- asks: Write file 1", "> make it so"):
        assert part in text
    checkpoint = json.loads(written.with_name("checkpoint.json").read_text())
    assert (checkpoint["session_id"], checkpoint["turn_id"]) == ("s-1", "turn-1")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    latest = agent.ask("handoff.latest")
    assert (latest["handoff_path"], latest["source_turn_id"]) == (str(written), "turn-1")


def test_restart_of_an_agent_that_ended_says_what_goes_on_with_it(agents: Agents) -> None:
    agent = agents.start()
    assert agents.say("stop", agent.worker_id).code == 0

    ran = agents.say("restart", agent.worker_id)

    assert ran.code != 0
    assert f"penholder agent continue {agent.worker_id}" in ran.err


def test_after_all_agents_are_stopped_nothing_of_them_is_left(agents: Agents) -> None:
    started = [agents.start("--leaves", prompt="go")]
    command = ("agent", "start", "-d", "--launcher", "fake", "--cwd", str(agents.cwd), "go")
    started += [Agent(agents, agents.say(*command).out.strip()) for _ in range(4)]
    pids = []
    for agent in started:
        agent.outcome()
        left = int(agent.text().split("left ")[1].split()[0])
        pids += [left, agent.command, agent.runner, agent.keeper, agent.guard]
    assert all(map(runs, pids))

    assert agents.say("stop", *(agent.worker_id for agent in started)).code == 0

    for pid in pids:
        wait_gone(pid)
    assert not any("fake_agent" in words_of(pid) for pid in pids)


def orders_of(agents: Agents, agent: Agent) -> Path:
    """Return where the orders for an agent's keeper are, until that has read them."""
    return agents.daemon.runtime_dir / "runners" / f"{agent.worker_id}.start"


def test_orders_that_a_killed_program_left_are_in_nobodys_way(agents: Agents) -> None:
    agent = agents.start("--resume", prompt="go")
    agent.outcome()
    killed(agent)
    orders_of(agents, agent).write_text("half of th")

    assert agent.say("continue").code == 0

    assert not orders_of(agents, agent).exists()


def test_who_is_not_let_go_on_has_asked_for_nothing(agents: Agents) -> None:
    agent = agents.start("--resume", prompt="go")
    agent.outcome()
    killed(agent)
    with orders_of(agents, agent).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        ran = agent.say("continue", "and the rest")

    assert ran.code == 4
    assert "another program starts it" in ran.err
    assert agent.say("continue").code == 0
    assert agent.say("wait").code == 0
    assert len(agent.events("turn.started")) == 1
