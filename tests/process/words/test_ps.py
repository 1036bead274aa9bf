"""`penholder ps`: who lives, what each did last, who asks, who is silent."""

import re

import pytest

from penholder.cli.terminal import cells
from tests.helpers.fleet import CONTROLLER, Fleet

HOSTILE = "\x1b[2J\u202e[red]漢字" * 8


def rows(out: str) -> dict[str, list[str]]:
    """Read a table by its first column."""
    return {line.split()[0]: line.split() for line in out.splitlines()}


def test_the_living_are_listed_and_the_others_only_when_asked_for(fleet: Fleet) -> None:
    fleet.worker("works", "compiling")
    fleet.worker("failed", "oh no").exit(3)
    fleet.worker("killed").exit(None, "SIGKILL")
    fleet.worker("done").exit(0)
    fleet.create("never-started")
    fleet.create("starting", start="starting")

    living = rows(fleet.say("ps").out)
    assert sorted(living) == ["NAME", "starting", "works"]
    assert living["works"][1] == "running"
    everyone = rows(fleet.say("ps", "-a").out)
    assert {name: row[1] for name, row in everyone.items() if name != "NAME"} == {
        "works": "running", "failed": "error", "killed": "error", "done": "stopped",
        "never-started": "idle", "starting": "starting",
    }  # fmt: skip
    codes = {each["name"]: each["exit_status"] for each in fleet.say("ps", "-a", "--json").records}
    assert codes == {
        "works": None, "failed": 3, "killed": 137, "done": 0, "never-started": None,
        "starting": None,
    }  # fmt: skip


def test_a_stopped_worker_whose_process_goes_on_is_still_there(fleet: Fleet) -> None:
    works = fleet.worker("works")
    fleet.client.worker.stop(worker_id=works.worker_id)
    assert rows(fleet.say("ps").out)["works"][1] == "stopped"


def test_questions_and_the_last_line_are_shown(fleet: Fleet) -> None:
    asks = fleet.worker("asks", "first", "Proceed?")
    asks.ask("one")
    asks.ask("two")
    (row,) = fleet.say("ps", "--json").records
    assert (row["pending_approvals"], row["last_text"]) == (2, "Proceed?")
    table = fleet.say("ps").out
    assert "ASKS" in table
    assert "Proceed?" in table


def test_who_says_nothing_is_marked(fleet: Fleet) -> None:
    fleet.worker("works", "a line")
    fleet.worker("mute")
    assert "silent" not in fleet.say("ps").out
    out = fleet.say("ps", "--stall-after", "0s").out
    assert [("silent" in line) for line in out.splitlines()] == [False, True, True]
    assert {each["silent"] for each in fleet.say("ps", "--stall-after", "0", "--json").records} == {
        True
    }


def test_one_controller_can_be_asked_for(fleet: Fleet) -> None:
    fleet.client.controller.register(controller_id="d", label="other", workspace_key="/d")
    fleet.worker("one")
    fleet.worker("two", controller_id="d")
    assert sorted(rows(fleet.say("ps").out)) == ["NAME", "one", "two"]
    assert sorted(rows(fleet.say("ps", "--controller", CONTROLLER).out)) == ["NAME", "one"]
    for here in (".", "./", "/"):
        assert fleet.say("ps", "--controller", here).out.startswith("none live")
    assert fleet.say("ps", "--controller", "nobody").code == 3


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_how_one_ended_and_who_is_silent_is_said_whole(fleet: Fleet, columns: int) -> None:
    fleet.worker("deploy-the-service-to-production", "some long last line").exit(None, "SIGKILL")
    fleet.worker("asks").ask("Proceed?")
    out = fleet.say("ps", "-a", "--stall-after", "0s", columns=columns).out
    assert max(map(len, out.splitlines())) <= columns
    assert re.search(r"  137, \d+s ago( |$)", out, re.MULTILINE)
    assert re.search(r"  (silent|\d+s silent)  ", out)
    assert "LAST LINE" in out


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_nothing_that_workers_say_breaks_the_table(fleet: Fleet, columns: int) -> None:
    fleet.worker(HOSTILE, HOSTILE)
    fleet.worker("plain", "x" * 5000)
    out = fleet.say("ps", columns=columns).out
    assert len(out.splitlines()) == 3
    for line in out.splitlines():
        assert line.isprintable()
        assert cells.width(line) <= columns


def test_formats(fleet: Fleet) -> None:
    fleet.worker("one", "a,b")
    assert fleet.say("ps", "--format", "csv").out.splitlines()[1].count('"a,b"') == 1
    assert fleet.say("ps", "--no-headers").out.startswith("one")
    assert len(fleet.say("ps", "--format", "jsonl").out.splitlines()) == 1


def test_without_a_daemon_it_says_how_to_start_one(fleet: Fleet) -> None:
    fleet.daemon.end()
    ran = fleet.say("ps")
    assert ran.code == 12
    assert "penholder up" in ran.err
