"""What says how long ago something was goes by the clock that the daemon's times are of."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from penholder.cli.terminal import clock
from penholder.cli.watch.facts import Fact
from penholder.cli.watch.watching import Watching
from penholder.cli.words import acting
from tests.helpers.command_line import Cli
from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.fleet import Fleet
from tests.helpers.hosts import with_attic
from tests.helpers.shifted_daemon import ShiftedDaemon
from tests.helpers.waiting import until

HOUR_S = 3600


@pytest.fixture(params=[-HOUR_S, HOUR_S], ids=["behind", "ahead"])
def daemon(short_dir: Path, request: pytest.FixtureRequest) -> Iterator[ShiftedDaemon]:
    """Give a daemon on a machine whose clock is an hour from this one's."""
    process = ShiftedDaemon(short_dir, request.param)
    process.start()
    yield process
    process.end()


def is_just_now(text: str) -> bool:
    """Tell whether nothing is said to be long ago, or to come."""
    return re.search(r"\b\d+[mhdw]\b|\bin \d", text) is None


def test_nobody_is_silent_for_a_clock_that_is_behind(fleet: Fleet) -> None:
    works = fleet.worker("works", "a line")
    (row,) = fleet.say("ps", "--stall-after", "10m", "--json").records
    assert row["silent"] is False
    told: list[Fact] = []
    watching = Watching(fleet.client, None, 600.0, told.append, lambda: None)
    watching.begin()
    watching.look()
    assert told == []
    works.ask("Go?")
    assert is_just_now(fleet.say("inbox").out)


def test_a_host_that_was_just_heard_of_answers(
    daemon: DaemonProcess, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "_SILENT_S", 0.0)
    monkeypatch.setattr(acting, "_STRANGER_S", 0.5)
    fleet = with_attic(daemon, cli)
    ran = fleet.say("stop", "far")
    assert "does not answer" not in ran.err
    assert re.search(r"it was last heard of \d+s ago", ran.err)
    fleet.close()


def test_the_end_and_the_lines_of_a_log_are_as_old_as_they_are(fleet: Fleet) -> None:
    worker = fleet.worker("w", "a line")
    worker.exit()
    ran = fleet.say("logs", "w", "--since", "5m")
    assert ran.out == "a line\n"
    assert "w ended: exit status 0, " in ran.err
    assert is_just_now(ran.err)
    _let_pass(fleet)
    assert fleet.say("logs", "w", "--since", "0.001s").out == ""


def test_what_became_of_a_question_is_told_with_its_age(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    asked = worker.ask("Q?")
    fleet.say("approve", asked)
    told = fleet.say("approve", asked).err
    assert "it was decided" in told
    assert is_just_now(told)


@pytest.mark.parametrize(
    "words",
    [("worker", "list"), ("worker", "get", "--worker-id", "w"), ("inspect", "w")],
    ids=lambda words: " ".join(words[:2]),
)
def test_tables_and_records_tell_ages_by_that_clock(fleet: Fleet, words: tuple[str, ...]) -> None:
    fleet.create("w", worker_id="w")
    shown = fleet.say(*words, "--no-json", columns=200)
    assert shown.code == 0
    assert re.search(r"\b\d+s\b", shown.out), "an age is told"
    assert is_just_now(shown.out)


def test_a_timeline_looks_back_from_there(fleet: Fleet, tmp_path: Path) -> None:
    fleet.worker("w", "a line")
    drawn = fleet.say("timeline", "--since", "5m", "-o", str(tmp_path / "w.svg"))
    assert (drawn.code, "1 worker" in drawn.out) == (0, True)


def _let_pass(fleet: Fleet) -> None:
    """Wait until the daemon's clock has gone on by more than the shortest age that is asked for."""
    begun = clock.now(fleet.client)
    until(lambda: (clock.now(fleet.client) - begun).total_seconds() > 0.01)
