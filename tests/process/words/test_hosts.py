"""Words where several hosts share a store: which host is shown, and `--host` leads to another."""

import os
from pathlib import Path

import pytest

from tests.helpers.command_line import Cli
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.fleet import Fleet
from tests.helpers.hosts import ATTIC, LONG_MS, SHORT_MS, with_attic
from tests.helpers.programs import say
from tests.helpers.waiting import until

SSH = """#!/bin/sh
printf '%s\\n' "$*" >> {log}
echo there
exit 7
"""


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an ssh that tells what it was told."""
    log, bin_ = tmp_path / "ssh.log", tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "ssh").write_text(SSH.format(log=log))
    (bin_ / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.delenv("COLUMNS", raising=False)
    return log


# --- what is shown -------------------------------------------------------------------------------
def test_one_host_has_no_column(fleet: Fleet) -> None:
    fleet.worker("near")
    assert "HOST" not in fleet.say("ps").out
    (row,) = fleet.say("ps", "--json").records
    status = fleet.client.daemon.status()
    assert (row["host_id"], row["host"]) == (status.host_id, status.host_name)
    assert row["unreachable"] is False
    shown = fleet.say("status", "--no-json").out
    assert "host_name  " in shown
    assert status.host_name in shown
    assert str(fleet.daemon.state_dir / "penholder.db") in shown


def test_several_hosts_have_one(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli)
    fleet.worker("near")
    out = fleet.say("ps", columns=160).out
    assert "HOST" in out
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert "attic" in rows["far"]
    assert fleet.client.daemon.status().host_name in rows["near"]
    assert "attic" not in rows["near"]
    fleet.close()


def test_hosts_of_one_name_are_told_apart(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli, LONG_MS, "host_beefbeefbeefbeef")
    assert "attic (feed)" in fleet.say("ps", columns=200).out
    fleet.close()


def test_who_is_unreachable_still_lives_and_is_marked(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli, SHORT_MS)

    def far() -> dict[str, object]:
        (row,) = fleet.say("ps", "--json").records
        found: dict[str, object] = row
        return found

    until(lambda: far()["unreachable"] is True)
    assert (far()["name"], far()["state"], far()["host"]) == ("far", "idle", "attic")
    assert "attic away" in fleet.say("ps", columns=160).out
    fleet.close()


def test_a_terminal_of_another_host_is_not_looked_for_here(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli)
    ran = fleet.say("attach", "far")
    assert ran.code != 0
    assert f"on host attic ({ATTIC}); on that machine `penholder attach w_far` does it" in ran.err
    fleet.close()


# --- going there ---------------------------------------------------------------------------------
def test_a_command_is_started_on_another_host(
    daemon: DaemonProcess, cli: Cli, config: Path, ssh: Path
) -> None:
    fleet = with_attic(daemon, cli)
    config.write_text('[context.attic]\nat = "ssh://me@attic.example:22"\n')
    words = ["run", "--host", "attic", "--name=n", "--", "make", "--host", "x"]
    ran = say(*words)
    assert (ran.returncode, ran.stdout) == (7, "there\n")
    by_id = say("run", f"--host={ATTIC}", "-d", "make")
    assert by_id.returncode == 7
    agent = say("agent", "start", "--host", "attic", "--name", "a", "fix it")
    assert agent.returncode == 7
    assert ssh.read_text().splitlines() == [
        "-T -p 22 -- me@attic.example penholder run --name=n -- make --host x",
        "-T -p 22 -- me@attic.example penholder run -d -- make",
        "-T -p 22 -- me@attic.example penholder agent start --name a 'fix it'",
    ]
    assert [each.label for each in fleet.client.worker.list().items] == ["far"]
    fleet.close()


def test_the_own_host_is_here(fleet: Fleet, ssh: Path) -> None:
    status = fleet.client.daemon.status()
    for name in (status.host_name, status.host_id):
        ran = say("run", "--host", name, "--", "echo", "here")
        assert (ran.returncode, ran.stdout) == (0, "here\n")
    assert not ssh.exists()


def test_an_unknown_host_is_refused_with_those_that_are_known(
    daemon: DaemonProcess, cli: Cli, config: Path, ssh: Path
) -> None:
    fleet = with_attic(daemon, cli)
    config.write_text('[context.cellar]\nat = "ssh://cellar"\n')
    ran = say("run", "--host", "cellar", "true")
    assert ran.returncode == 2
    assert f"attic ({ATTIC})" in ran.stderr
    assert f"{fleet.client.daemon.status().host_id}, this one" in ran.stderr
    assert not ssh.exists()
    fleet.close()


def test_one_that_nothing_leads_to_is_refused_with_the_line_to_add(
    daemon: DaemonProcess, cli: Cli, config: Path, ssh: Path
) -> None:
    fleet = with_attic(daemon, cli)
    ran = say("run", "--host", "attic", "true")
    assert ran.returncode == 2
    for part in (str(config), '[context."attic"]', 'at = "ssh://MACHINE"', ATTIC):
        assert part in ran.stderr
    assert not ssh.exists()
    fleet.close()


def test_of_two_with_one_name_the_id_is_asked_for(
    daemon: DaemonProcess, cli: Cli, config: Path, ssh: Path
) -> None:
    twin = "host_beefbeefbeefbeef"
    fleet = with_attic(daemon, cli, LONG_MS, twin)
    ran = say("run", "--host", "attic", "true")
    assert ran.returncode == 2
    assert ATTIC in ran.stderr
    assert twin in ran.stderr
    config.write_text(f'[context.{twin}]\nat = "ssh://twin"\n')
    assert say("run", "--host", twin, "true").returncode == 7
    fleet.close()
