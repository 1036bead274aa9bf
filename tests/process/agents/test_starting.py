"""How an agent is started: from nothing, with what its launcher says, and what is kept of that."""

from tests.helpers.agents import Agent, Agents

VALUE = "given-and-told-nobody"


def start(agents: Agents, *words: str, **more: str) -> Agent:
    """Start the agent that is configured."""
    ran = agents.say("agent", "start", "-d", "--cwd", str(agents.cwd), *words, **more)
    assert (ran.code, ran.err) == (0, "")
    return Agent(agents, ran.out.strip())


def test_a_daemon_is_started_where_there_is_none(agents: Agents) -> None:
    agents.daemon.stop()
    agents.configure("fake", agents.command)

    ran = agents.say("agent", "start", "--launcher", "fake", "--cwd", str(agents.cwd), "go")

    assert ran.code == 0
    assert ran.out.endswith("you said: go\ndone: all\n")
    assert agents.say("stop", "fake-1").code == 0
    assert agents.say("down").code == 0


def test_values_of_variables_come_to_the_agent_and_are_stored_nowhere(agents: Agents) -> None:
    env = {"GIVEN": VALUE}
    agents.configure("fake", [*agents.command, "--variables"], env=env, pass_env=["PASSED"])

    agent = start(agents, "--launcher", "fake", "go", PASSED=f"passed-{VALUE}")

    assert agent.outcome()["outcome"] == "completed"
    assert agent.text().startswith(f"{VALUE} passed-{VALUE}\n")
    began = agent.events("process.started")[0]["data"]
    assert {"GIVEN", "PASSED"} <= set(began["env"])
    said = agent.events("acp.agent_message_chunk")
    told = [each for each in agent.events() if each not in said]
    assert VALUE not in str(told) + str(agent.record())


def test_a_variable_that_is_to_be_passed_and_is_not_there_is_named(agents: Agents) -> None:
    agents.configure("fake", agents.command, pass_env=["NOWHERE_TO_BE_FOUND"])

    ran = agents.say("agent", "start", "-d", "--launcher", "fake", "go")

    assert ran.code == 1
    assert "NOWHERE_TO_BE_FOUND" in ran.err


def test_a_model_is_chosen_of_those_there_are(agents: Agents) -> None:
    agents.configure("fake", [*agents.command, "--models"], model="small")

    agent = start(agents, "--launcher", "fake", "--model", "large")
    assert agent.wait_for("acp.config_option_update")["value"] == "large"

    agent = start(agents, "--launcher", "fake")
    assert agent.wait_for("acp.config_option_update")["value"] == "small"
    ran = agents.say("agent", "start", "-d", "--launcher", "fake", "--model", "huge")
    assert ran.code == 22
    assert "has no model 'huge'; it offers: small, large" in ran.err


def test_a_model_is_chosen_in_version_2_too(agents: Agents) -> None:
    agents.configure("fake", [*agents.command, "--models", "--two"])

    agent = start(agents, "--launcher", "fake", "--model", "large")

    assert agent.wait_for("acp.config_option_update")["value"] == "large"


def test_to_wait_tells_who_ended_well_from_who_is_gone(agents: Agents) -> None:
    agents.configure("fake", agents.command)
    agent = start(agents, "--launcher", "fake", "go")
    agent.outcome()
    assert agent.say("wait").code == 0
    assert agents.say("stop", agent.worker_id).code == 0

    assert agent.say("wait").code == 21
