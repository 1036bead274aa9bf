"""The fold: what entries and records make of what is known."""

from typing import Any

import pytest

from penholder.cli.top.model import fleet as fleets
from penholder.cli.top.model import listing
from penholder.cli.top.model.listing import Wanted
from penholder.cli.top.model.notices import Back, DetailsRead, Listed, Lost, TailRead
from penholder.cli.top.model.records import Event
from tests.helpers.top import (
    NOW,
    Journal,
    at,
    came,
    fleet,
    key,
    listed,
    overview,
    question,
    record,
)


@pytest.fixture
def journal() -> Journal:
    """Give a journal."""
    return Journal()


def test_a_worker_follows_its_entries(journal: Journal) -> None:
    made = fleet(
        listed(),
        came(
            journal.of_controller("worker.created", "w1", label="make-1", state="starting"),
            journal.of_controller("runtime.attached", "w1", runtime_epoch=1),
            journal.of_controller(
                "worker.state_changed", "w1", **{"from": "starting", "to": "idle"}
            ),
            journal.of_controller(
                "worker.state_changed", "w1", **{"from": "idle", "to": "running"}
            ),
            journal.output("w1", "hello"),
            journal.entry("worker:w1", "note", "turn_7"),
        ),
    )
    worker = made.workers[key("w1")]
    assert (worker.label, worker.state, worker.recovery_state) == ("make-1", "running", "attached")
    assert (worker.last_text, worker.turn_id, worker.last_type) == ("hello", "turn_7", "note")
    made.take(came(journal.of_controller("worker.state_changed", "w1", to="idle")))
    assert worker.turn_id is None
    made.take(came(journal.of_controller("worker.removed", "w1")))
    assert not made.workers


def test_nobody_waits_with_what_an_ended_worker_asked(journal: Journal) -> None:
    asked = [question("q1", "w1", runtime_epoch=1), question("q2", "w2", runtime_epoch=1)]
    made = fleet(listed([overview("w1"), overview("w2")], asked))
    assert made.asks().total() == 2
    made.take(
        came(
            journal.of_controller("worker.state_changed", "w1", to="stopped"),
            journal.of_controller("runtime.detached", "w1"),
        )
    )
    assert made.asks() == {key("w2"): 1}
    assert listing.outcome(made, key("q1")) == "nobody waits"
    assert listing.outcome(made, key("q2")) is None


def test_how_a_command_ended_is_its_state(journal: Journal) -> None:
    made = fleet(listed([overview("w1")]))
    worker = made.workers[key("w1")]
    made.take(came(journal.entry("worker:w1", "process.exited", exit_status=3, signal=None)))
    assert listing.state_of(worker, made.asks()) == "running"
    made.take(came(journal.of_controller("runtime.detached", "w1")))
    assert listing.state_of(worker, made.asks()) == "exit 3"
    made.take(came(journal.entry("worker:w1", "process.started", argv=["make"])))
    assert worker.ended_as is None
    made.take(came(journal.entry("worker:w1", "process.exited", exit_status=None, signal=9)))
    assert listing.state_of(worker, made.asks()) == "signal 9"
    made.take(
        came(journal.entry("worker:w1", "process.exited", exit_status=None, signal="SIGKILL"))
    )
    assert listing.state_of(worker, made.asks()) == "SIGKILL"


def test_a_lost_worker_is_said_to_be(journal: Journal) -> None:
    made = fleet(listed([overview("w1")]))
    made.take(
        came(
            journal.of_controller("runtime.exited", "w1"),
            journal.of_controller("worker.state_changed", "w1", to="error"),
            workers=[record("w1", last_error="process 7 exited", state="error")],
        )
    )
    worker = made.workers[key("w1")]
    assert listing.state_of(worker, made.asks()) == "lost"
    assert worker.last_error == "process 7 exited"


def test_a_question_comes_and_goes(journal: Journal) -> None:
    made = fleet(listed([overview("w1")]))
    asked = journal.of_controller("approval.requested", "w1", request_id="q1")
    made.take(came(asked, questions=[question("q1")]))
    assert list(made.questions) == [key("q1")]
    assert listing.state_of(made.workers[key("w1")], made.asks()) == "asks"
    made.take(came(journal.of_controller("approval.expired", "w1", request_id="q1")))
    assert not made.questions
    assert made.gone[key("q1")].outcome == "expired"
    # Told once more, as after a reading of the lists that was newer: it does not come back.
    made.take(came(asked, questions=[question("q1")]))
    assert not made.questions


def test_a_blank_line_says_nothing(journal: Journal) -> None:
    made = fleet(listed([overview("w1")]))
    made.take(came(journal.output("w1", "Password: "), journal.output("w1", "")))
    assert made.workers[key("w1")].last_text == "Password: "


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are(journal: Journal) -> None:
    made = fleet(listed([overview("w1")]))
    made.take(came(journal.entry("worker:w1", "output", base64="/2Fi", stream="stdout")))
    assert made.workers[key("w1")].last_text == "�ab"


