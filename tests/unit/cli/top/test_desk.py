"""What is chosen sticks to what it is, while rows move, come and go."""

from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.top.model import searching
from penholder.cli.top.model.desk import STEADY_AFTER_S, Desk
from penholder.cli.top.model.fleet import Fleet
from penholder.cli.top.model.listing import Finding
from penholder.cli.top.model.notices import TailRead
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
    settled,
)

THREE = [overview("w1", "a"), overview("w2", "b"), overview("w3", "c")]


def _labels(desk: Desk, of: Fleet) -> list[str]:
    return [each.label for each in desk.workers(of)]


def test_it_begins_with_the_oldest_question_and_who_asks() -> None:
    made = fleet(listed(THREE, [question("new", "w3"), question("old", "w2", created_at=at(900))]))
    desk = settled(made)
    assert (desk.question, desk.worker) == (key("old"), key("w2"))


def test_the_choice_stays_with_its_worker_while_rows_move() -> None:
    made = fleet(listed(THREE))
    desk = settled(made)
    desk.focus = "workers"
    desk.move(made, 1)
    assert desk.worker == key("w2")
    made.take(came(Journal().of_controller("worker.state_changed", "w2", to="error")))
    settled(made, desk)
    assert _labels(desk, made)[0] == "b"
    assert desk.worker == key("w2")


def test_where_it_is_gone_the_choice_goes_to_its_place_and_acts_wait_a_moment() -> None:
    made = fleet(listed(THREE))
    desk = settled(made)
    desk.focus = "workers"
    desk.move(made, 1)
    assert desk.is_steady(NOW.timestamp())
    made.take(came(Journal().of_controller("worker.removed", "w2")))
    settled(made, desk)
    assert desk.worker == key("w3")
    assert not desk.is_steady(NOW.timestamp() + STEADY_AFTER_S / 2)
    assert desk.is_steady(NOW.timestamp() + STEADY_AFTER_S)
    assert desk.is_steady(NOW.timestamp() - 86_400), "the clock was set back"


def test_a_question_that_another_answered_stays_where_it_is_until_it_is_left() -> None:
    made = fleet(listed(THREE, [question("q1"), question("q2", "w2")]))
    desk = settled(made)
    made.take(came(Journal().of_controller("approval.decided", "w1", request_id="q1")))
    settled(made, desk)
    assert desk.question == key("q1")
    desk.move(made, 1)
    settled(made, desk)
    assert [key_ for key_, _ in desk.questions(made)] == [key("q2")]


def test_a_question_answered_from_here_goes_at_once_and_keys_wait_a_moment() -> None:
    made = fleet(listed(THREE, [question("q1"), question("q2", "w2")]))
    desk = settled(made)
    desk.leave_answered(made, key("q1"), NOW.timestamp())
    assert (desk.question, desk.worker) == (key("q2"), key("w2"))
    assert not desk.is_steady(NOW.timestamp())
    desk.leave_answered(made, key("q2"), NOW.timestamp())
    assert desk.question is None


def test_the_ends_of_a_list_are_ends() -> None:
    made = fleet(listed(THREE))
    desk = settled(made)
    desk.focus = "workers"
    desk.move(made, 1_000_000)
    assert desk.worker == key("w3")
    desk.move(made, -1_000_000)
    assert desk.worker == key("w1")


def test_marks_stay_with_what_was_marked_and_go_with_it() -> None:
    made = fleet(listed(THREE))
    desk = settled(made)
    desk.focus = "workers"
    desk.mark()
    assert desk.marked_workers == {key("w1")}
    desk.mark_all(made)
    assert len(desk.marked_workers) == 3
    made.take(came(Journal().of_controller("worker.removed", "w1")))
    settled(made, desk)
    assert desk.marked_workers == {key("w2"), key("w3")}


