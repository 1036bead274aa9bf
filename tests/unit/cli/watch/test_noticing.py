"""Which entries are told, and each failure once."""

from typing import Any

import pytest

from penholder.cli.watch.noticing import Noticed, Noticing
from penholder_protocol.nouns import Entry
from tests.helpers.overviews import entry
from tests.helpers.timelines import at


def told(type_: str, worker_id: str = "w", **data: Any) -> Entry:
    """Return an entry of the controller's stream."""
    return entry(1, "controller:c", type_, worker_id=worker_id, **data)


def said(type_: str, worker_id: str = "w", **data: Any) -> Entry:
    """Return an entry of the worker's own stream."""
    return entry(1, f"worker:{worker_id}", type_, **data)


def moved(to: str) -> Entry:
    """Return a change of state."""
    return told("worker.state_changed", **{"from": "running", "to": to})


def texts(*entries: Entry, ending: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    """Return what is told of entries, in their order."""
    noticing = Noticing(ending)
    found = [noticing.take(each) for each in entries]
    return [(each.kind, each.text) for each in found if each is not None]


EXITED_3 = said("process.exited", exit_status=3, signal=None)
KILLED = said("process.exited", exit_status=None, signal="SIGKILL")
FINE = said("process.exited", exit_status=0, signal=None)
LOST = told("runtime.exited", runtime_pid=5, runtime_epoch=1)


def test_a_question_is_told() -> None:
    noticed = Noticing().take(told("approval.requested", request_id="ap_1"))
    assert noticed == Noticed("question", "w", at(1), request_id="ap_1")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([EXITED_3, moved("error")], ["exit status 3"]),
        ([KILLED, moved("error")], ["killed by SIGKILL"]),
        ([LOST, moved("error")], ["process 5 is gone"]),
        ([moved("error")], [None]),
        ([FINE, moved("stopped")], []),
        ([moved("stopped"), KILLED], []),
        ([moved("canceling"), KILLED, moved("stopped")], []),
        ([moved("stopped"), LOST], []),
        ([said("process.failed", error="no such file"), moved("error")], ["no such file"]),
        ([said("process.failed"), moved("error")], ["could not be run"]),
        ([said("process.failed", error="e" * 300), moved("error")], ["e" * 200]),
    ],
)
def test_a_failure_is_told_once(entries: list[Entry], expected: list[str | None]) -> None:
    assert texts(*entries) == [("failure", text) for text in expected]


@pytest.mark.parametrize(
    "anew", [said("process.started", pid=2), told("runtime.attached"), moved("running")]
)
def test_who_begins_anew_can_fail_anew(anew: Entry) -> None:
    assert len(texts(EXITED_3, moved("error"), anew, EXITED_3, moved("error"))) == 2


def test_a_restart_by_policy_is_a_failure_each_time() -> None:
    started = said("process.started", pid=2, attempt=2)
    assert texts(EXITED_3, started, EXITED_3, started, FINE) == [("failure", "exit status 3")] * 2


def test_who_was_being_stopped_at_the_begin_has_not_failed() -> None:
    assert texts(KILLED, ending=("w",)) == []


def test_workers_do_not_hide_each_others_failures() -> None:
    other = said("process.exited", "other", exit_status=1, signal=None)
    assert len(texts(EXITED_3, other)) == 2


@pytest.mark.parametrize(
    "forged",
    [
        said("worker.state_changed", to="error"),
        said("approval.requested", request_id="ap_1", worker_id="other"),
        entry(1, "topic:controller:c", "runtime.exited", worker_id="w"),
        entry(1, "run:controller:c", "approval.requested", worker_id="w", request_id="ap_1"),
        said("process.exited", exit_status="many"),
        said("process.exited", signal="SIGNONE"),
        told("worker.state_changed", to=["error"]),
        entry(1, "controller:c", "worker.state_changed", to="error"),
        entry(1, "controller:c", "approval.requested", worker_id=7),
    ],
)
def test_what_nobody_vouches_for_is_not_told(forged: Entry) -> None:
    assert texts(forged) == []


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("penholder.cli.watch.noticing._MOST_REMEMBERED", 3)
    noticing = Noticing()
    for number in range(10):
        noticing.take(said("process.exited", f"w{number}", exit_status=1, signal=None))
    assert list(noticing._failed) == ["w7", "w8", "w9"]