@pytest.mark.parametrize("data", [{"text": 7}, {"text": None}, {}, {"base64": "!"}])
def test_output_of_another_shape_is_no_failure(journal: Journal, data: dict[str, Any]) -> None:
    made = fleet(listed([overview("w1", text="before")]))
    made.watch(key("w1"))
    made.take(TailRead(key("w1"), []))
    made.take(came(journal.entry("worker:w1", "output", **data)))
    assert made.tail is not None
    assert made.tail.lines[-1].kind == "event"


def test_what_is_told_of_strangers_is_left_alone(journal: Journal) -> None:
    made = fleet(listed())
    made.take(
        came(
            journal.of_controller("worker.state_changed", "w9", to="idle"),
            journal.entry("controller:c", "worker.state_changed", worker_id=7),
            journal.entry("queue:builds", "claimed", queue_task_id="qt_1"),
            journal.output("w9", "text"),
        )
    )
    assert not made.workers


def test_an_entry_that_the_list_had_already_moves_nothing_back(journal: Journal) -> None:
    old = journal.output("w1", "old")
    made = fleet(listed([overview("w1", text="new")]))
    made.workers[key("w1")].output_at = at(0)
    made.take(came(old))
    assert made.workers[key("w1")].last_text == "new"


def test_stale_since_the_first_failure_until_it_answers() -> None:
    made = fleet(listed([overview("w1")]))
    made.take(Lost("local", 100.0, "no daemon"))
    made.take(Lost("local", 101.0, "still none"))
    assert made.stale["local"].since == 100.0
    assert made.workers, "what was known is still shown"
    made.take(Back("local"))
    assert not made.stale


def test_lists_that_are_read_anew_replace_those_of_their_host_only() -> None:
    made = fleet(
        Listed("a", [overview("w1")], [question("q1")], []),
        Listed("b", [overview("w1")], [], []),
        hosts=("a", "b"),
    )
    made.watch(key("w1", "a"))
    made.take(Listed("a", [overview("w2")], [], []))
    assert set(made.workers) == {key("w2", "a"), key("w1", "b")}
    assert not made.questions
    assert made.tail is None, "its lines may be missing as well"


def test_ended_workers_are_forgotten_where_they_are_too_many(journal: Journal) -> None:
    many = [
        overview(f"w{at_}", state="stopped", recovery_state="lost", created_at=at(at_))
        for at_ in range(fleets.MAX_ENDED + 300)
    ]
    made = fleet(listed([*many, overview("living", created_at=at(99_999))]))
    made.take(came(journal.entry("daemon", "started")))
    assert len(made.workers) == fleets.MAX_ENDED + 1
    assert key("living") in made.workers
    assert key("w0") in made.workers, "the newest stay"


def test_more_questions_than_are_kept_are_said_to_be_more() -> None:
    many = [question(f"q{at_}") for at_ in range(fleets.MAX_QUESTIONS + 5)]
    made = fleet(listed([overview("w1")], many))
    assert len(made.questions) == fleets.MAX_QUESTIONS
    assert made.cut == {"local"}


def test_details_are_of_the_worker_that_is_watched() -> None:
    made = fleet(listed([overview("w1"), overview("w2")]))
    made.watch(key("w1"))
    made.take(DetailsRead(key("w1")))
    made.watch(key("w2"))
    assert made.details is None
    made.take(TailRead(key("w1"), [Event(event_seq=1, ts=at(1), type="late")]))
    assert made.tail is not None
    assert not made.tail.is_read, "an answer for another worker"


def test_who_has_ended_is_shown_a_while_and_then_on_request() -> None:
    made = fleet(
        listed(
            [
                overview("new", state="stopped", recovery_state="lost", updated_at=at(10)),
                overview("old", state="stopped", recovery_state="lost", updated_at=at(9000)),
                overview("living"),
            ]
        )
    )
    recent = Wanted(ended_after=NOW.timestamp() - 600)
    assert {each.label for each in listing.workers(made, recent)} == {"new", "living"}
    assert len(listing.workers(made, Wanted(with_ended=True))) == 3


@pytest.mark.parametrize("order", listing.ORDERS)
@pytest.mark.parametrize("is_grouped", [True, False])
def test_failures_of_long_ago_come_after_all_others(order: listing.Order, is_grouped: bool) -> None:
    failed = {"state": "error", "recovery_state": "lost"}
    made = fleet(
        listed(
            [
                # Of a controller whose name comes first.
                *(
                    overview(
                        f"old{each}", "a", "x", **failed, updated_at=at(9000), controller_id="d"
                    )
                    for each in range(30)
                ),
                overview("fresh", "f", "x", **failed, updated_at=at(10)),
                overview("runs", "r", "x"),
                overview("idle", "i", "x", state="idle", controller_id="d"),
            ]
        )
    )
    wanted = Wanted(is_grouped, with_ended=True, ended_after=NOW.timestamp() - 600, order=order)
    shown = listing.workers(made, wanted)
    assert {each.key.id for each in shown[:3]} == {"fresh", "runs", "idle"}
    headings = [
        (each.label, each.count, each.is_past)
        for each in listing.grouped(made, shown, wanted)
        if isinstance(each, listing.Group)
    ]
    if is_grouped:
        assert headings == [
            ("another", 1, False), ("project", 2, False), ("another", 30, True)
        ]  # fmt: skip
