"""`penholder inbox`, `approve`, `deny`, `answer`: each question whole, each answer meant."""

from typing import Any

import pytest

from penholder.cli.terminal import cells
from tests.helpers.fleet import Fleet

LONG = "May the agent run rm -rf /srv/data/old && systemctl restart the-service on production? " * 3
ALWAYS = [
    {"id": "a", "alias": "allow", "kind": "allow_always", "label": "Always"},
    {"id": "n", "alias": "deny", "kind": "reject_always", "label": "Never"},
]
KINDS = [
    {"id": "for-ever", "alias": "allow_always", "kind": "allow_always", "label": "Always allow"},
    {"id": "once", "alias": "allow", "kind": "allow_once", "label": "Allow once"},
    {"id": "nope", "alias": "deny", "kind": "reject_once", "label": "No, thanks"},
]


def decision(fleet: Fleet, request_id: str) -> dict[str, Any]:
    """Return how a question was answered."""
    found = fleet.client.approval.get(request_id=request_id)
    return {"state": found.state, "option": found.selected_option_id, "note": found.note}


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_each_question_is_shown_whole(fleet: Fleet, columns: int) -> None:
    first = fleet.worker("asks").ask(LONG + "\n\x1b[2Jsecond line", KINDS)
    second = fleet.worker("too").ask("Really?")
    out = fleet.say("inbox", columns=columns).out
    assert out.index(first) < out.index(second)
    assert all(cells.width(line) <= columns and line.isprintable() for line in out.splitlines())
    assert LONG.split() == out.split()[out.split().index("May") :][: len(LONG.split())]
    for word in ("for-ever (Always allow)", "once (Allow once)", "asks", "too", "\\x1b[2Jsecond"):
        assert word in " ".join(out.split())


def test_an_empty_inbox(fleet: Fleet) -> None:
    assert fleet.say("inbox").out == "nobody asks anything\n"
    assert fleet.say("inbox", "--json").records == []
    assert fleet.say("inbox", "--controller", ".").code == 0


def test_only_what_is_asked_now_is_there(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    worker.ask("decided")
    assert fleet.say("approve", "w").code == 0
    left = worker.ask("still")
    assert [each["request_id"] for each in fleet.say("inbox", "--json").records] == [left]


@pytest.mark.parametrize(
    ("words", "options", "chosen"),
    [
        (["approve", "w"], KINDS, "once"),
        (["deny", "w"], KINDS, "nope"),
        (["approve", "w"], None, "allow"),
        (["deny", "w"], None, "deny"),
        (["answer", "w", "for-ever"], KINDS, "for-ever"),
        (["answer", "w", "ALLOW_ALWAYS"], KINDS, "for-ever"),
        (["answer", "w", "no, thanks"], KINDS, "nope"),
        (["answer", "w", "a"], ALWAYS, "a"),
    ],
)
def test_what_is_said_is_chosen(
    fleet: Fleet, words: list[str], options: list[dict[str, Any]] | None, chosen: str
) -> None:
    asked = fleet.worker("w").ask("?", options)
    ran = fleet.say(*words, "--note", "why not")
    assert ran.code == 0
    assert asked in ran.out
    assert decision(fleet, asked) == {"state": "decided", "option": chosen, "note": "why not"}


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["approve", "w"], ALWAYS),
        (["deny", "w"], ALWAYS),
        (["approve", "w"], [{"id": "red"}, {"id": "blue"}]),
        (["approve", "w"], [{"id": "allow_always", "alias": "allow"}]),
        (["approve", "w"], [{"id": i, "kind": "allow_once"} for i in ("one", "two")]),
        (["answer", "w", "green"], [{"id": "red"}, {"id": "blue"}]),
    ],
)
def test_what_may_mean_something_else_is_refused_with_the_options(
    fleet: Fleet, words: list[str], options: list[dict[str, Any]]
) -> None:
    asked = fleet.worker("w").ask("?", options)
    ran = fleet.say(*words)
    assert ran.code == 2
    assert all(option["id"] in ran.err for option in options)
    assert decision(fleet, asked)["state"] == "pending"


def test_a_question_is_named_by_its_id_its_end_or_who_asks(fleet: Fleet) -> None:
    worker = fleet.worker("make-1")
    for cut in (lambda i: i, lambda i: i[-6:], lambda _: "make-1", lambda _: "mak"):
        asked = worker.ask("?")
        assert fleet.say("approve", cut(asked)).code == 0
        assert decision(fleet, asked)["option"] == "allow"


def test_of_several_questions_none_is_guessed(fleet: Fleet) -> None:
    worker = fleet.worker("w")
    ids = [worker.ask("one"), worker.ask("two")]
    ran = fleet.say("approve", "w")
    assert ran.code == 2
    assert all(each in ran.err for each in (*ids, "(one)", "(two)"))
    assert fleet.say("approve", ids[1]).code == 0


@pytest.mark.parametrize(("what", "code"), [("nobody", 3), ("", 2), ("w", 3), ("x" * 5000, 3)])
def test_who_asks_nothing(fleet: Fleet, what: str, code: int) -> None:
    fleet.worker("w")
    assert fleet.say("approve", what).code == code


def test_a_question_has_one_answer(fleet: Fleet) -> None:
    asked = fleet.worker("w").ask("?")
    assert fleet.say("deny", asked).code == 0
    assert fleet.say("approve", asked).code == 6
    assert decision(fleet, asked)["option"] == "deny"


def test_a_person_may_answer_beside_an_owner(fleet: Fleet) -> None:
    asked = fleet.worker("w").ask("?")
    with fleet.owned() as handle:
        assert fleet.say("approve", "w").code == 0
        status = fleet.client.controller.status(controller_id="c")
        assert status.active_owner is not None
        assert status.active_owner.epoch == handle.epoch
    assert decision(fleet, asked)["option"] == "allow"
