"""Which worker a name means."""

import pytest

from penholder.cli.workers.names import Known, match


def known(worker_id: str, label: str, *, living: bool = False, controller: str = "c") -> Known:
    """Make one; list them newest first, as the daemon does."""
    state, recovery = ("running", "attached") if living else ("stopped", "lost")
    return Known(worker_id, controller, label, state, recovery, "2026-01-01T00:00:00.000Z")


WORKERS = [
    known("w_0000zz99", "deploy"),
    known("w_0000aa11", "make-3"),
    known("w_0000bb22", "make-2", living=True),
    known("w_0000cc33", "make-2"),
    known("w_0000dd44", "test"),
    known("w_0000ee55", "test"),
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("make-2", ["w_0000bb22"]),  # the living one, though an older has the label too
        ("test", ["w_0000dd44"]),  # of ended ones the newest
        ("dep", ["w_0000zz99"]),
        ("tes", ["w_0000dd44"]),  # the beginning of one label, which two have
        ("ee55", ["w_0000ee55"]),
        ("55", []),
        ("-1", ["w_0000zz99"]),
        ("nobody", []),
        ("make", ["w_0000aa11", "w_0000bb22"]),
        ("DEPLOY", []),
    ],
)
def test_a_name_means(name: str, ids: list[str]) -> None:
    found = match(name, WORKERS)
    assert {worker.worker_id.replace("cc33", "bb22") for worker in found} == set(ids)


def test_a_whole_label_goes_before_the_beginning_of_another() -> None:
    workers = [known("w_1", "make-22"), known("w_2", "make-2")]
    assert [worker.worker_id for worker in match("make-2", workers)] == ["w_2"]


def test_two_living_of_one_label_are_not_guessed_between() -> None:
    workers = [known("w_1", "a", living=True), known("w_2", "a", living=True, controller="d")]
    assert len(match("a", workers)) == 2


def test_a_beginning_of_a_label_goes_before_the_end_of_an_id() -> None:
    workers = [known("w_0beef", "x"), known("w_1", "beef-1")]
    assert [worker.worker_id for worker in match("beef", workers)] == ["w_1"]
