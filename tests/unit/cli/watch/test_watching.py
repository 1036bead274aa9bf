"""What is told when, beside a daemon from a table and a clock of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penholder.blocking import Client
from penholder.cli.watch.facts import Fact
from penholder.cli.watch.watching import Watching
from penholder_protocol.errors import ApprovalNotFound, ControllerNotFound, WorkerNotFound
from tests.helpers import records
from tests.helpers.fake_daemon import AnsweringDaemon, Hangup, Json
from tests.helpers.overviews import entry, overview_json, worker
from tests.helpers.timelines import at


def approval(request_id: str, **more: object) -> Json:
    """Return a question."""
    return records.approval(
        request_id,
        kind="tool.call",
        message=f"May I {request_id}?",
        options=[{"id": "allow", "alias": "allow", "label": "Allow", "kind": None}],
        created_at=at(0),
        **more,
    )


class Fleet:
    """A daemon from a table, what is told of it, and the time."""

    def __init__(self, fake: AnsweringDaemon, client: Client) -> None:
        """Have one worker that runs and nothing to tell."""
        self.fake = fake
        self.pending: list[Json] = []
        self.living = [overview_json()]
        self.told: list[Fact] = []
        self.now_s = 0.0
        self.pauses = 0
        fake.answers |= {
            "rpc.ping": lambda _: {"pong": True, "ts": at(self.now_s)},
            "approval.list": lambda _: {"items": self.pending, "next": None},
            "worker.overview": lambda _: {"items": self.living, "next": None},
            "worker.get": lambda _: worker(),
            "approval.get": lambda params: approval(params["request_id"]),
        }
        self.watching = Watching(client, None, 60, self.told.append, self._pause)

    def _pause(self) -> None:
        self.pauses += 1

    def lines(self) -> list[str]:
        """Return what was told since this was asked last."""
        told = [f"{each.kind}: {each.text}" for each in self.told]
        self.told.clear()
        return told

    def asks(self, request_id: str, type_: str = "approval.requested") -> None:
        """Have an entry about a question come."""
        self.watching.take(entry(1, "controller:c", type_, worker_id="w", request_id=request_id))

    def look(self, s: float) -> list[str]:
        """Look at a time, and return what is told."""
        self.now_s = s
        self.watching.look()
        return self.lines()


@pytest.fixture
def watched(fake_control: AnsweringDaemon, cli_home: Path) -> Iterator[Fleet]:
    """Give a fleet that is watched."""
    with Client(cli_home / "run" / "control.sock", reconnect_s=0) as client:
        yield Fleet(fake_control, client)


def refuse(error: Exception) -> Callable[[Json], object]:
    """Return an answer that is a refusal."""

    def answer(_: Json) -> object:
        raise error

    return answer


def test_questions_are_told_once_whoever_shows_them_first(watched: Fleet) -> None:
    watched.pending = [approval("ap_1"), approval("ap_2")]
    watched.watching.begin()
    watched.asks("ap_2")
    watched.asks("ap_3")
    assert watched.lines() == [f"question: May I ap_{each}?" for each in (1, 2, 3)]


def test_what_nobody_waits_for_any_more_is_not_told_at_the_begin(watched: Fleet) -> None:
    ended: Json = {"state": "stopped", "recovery_state": "restartable", "runtime_pid": None}
    watched.fake.answers["worker.get"] = lambda _: worker(**ended)
    watched.pending = [approval("ap_1", runtime_epoch=1)]
    watched.watching.begin()
    assert watched.lines() == []


def test_after_a_gap_only_the_new_ones_are_told(watched: Fleet) -> None:
    watched.pending = [approval("ap_1")]
    watched.watching.begin()
    watched.asks("ap_2")
    watched.lines()
    watched.pending = [approval("ap_1"), approval("ap_2"), approval("ap_3")]
    watched.watching.begin()
    assert watched.lines() == ["question: May I ap_3?"]


@pytest.mark.parametrize("end", ["decided", "canceled", "expired"])
def test_nothing_is_remembered_of_questions_that_are_over(watched: Fleet, end: str) -> None:
    watched.asks("ap_1")
    watched.asks("ap_1", f"approval.{end}")
    assert watched.watching._open == set()


def test_a_question_says_what_it_is(watched: Fleet) -> None:
    watched.fake.answers["approval.get"] = lambda _: approval("ap_1", state="decided")
    watched.asks("ap_1")
    (fact,) = watched.told
    assert (fact.name, fact.controller_id, fact.request_id, fact.state) == (
        "make-w", "c", "ap_1", "decided",
    )  # fmt: skip
    assert [each.id for each in fact.options] == ["allow"]
    assert watched.watching._open == set()


def test_of_a_removed_worker_nothing_can_be_asked(watched: Fleet) -> None:
    watched.fake.answers["approval.get"] = refuse(ApprovalNotFound("gone", request_id="ap_1"))
    watched.fake.answers["worker.get"] = refuse(WorkerNotFound("gone", worker_id="w"))
    watched.asks("ap_1")
    watched.watching.take(entry(2, "worker:w", "process.exited", exit_status=3, signal=None))
    assert watched.lines() == ["failure: exit status 3"]


def test_a_failure_without_words_has_the_workers_last_error(watched: Fleet) -> None:
    watched.fake.answers["worker.get"] = lambda _: worker(last_error="out of luck")
    watched.watching.take(
        entry(1, "controller:c", "worker.state_changed", worker_id="w", to="error")
    )
    assert watched.lines() == ["failure: out of luck"]


def test_silences_are_told_by_the_clock(watched: Fleet) -> None:
    assert watched.look(59) == []
    assert watched.look(61) == ["silence: no output for 61s"]
    assert watched.look(90) == []
    watched.living = [overview_json(last_output_at=at(91))]
    assert watched.look(92) == []
    assert watched.look(400) == ["silence: no output for 5m"]


def test_the_time_of_a_silence_is_written_as_that_of_every_other_fact(watched: Fleet) -> None:
    watched.now_s = 61
    watched.watching.look()
    assert [each.time for each in watched.told] == [at(61)]


def test_an_answer_gives_time(watched: Fleet) -> None:
    moved = entry(1, "controller:c", "worker.state_changed", s=500, worker_id="w", to="running")
    watched.watching.take(moved)
    assert watched.look(510) == []
    assert watched.look(560) == ["silence: no output for 60s"]


def test_who_is_being_stopped_at_the_begin_does_not_fail(watched: Fleet) -> None:
    watched.living = [overview_json(state="canceling")]
    watched.watching.begin()
    watched.watching.take(
        entry(2, "worker:w", "process.exited", exit_status=None, signal="SIGTERM")
    )
    assert watched.lines() == []


def test_a_directory_without_workers_has_nothing_to_tell(watched: Fleet) -> None:
    for method in ("approval.list", "worker.overview"):
        watched.fake.answers[method] = refuse(ControllerNotFound("no", controller_id="dir-1"))
    watched.watching.begin()
    assert watched.look(900) == []


def test_while_the_daemon_is_away_nothing_is_lost(watched: Fleet) -> None:
    attempts: list[int] = []

    def flaky(_: Json) -> object:
        attempts.append(1)
        if len(attempts) < 3:
            raise Hangup
        return worker()

    watched.fake.answers["worker.get"] = flaky
    watched.watching.take(entry(2, "worker:w", "process.exited", exit_status=3, signal=None))
    assert watched.lines() == ["failure: exit status 3"]
    assert watched.pauses > 0


def test_all_pages_are_read(watched: Fleet) -> None:
    pages = {None: (["ap_1"], "more"), "more": (["ap_2"], None)}

    def answer(params: Json) -> Json:
        ids, following = pages[params.get("cursor")]
        return {"items": [approval(each) for each in ids], "next": following}

    watched.fake.answers["approval.list"] = answer
    watched.watching.begin()
    assert len(watched.lines()) == 2
