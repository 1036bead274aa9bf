"""Words about a worker of another host: what is done from here, and what is said of the rest."""

from pathlib import Path

import pytest

from penholder.cli.words import acting
from tests.helpers.command_line import Cli
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.fleet import Fleet
from tests.helpers.hosts import ATTIC, SHORT_MS, with_attic
from tests.helpers.waiting import until

AWAY = 12
NAMED = f"host attic ({ATTIC})"
STARTED: dict[str, object] = {
    "argv": ["true"], "cwd": "/", "env": [], "restart": "never", "kill_after_s": 5.0, "pty": False,
}  # fmt: skip


def away(daemon: DaemonProcess, cli: Cli) -> Fleet:
    """Have a worker of a host that is not heard of any more."""
    fleet = with_attic(daemon, cli, SHORT_MS)
    until(lambda: fleet.client.worker.get(worker_id="w_far").recovery_state == "unreachable")
    return fleet


@pytest.fixture
def known(config: Path) -> None:
    """Have a context by which the other host is reached."""
    config.write_text('[context.attic]\nat = "ssh://attic.example"\n')


# --- a host that is away ---------------------------------------------------------------------
@pytest.mark.parametrize("words", [["stop"], ["kill"], ["rm", "-f"]])
def test_an_end_that_is_left_for_a_host_is_told_as_that(
    daemon: DaemonProcess, cli: Cli, words: list[str]
) -> None:
    fleet = away(daemon, cli)
    # Said again it is no other: nobody has heard that it ended.
    for _ in range(2):
        ran = fleet.say(*words, "far")
        assert (ran.code, ran.out) == (AWAY, "")
        assert f"its command may still run: {NAMED} is not heard of" in ran.err
    assert fleet.client.worker.get(worker_id="w_far").state == "stopped"
    fleet.close()


def test_who_was_stopped_there_is_still_waited_for_and_not_forgotten(
    daemon: DaemonProcess, cli: Cli
) -> None:
    fleet = away(daemon, cli)
    fleet.say("stop", "far")
    (listed,) = fleet.say("ps", "--json").records
    assert (listed["name"], listed["unreachable"]) == ("far", True)
    waiting = fleet.begin("wait", "far")
    assert f"far: {NAMED} is not heard of; waiting for it" in waiting.error_line()
    ran = fleet.say("logs", "far")
    assert f"{NAMED} is not heard of: the command may still run" in ran.err
    for words in (["send", "far", "hi"], ["attach", "far"]):
        ran = fleet.say(*words)
        assert (ran.code, "its command may still run" in ran.err) == (AWAY, True)
    refused = fleet.say("rm", "far")
    assert refused.code == AWAY
    assert "penholder worker remove --worker-id w_far forgets it all the same" in refused.err
    assert waiting.process.poll() is None
    assert fleet.say("worker", "remove", "--worker-id", "w_far").code == 0
    assert waiting.end().code == 125
    fleet.close()


