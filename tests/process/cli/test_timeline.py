"""`penholder timeline` beside a real daemon: the picture says what the journal says."""

import os
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.timeline import gathering
from penholder.cli.timeline.gathering import Wanted, gather
from penholder.cli.timeline.model import build
from penholder.cli.timeline.picture import Picture, Row
from tests.helpers import lived_fleet
from tests.helpers.daemon_process import DaemonProcess, Json, make_worker
from tests.helpers.programs import PENHOLDER, environment, penholder


def drawn(daemon: DaemonProcess, **wanted: str | int) -> Picture:
    """Return the picture of what there is."""
    with Client(daemon.control_socket) as client:
        return build(gather(client, Wanted(UTC, **wanted)))  # type: ignore[arg-type]  # by name


def rows(picture: Picture) -> dict[str, Row]:
    """Return the rows by their worker's id."""
    return {row.worker_id: row for group in picture.groups for row in group.rows}


def milliseconds(time: str) -> int:
    """Read a time."""
    return round(datetime.fromisoformat(time).timestamp() * 1000)


def about(entries: list[Json], worker_id: str, type_: str) -> list[Json]:
    """Return what a controller's stream says of a worker."""
    return [
        each
        for each in entries
        if each["stream"].startswith("controller:")
        and each["type"] == type_
        and each["data"].get("worker_id") == worker_id
    ]


def test_the_picture_says_what_the_journal_says(daemon: DaemonProcess) -> None:
    asked = lived_fleet.live(daemon, workers=2)
    entries = lived_fleet.journal(daemon)
    picture = drawn(daemon)
    found = rows(picture)
    created = [each["data"]["worker_id"] for each in entries if each["type"] == "worker.created"]
    assert sorted(found) == sorted(created)
    for worker_id, row in found.items():
        moves = about(entries, worker_id, "worker.state_changed")
        states = [each["data"]["to"] for each in moves]
        assert [each.kind for each in row.states][1:] == states
        assert [each.begin_ms for each in row.states][1:] == [
            milliseconds(each["ts"]) for each in moves
        ]
        own = [each for each in entries if each["stream"] == f"worker:{worker_id}"]
        assert (row.entries, row.is_sampled) == (len(own), False)
        turns = Counter(each["turn_id"] for each in own if each["turn_id"])
        assert len(row.turns) == len(turns)
        assert len(row.questions) == len(about(entries, worker_id, "approval.requested"))
    answers = [text for row in found.values() for each in row.questions for text in each.about]
    by = f"decided allow by uid {os.getuid()}, pid {asked[0].answered_by}"
    assert answers.count(by) == len(asked) == 2
    assert picture.notes == []


def test_what_went_wrong_is_marked(daemon: DaemonProcess) -> None:
    lived_fleet.live(daemon)
    picture = drawn(daemon)
    web = next(group for group in picture.groups if group.controller_id == "web")
    assert [(mark.kind) for mark in web.marks] == ["takeover"]
    assert len(web.owners) == 2
    by_name = {row.name: row for row in web.rows}
    kinds = [mark.kind for mark in by_name["tester"].marks]
    assert kinds[:3] == ["takeover", "failure", "restart"]
    assert [mark.about[1] for mark in by_name["build"].marks] == [
        "the command exited with status 3"
    ]
    assert "last error: exit status 3" in by_name["build"].about


def test_one_worker_one_controller_or_a_time(daemon: DaemonProcess) -> None:
    lived_fleet.live(daemon)
    assert [*rows(drawn(daemon, worker_id="tester", controller_id="web"))] == ["tester"]
    assert [*rows(drawn(daemon, controller_id="api"))] == ["coder-0"]
    living = drawn(daemon, since_ms=1)
    assert all(row.state not in ("stopped", "error") for row in rows(living).values())


def test_a_removed_worker_is_still_in_the_picture(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        worker_id = make_worker(control, label="short-lived")
        control.call("event.append", worker_id=worker_id, type="output")
        question = control.call("approval.request", worker_id=worker_id, message="?")
        control.call("worker.stop", worker_id=worker_id)
        control.call("worker.remove", worker_id=worker_id)
    (row,) = rows(drawn(daemon)).values()
    assert (row.name, row.state, row.entries) == ("short-lived", "removed", 1)
    assert row.questions[0].about[0] == f"short-lived asked: {question['request_id']}"


def test_what_retention_has_taken_is_said(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        quiet, busy = make_worker(control, label="quiet"), make_worker(control, label="busy")
        control.call("event.append", worker_id=quiet, type="output")
        for _ in range(30):
            control.call("event.append", worker_id=busy, type="output")
        control.call("daemon.prune", keep_last=5, streams=[f"worker:{busy}"])
    picture = drawn(daemon, since_ms=3_600_000)
    found = rows(picture)
    assert (found[busy].entries, found[quiet].entries) == (5, 1)
    assert picture.notes == [f"retention has taken the beginning of 1 streams: worker:{busy}"]


def test_of_too_many_workers_some_are_left_out_and_that_is_said(
    daemon: DaemonProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_ROWS", 2)
    with daemon.connect() as control:
        made = [make_worker(control, label=f"w{number}") for number in range(4)]
    picture = drawn(daemon)
    assert sorted(rows(picture)) == sorted(made[-2:])
    assert "2 of 4 workers are left out" in picture.notes[0]


def test_a_page_and_an_image_are_written(daemon: DaemonProcess, tmp_path: Path) -> None:
    lived_fleet.live(daemon)
    for name, begin in (("a.html", "<!doctype html>"), ("a.svg", "<?xml")):
        ran = penholder(daemon, "timeline", "-o", str(tmp_path / name))
        assert (ran.code, ran.err) == (0, "")
        assert ran.out.startswith(f"wrote {tmp_path / name}\n  3 workers, ")
        assert (tmp_path / name).read_text().startswith(begin)
    told = penholder(daemon, "timeline", "tester", "-o", str(tmp_path / "a.html"), "--json").json
    assert (told["path"], told["workers"], told["controllers"]) == (str(tmp_path / "a.html"), 1, 1)
    out = penholder(daemon, "timeline", "api", "--since", "1h", "-o", "-", "--format", "svg")
    assert (out.code, out.out.startswith("<?xml")) == (0, True)


def test_without_a_name_the_working_directory_gets_it(
    daemon: DaemonProcess, tmp_path: Path
) -> None:
    with daemon.connect() as control:
        make_worker(control)
    for _ in range(2):
        done = subprocess.run(
            [PENHOLDER, "timeline"], cwd=tmp_path, env=environment(daemon), check=True,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.stdout.startswith(f"wrote {tmp_path / 'penholder-timeline.html'}\n  1 worker,")
    assert [each.name for each in tmp_path.iterdir()] == ["penholder-timeline.html"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("nobody",), 3, "no worker is called 'nobody'"),
        ((".",), 1, "no worker was ever made in this directory"),
        (("--since", "soon"), 2, "'soon' is no duration"),
        (("--since", "0s"), 2, "must be above 0"),
        (("--since", "99999999w"), 2, "at most 100 years"),
        (("--since", "1h"), 1, "nothing happened within 1h; --since 30d looks further back"),
        (("--since", "all"), 1, "there are no workers"),
        (("-o", "/"), 1, "is a directory"),
        (("-o", "x.svg", "--format", "html"), 2, "does not go with"),
        (("--sinc", "1h"), 2, "did you mean --since"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    daemon: DaemonProcess, words: tuple[str, ...], code: int, told: str
) -> None:
    ran = penholder(daemon, "timeline", *words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