def test_orders_and_groups() -> None:
    made = fleet(
        listed(
            [
                overview("w1", "a", "x", controller_id="d"),
                overview("w2", "b", state="idle"),
                overview("w3", "c"),
            ]
        )
    )
    desk = settled(made)
    assert _labels(desk, made) == ["a", "c", "b"], "by controller's label, then who runs first"
    desk.is_grouped = False
    assert _labels(desk, made) == ["a", "c", "b"]
    desk.step_order()
    assert _labels(desk, made)[0] == "a", "the last output first"
    desk.step_order()
    assert _labels(desk, made) == ["a", "b", "c"]


def test_a_filter_hides_and_a_search_goes_from_hit_to_hit() -> None:
    made = fleet(listed([overview("w1", "alpha"), overview("w2", "beta"), overview("w3", "ALPS")]))
    desk = settled(made)
    desk.focus = "workers"
    desk.findings["workers"] = Finding("alp")
    settled(made, desk)
    assert _labels(desk, made) == ["ALPS", "alpha"]
    desk.findings["workers"] = Finding("alp", hides=False)
    settled(made, desk)
    assert len(_labels(desk, made)) == 3
    seen = []
    for _ in range(3):
        assert searching.find_next(desk, made, 1)
        seen.append(desk.worker)
    assert seen[0] == seen[2] != seen[1], "around the end"
    assert searching.find_next(desk, made, -1)
    assert desk.worker == seen[1]
    desk.findings["workers"] = Finding("nobody", hides=False)
    assert not searching.find_next(desk, made, 1)


def test_what_is_chosen_is_shown_though_it_has_ended() -> None:
    made = fleet(listed([overview("w1", "a"), overview("w2", "b", updated_at=at(9_000))]))
    desk = settled(made)
    desk.focus = "workers"
    desk.move(made, 1)
    made.workers[key("w2")].recovery_state = "lost"
    settled(made, desk)
    assert (desk.worker, len(_labels(desk, made))) == (key("w2"), 2)
    desk.move(made, -1)
    settled(made, desk)
    assert _labels(desk, made) == ["a"]


def test_the_stream_is_followed_unless_the_person_looks_back() -> None:
    journal = Journal()
    made = fleet(listed(THREE))
    desk = settled(made)
    made.watch(desk.worker)
    made.take(TailRead(key("w1"), [Event(event_seq=1, ts=at(9), type="first")]))
    journal.output("w1", "is the first, which was read")
    for number in range(20):
        made.take(came(journal.output("w1", f"{number}")))
    desk.focus = "detail"
    seen = [desk.bottom_seq]
    desk.move(made, -5)
    seen.append(desk.bottom_seq)
    made.take(came(journal.output("w1", "more")))
    seen.append(desk.bottom_seq)  # it stays with the line
    desk.move(made, 1_000_000)
    assert [*seen, desk.bottom_seq] == [None, 16, 16, None]


def test_escape_takes_back_the_last_thing_first() -> None:
    made = fleet(listed(THREE))
    desk = settled(made)
    desk.focus, desk.note, desk.is_zoomed = "workers", "a note", True
    desk.findings["workers"] = Finding("a")
    desk.mark()
    assert [desk.clear() for _ in range(5)] == [
        "the note is dropped", "the filter is gone", "the marks are gone", "", None,
    ]  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("mrce"), st.integers(0, 4)), max_size=30))
def test_whatever_happens_what_is_chosen_is_shown(steps: list[tuple[str, int]]) -> None:
    """Workers are made, removed, change and end; the choice is always one of the rows, or none."""
    journal = Journal()
    made = fleet(listed())
    desk = settled(made)
    desk.focus = "workers"
    for what, number in steps:
        entry = {
            "m": lambda id_: journal.of_controller("worker.created", id_, label=id_),
            "r": lambda id_: journal.of_controller("worker.removed", id_),
            "c": lambda id_: journal.of_controller("worker.state_changed", id_, to="error"),
            "e": lambda id_: journal.of_controller("runtime.detached", id_),
        }[what](f"w{number}")
        before = desk.worker
        made.take(came(entry))
        settled(made, desk)
        shown = [each.key for each in desk.workers(made)]
        assert (desk.worker in shown) if shown else desk.worker is None
        if before in shown:
            assert desk.worker == before
