"""`agent probe`: which agents are there, what they can do, what is missing; nothing is left."""

import sys
from pathlib import Path

import pytest

from penholder.cli.agent import probing
from penholder.cli.agent.launchers import Chosen
from penholder.cli.terminal.configuration import Launcher
from tests.helpers.agents import FAKE, Agents
from tests.helpers.daemon_process import Json
from tests.helpers.programs import runs, wait_gone


def probed(agents: Agents, *switches: str) -> Json:
    """Probe our fake agent."""
    agents.configure("fake", [*agents.command, *switches])
    ran = agents.say("agent", "probe", "fake", "--json")
    (found,) = ran.json
    assert ran.code == (1 if found["missing"] else 0)
    return dict(found)


@pytest.mark.parametrize(
    ("switches", "protocol", "can"),
    [
        ((), 1, []),
        (("--resume", "--load", "--steers"), 1, ["resume", "load", "steer"]),
        (("--two",), 2, ["resume", "steer"]),
    ],
)
def test_it_says_who_an_agent_is_and_what_it_can_do(
    agents: Agents, switches: tuple[str, ...], protocol: int, can: list[str]
) -> None:
    found = probed(agents, *switches)

    assert (found["agent"], found["version"]) == ("Fake Agent", "1.2.3")
    assert (found["protocol"], found["can"], found["missing"]) == (protocol, can, None)


def test_it_says_what_is_missing(agents: Agents) -> None:
    assert "speaks version 3" in probed(agents, "--version3")["missing"]
    agents.configure("none", ["/nowhere/agent"])
    agents.configure("mute", [sys.executable, "-c", "pass"])
    for name, missing in (("none", "not found on PATH"), ("mute", "does not answer as an agent")):
        ran = agents.say("agent", "probe", name)
        assert (ran.code, missing in ran.out) == (1, True)


def test_without_a_name_all_are_looked_for(agents: Agents) -> None:
    agents.configure("fake", agents.command)

    ran = agents.say("agent", "probe")

    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split()[:2] == ["LAUNCHER", "COMMAND"]
    assert lines[1].split()[0] == "fake"
    assert {line.split()[0] for line in lines[2:]} >= {"claude", "codex", "gemini"}


def test_no_daemon_is_needed(agents: Agents) -> None:
    agents.daemon.kill()
    assert probed(agents)["agent"] == "Fake Agent"


def test_one_that_says_nothing_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"sleep 1000 & echo $! > {pid_file}; exec {sys.executable} {FAKE} --silent"
    chosen = Chosen("silent", Launcher(command=["sh", "-c", script]))

    found = probing.probe(chosen, within_s=1.0)

    assert found.missing == "it does not answer as an agent within 1 s"
    left = int(pid_file.read_text())
    wait_gone(left)
    assert not runs(left)
