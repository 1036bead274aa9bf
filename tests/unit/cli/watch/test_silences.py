"""Who is silent, and told of once; the clock is the test's."""

from datetime import datetime

import pytest

from penholder.cli.watch.silences import Silences
from penholder_protocol.nouns import WorkerOverview
from tests.helpers.fake_daemon import Json
from tests.helpers.overviews import overview
from tests.helpers.timelines import at


def now(s: float) -> datetime:
    """Return a time."""
    return datetime.fromisoformat(at(s))


def look(silences: Silences, s: float, *seen: WorkerOverview) -> list[str]:
    """Return who is told of."""
    return [each.overview.worker.worker_id for each in silences.look(seen, now(s))]


def test_a_silence_is_told_once_and_the_next_one_again() -> None:
    silences = Silences(60)
    assert look(silences, 59, overview(last_output_at=at(0))) == []
    assert look(silences, 60, overview(last_output_at=at(0))) == ["w"]
    assert look(silences, 300, overview(last_output_at=at(0))) == []
    assert look(silences, 301, overview(last_output_at=at(301))) == []
    assert look(silences, 400, overview(last_output_at=at(301))) == ["w"]


def test_two_silences_between_two_looks_are_two() -> None:
    silences = Silences(60)
    assert look(silences, 60, overview(last_output_at=at(0))) == ["w"]
    assert look(silences, 200, overview(last_output_at=at(100))) == ["w"]


def test_who_never_wrote_counts_from_its_begin() -> None:
    silences = Silences(60)
    assert look(silences, 89, overview(created_at=at(30))) == []
    assert look(silences, 90, overview(created_at=at(30))) == ["w"]


def test_who_was_moved_has_time_from_then_on() -> None:
    """An answer that came after an hour is no hour of silence."""
    silences = Silences(60)
    silences.moved("w", now(3600))
    assert look(silences, 3601, overview(last_output_at=at(0))) == []
    assert look(silences, 3660, overview(last_output_at=at(0))) == ["w"]


@pytest.mark.parametrize(
    "quiet",
    [
        {"pending_approvals": 1},
        {"state": "waiting_approval"},
        {"state": "idle"},
        {"recovery_state": "restartable"},
        {"recovery_state": "lost", "state": "error"},
        {"state": "stopped"},
    ],
)
def test_who_has_nothing_to_say_is_not_silent(quiet: Json) -> None:
    assert look(Silences(60), 900, overview(**quiet)) == []


def test_who_is_starting_for_too_long_is_silent() -> None:
    starting = overview(state="starting", recovery_state="restartable")
    assert look(Silences(60), 900, starting) == ["w"]


def test_nothing_is_remembered_of_who_is_gone() -> None:
    silences = Silences(60)
    silences.moved("w", now(0))
    assert look(silences, 900, overview(), overview("v")) == ["w", "v"]
    assert look(silences, 901) == []
    assert (silences._told, silences._moved) == ({}, {})


@pytest.mark.parametrize(("after_s", "every_s"), [(600, 30), (5, 1), (86_400, 4320)])
def test_looks_are_as_fine_as_the_time(after_s: float, every_s: float) -> None:
    assert Silences(after_s).look_every_s == every_s
