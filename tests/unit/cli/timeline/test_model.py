"""What a picture shows of what happened."""

import pytest

from penholder.cli.timeline import model
from penholder.cli.timeline.facts import Happening
from penholder.cli.timeline.model import build
from penholder.cli.timeline.picture import Picture, Row, Span
from penholder.cli.workers.summaries import Plan, Summary
from tests.helpers.timelines import BEGIN_MS, Story, at, facts, present, question


def seconds(spans: list[Span]) -> list[tuple[str, float, float]]:
    """Return kinds, and when they began and ended."""
    return [
        (each.kind, (each.begin_ms - BEGIN_MS) / 1000, (each.end_ms - BEGIN_MS) / 1000)
        for each in spans
    ]


def only_row(picture: Picture) -> Row:
    """Return the one row."""
    ((row,),) = [group.rows for group in picture.groups]
    return row


def lived() -> Story:
    """Tell of a worker that is made, attached and runs."""
    story = Story()
    story.told(0, "worker.created", label="make-1", state="starting")
    story.told(1, "runtime.attached", runtime_epoch=1, runtime_pid=11, takeover=False)
    story.moved(1, "starting", "idle")
    story.moved(2, "idle", "running")
    return story


def test_states_follow_each_other_up_to_the_end() -> None:
    row = only_row(build(facts(lived(), present())))
    assert seconds([*row.states]) == [("starting", 0, 1), ("idle", 1, 2), ("running", 2, 100)]
    assert (row.name, row.state, row.marks) == ("make-1", "running", [])
    assert row.states[2].about == (
        "make-1: running", "2026-01-01 12:00:02 to 12:01:40 (98s)", "by uid 7, pid 70",
    )  # fmt: skip


def test_a_picture_may_begin_amid_a_life() -> None:
    story = Story()
    story.moved(50, "running", "stopped")
    row = only_row(build(facts(story, present(created_at=at(-500), state="stopped"))))
    assert seconds([*row.states]) == [("running", 0, 50), ("stopped", 50, 100)]


def test_of_whom_nothing_is_told_the_state_is_shown() -> None:
    picture = build(facts(Story(), present(created_at=at(30)), worker_ids=["w"]))
    assert seconds([*only_row(picture).states]) == [("running", 30, 100)]


def test_a_removed_worker_ends_where_it_was_removed() -> None:
    story = lived()
    story.moved(5, "running", "stopped")
    story.told(6, "worker.removed")
    row = only_row(build(facts(story)))
    assert seconds([*row.states])[-1] == ("stopped", 5, 6)
    assert (row.state, row.name, [mark.kind for mark in row.marks]) == (
        "removed", "make-1", ["removed"],
    )  # fmt: skip


def test_who_answered_is_told_with_the_question() -> None:
    story = lived()
    story.told(3, "approval.requested", request_id="ap_1")
    story.told(7, "approval.decided", request_id="ap_1", uid=1000, pid=42, beside_owner=True)
    asked = question("ap_1", "Delete\nall?", state="decided", decision="allow", note="go on")
    row = only_row(build(facts(story, present(), questions=[asked])))
    assert seconds([*row.questions]) == [("decided", 3, 7)]
    assert row.questions[0].about == (
        "make-1 asked: ap_1", "Delete", "all?", "options: Allow",
        "decided allow by uid 1000, pid 42, beside the owner", "note: go on",
        "2026-01-01 12:00:03 to 12:00:07 (4.000 s)",
    )  # fmt: skip
    (answer,) = row.marks
    assert (answer.kind, answer.at_ms) == ("answer", BEGIN_MS + 7000)


@pytest.mark.parametrize("end", ["canceled", "expired"])
def test_a_question_may_end_without_an_answer(end: str) -> None:
    story = lived()
    story.told(3, "approval.requested", request_id="ap_1")
    story.told(5, f"approval.{end}", request_id="ap_1")
    row = only_row(build(facts(story, present())))
    assert seconds([*row.questions]) == [(end, 3, 5)]
    assert f"{end} by uid 7, pid 70" in row.questions[0].about


def test_a_question_nobody_answered_goes_on() -> None:
    story = lived()
    story.told(3, "approval.requested", request_id="ap_1")
    row = only_row(build(facts(story, present())))
    assert seconds([*row.questions]) == [("pending", 3, 100)]
    assert row.marks == []


def test_a_question_from_before_the_picture_begins_with_it() -> None:
    story = Story()
    story.told(5, "approval.decided", request_id="ap_1")
    asked = question("ap_1", created_at=at(-60))
    row = only_row(build(facts(story, present(), questions=[asked])))
    assert seconds([*row.questions]) == [("decided", 0, 5)]