def test_what_only_that_host_can_do_is_refused(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = away(daemon, cli)
    ran = fleet.say("restart", "far")
    assert ran.code == AWAY
    assert f"cannot be restarted: {NAMED}, where it runs, is not heard of" in ran.err
    fleet.close()


@pytest.mark.parametrize("words", [["stop"], ["kill"], ["rm", "-f"]])
def test_a_host_that_does_not_answer_is_told_before_its_lease_is_over(
    daemon: DaemonProcess, cli: Cli, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "_SILENT_S", 0.0)
    fleet = with_attic(daemon, cli, 5 * SHORT_MS, started=STARTED)
    ran = fleet.say(*words, "far")
    assert ran.code == AWAY
    waits, left = ran.err.splitlines()
    assert f"far to end; that is done by {NAMED}, which does not answer: it was last" in waits
    assert "the end is left for it in" in waits
    assert "penholder kill w_far" not in ran.err
    assert "its command may still run" in left
    fleet.close()


def test_nothing_is_advised_of_a_strangers_process_there(
    daemon: DaemonProcess, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "_STRANGER_S", 0.0)
    fleet = with_attic(daemon, cli)
    ran = fleet.say("stop", "far")
    assert ran.code == 1
    assert f"goes on; that is done by {NAMED}: it was last heard of 0s ago" in ran.err
    fleet.close()


@pytest.mark.parametrize("state", ["stopped", "error"])
def test_what_has_ended_there_is_not_begun_here_unless_it_is_said(
    daemon: DaemonProcess, cli: Cli, state: str
) -> None:
    fleet = with_attic(daemon, cli, started=STARTED, left=state)
    ran = fleet.say("restart", "far")
    assert ran.code == 6
    assert f"far is not begun here: it ran on {NAMED}; on that machine `penholder" in ran.err
    assert "penholder restart w_far --here begins it on this machine, in /src" in ran.err
    assert [each.label for each in fleet.client.worker.list().items] == ["far"]
    assert fleet.say("restart", "far", "--here").code == 0
    assert fleet.say("wait", "far").code == 0
    begun = fleet.client.worker.list().items[0]
    assert begun.host_id == fleet.client.daemon.status().host_id
    fleet.close()


def test_nor_where_its_host_is_not_heard_of(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli, SHORT_MS, started=STARTED, left="stopped")
    until(lambda: fleet.client.worker.get(worker_id="w_far").recovery_state == "unreachable")
    ran = fleet.say("restart", "far")
    assert ran.code == AWAY
    assert f"{NAMED}, which is not heard of" in ran.err
    fleet.close()


@pytest.mark.parametrize(("state", "can_move"), [("stopped", True), ("error", False)])
def test_an_agent_goes_on_where_it_was(
    daemon: DaemonProcess, cli: Cli, state: str, can_move: bool
) -> None:
    fleet = with_attic(daemon, cli, started=STARTED, left=state, launcher="agent claude")
    ran = fleet.say("agent", "continue", "far")
    assert ran.code == 6
    assert f"it ran on {NAMED}" in ran.err
    assert ("--here" in ran.err) is can_move
    ran = fleet.say("agent", "continue", "far", "--here")
    assert ("is not begun here" in ran.err) is not can_move
    fleet.close()


# --- a host that is there --------------------------------------------------------------------
def test_no_hint_names_a_process_of_another_machine(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli, started=STARTED)
    pid = fleet.client.worker.get(worker_id="w_far").runtime_pid
    for words, said in [
        (["kill", "-s", "HUP", "far"], "kill -s HUP w_far"),
        (["restart", "far"], "restart w_far"),
        (["attach", "far"], "attach w_far"),
    ]:
        ran = fleet.say(*words)
        assert ran.code != 0
        assert f"on {NAMED}; on that machine `penholder {said}` does it" in ran.err
        assert str(pid) not in ran.err
    fleet.close()


@pytest.mark.usefixtures("known")
def test_where_ssh_leads_there_the_hint_does(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli)
    ran = fleet.say("kill", "-s", "9", "far", "-s", "USR1")
    assert "`penholder kill -s USR1 w_far --at attic` does it there" in ran.err
    fleet.close()


def test_a_text_for_a_command_without_a_terminal_goes_into_its_post(
    daemon: DaemonProcess, cli: Cli
) -> None:
    fleet = with_attic(daemon, cli, started=STARTED)
    ran = fleet.say("send", "far", "hi")
    assert (ran.code, ran.err) == (0, "")
    (sent,) = fleet.client.input.list(worker_id="w_far").items
    assert (sent.kind, bytes(sent.data)) == ("text", b'{"text":"hi"}')
    fleet.close()


@pytest.mark.usefixtures("known")
def test_one_for_a_terminal_is_to_be_typed_there(daemon: DaemonProcess, cli: Cli) -> None:
    fleet = with_attic(daemon, cli, started={**STARTED, "pty": True})
    ran = fleet.say("send", "far", "hi")
    assert ran.code == 6
    assert f"the terminal of far is on {NAMED}" in ran.err
    assert "`penholder send w_far TEXT --at attic` does it there" in ran.err
    assert fleet.client.input.list(worker_id="w_far").items == []
    fleet.close()