def test_takeovers_restarts_and_failures_are_marked() -> None:
    story = lived()
    story.wrote(2, "process.started", pid=1)
    story.wrote(3, "process.exited", exit_status=3, signal=None)
    story.wrote(4, "process.started", pid=2, attempt=2)
    story.wrote(5, "process.exited", exit_status=None, signal="SIGKILL")
    story.told(6, "runtime.attached", runtime_epoch=2, runtime_pid=12, takeover=True)
    story.told(7, "runtime.exited", runtime_epoch=2, runtime_pid=12)
    story.told(8, "runtime.attached", runtime_epoch=3, runtime_pid=13, takeover=False)
    story.wrote(9, "process.exited", exit_status=0, signal=None)
    row = only_row(build(facts(story, present())))
    assert [(mark.kind, mark.about[1]) for mark in row.marks] == [
        ("failure", "the command exited with status 3"),
        ("restart", "the command was started again, attempt 2"),
        ("failure", "the command was ended by SIGKILL"),
        ("takeover", "process 12 took the seat, epoch 2, from the one that held it"),
        ("failure", "process 12 was gone without a word"),
        ("restart", "process 13 took the seat, epoch 3, which was free"),
    ]


def test_turns_are_as_long_as_their_entries() -> None:
    story = lived()
    for second, turn in ((3, "t1"), (4, None), (6, "t1"), (7, "t2")):
        story.wrote(second, turn=turn)
    row = only_row(build(facts(story, present())))
    assert seconds([*row.turns]) == [("turn", 3, 6), ("turn", 7, 7)]
    assert row.entries == 4


def test_a_turn_says_what_it_was_for_and_what_became_of_it() -> None:
    story = lived()
    story.wrote(3, "turn.started", turn="turn-1", seq=1, text="write\nit")
    cost = {"amount": 0.25, "currency": "USD"}
    totals = {"total_tokens": 30, "cost": cost}
    story.wrote(6, "turn.ended", turn="turn-1", outcome="completed", why=None, totals=totals)
    row = only_row(build(facts(story, present())))

    assert row.turns[0].about == (
        "make-1: turn turn-1", "2026-01-01 12:00:03 to 12:00:06 (3.000 s)", "asked: write it",
        "completed", "30 tokens, 0.25 USD by then", "2 entries of it read",
    )  # fmt: skip
    assert row.marks == []


def test_what_went_wrong_with_an_agent_is_marked() -> None:
    story = lived()
    story.wrote(3, "turn.started", turn="turn-1", seq=1, text="go")
    story.wrote(4, "agent.failed", turn="turn-1", reason="it does not read")
    story.wrote(5, "turn.ended", turn="turn-1", outcome="died", why="exit status 3")
    story.wrote(6, "session.opened", lost="no such session")
    story.wrote(7, "turn.ended", turn="turn-1", outcome=["no", "word"], totals=7)
    row = only_row(build(facts(story, present())))

    assert [(each.kind, each.about[1]) for each in row.marks] == [
        ("failure", "it does not read"),
        ("failure", "turn turn-1 ended: died: exit status 3"),
        ("failure", "a new session; the one before is lost: no such session"),
    ]


def test_what_a_program_says_of_itself_is_told_with_its_name() -> None:
    said = Summary("title", turn="turn-2", prompt="go", tool="Write", plan=Plan(1, 3, "write"))
    row = only_row(build(facts(lived(), present(), summaries={"w": said})))

    assert row.about[3:] == ("turn-2: go", "runs Write", "plan 1 of 3, at write")


def test_owners_and_takeovers_of_a_controller() -> None:
    story = lived()
    story.told(1, "controller.acquired", None, epoch=1, owner_pid=5, takeover=False)
    story.told(4, "controller.acquired", None, epoch=2, owner_pid=6, takeover=True)
    story.told(9, "controller.released", None, epoch=2)
    (group,) = build(facts(story, present())).groups
    assert seconds([*group.owners]) == [("owner", 1, 4), ("owner", 4, 9)]
    assert [mark.about[0] for mark in group.marks] == ["taken over: owned by process 6, epoch 2"]
    assert (group.controller_id, group.label) == ("c", "controller c")


def test_a_worker_can_forge_nothing_but_its_own_words() -> None:
    story = lived()
    story.wrote(3, "worker.state_changed", to="error")
    story.wrote(4, "approval.decided", request_id="ap_1")
    story.wrote(5, "process.exited", exit_status="many", signal=[])
    story.happenings.append(Happening(99, "topic:w", 1, at(6), "worker.removed"))
    row = only_row(build(facts(story, present())))
    assert [each.kind for each in row.states] == ["starting", "idle", "running"]
    assert (row.questions, row.marks) == ([], [])


def test_only_those_wanted_are_shown() -> None:
    story = lived()
    story.told(3, "worker.created", "other", label="other", state="idle")
    story.wrote(3, worker_id="other")
    assert only_row(build(facts(story, present(), worker_ids=["w"]))).worker_id == "w"


def test_of_too_many_the_newest_are_drawn_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model, "MAX_DRAWN", 0)
    story = lived()
    for number in range(60):
        story.moved(3 + number, "running", "waiting_approval")
        story.moved(3.5 + number, "waiting_approval", "running")
    picture = build(facts(story, present(), notes=["before"]))
    row = only_row(picture)
    assert len(row.states) == 50
    assert row.states[-1].end_ms == picture.end_ms
    assert picture.notes == ["before", "make-1: the newest 50 of 123 states are drawn"]
