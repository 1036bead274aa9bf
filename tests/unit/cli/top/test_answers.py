"""Which option a key stands for, and the commands that do what keys do."""

import pytest

from penholder.cli.top.model import acts, answers
from penholder.cli.top.model.acts import Host
from penholder.cli.top.model.answers import Refused
from penholder_protocol.nouns import Option
from tests.helpers.top import fleet, key, listed, option, overview, question

LOCAL = Host("local", "/run/control.sock")
ASKING = [
    option("a1", None, "Always", "allow_always"),
    option("a2", "allow", "Once", "allow_once"),
    option("r1", "deny", "No", "reject_once"),
    option("r2", None, "Never", "reject_always"),
]


def test_a_and_d_mean_once() -> None:
    asked = question("q1", options=ASKING)
    assert answers.by_key(asked, "approve", None).option.id == "a2"
    assert answers.by_key(asked, "deny", None).option.id == "r1"


def test_the_kind_goes_before_the_alias() -> None:
    options = [option("x", "allow", None, "other"), option("y", None, None, "allow_once")]
    assert answers.by_key(question("q", options=options), "approve", None).option.id == "y"


@pytest.mark.parametrize(
    "options",
    [
        [option("allow_always", "allow")],
        [option("a", "Allow", None, "allow_always")],
        [option("a", "ALLOW_ALWAYS", None, None)],
        [option("yes", None, "Yes"), option("no", None, "No")],
        [option("a", "allow"), option("b", "ALLOW")],
        [option("a", None, None, "allow_once"), option("b", None, None, "allow_once")],
    ],
)
def test_a_allows_nothing_that_is_not_meant(options: list[Option]) -> None:
    with pytest.raises(Refused, match=r"press its number: 1 "):
        answers.by_key(question("q", options=options), "approve", None)


def test_numbers_choose_and_lasting_answers_are_known() -> None:
    asked = question("q1", options=ASKING)
    assert answers.by_number(asked, 1, None).is_lasting
    assert not answers.by_number(asked, 2, None).is_lasting
    with pytest.raises(Refused, match="no option 5; those are 1 Always  2 Once"):
        answers.by_number(asked, 5, None)


def test_more_options_than_keys_are_said_to_be_more() -> None:
    options = [option(f"o{number}") for number in range(12)]
    assert answers.named(question("q", options=options)).endswith("9 o8  and 3 more")


def test_answers_are_commands() -> None:
    asked = question("ap_1", options=ASKING)
    allowed = acts.answering(LOCAL, answers.by_key(asked, "approve", None))
    assert allowed.shown == "penholder approve ap_1"
    denied = acts.answering(LOCAL, answers.by_key(asked, "deny", "not 'now'"))
    assert denied.argv == ("penholder", "deny", "ap_1", "--note=not 'now'")
    chosen = acts.answering(LOCAL, answers.by_number(asked, 4, None))
    assert chosen.shown == "penholder answer ap_1 r2"


def test_acts_show_a_name_and_run_an_id() -> None:
    made = fleet(listed([overview("w_1", "make-2"), overview("w_2", "twice")]))
    act = acts.on_workers("stop", LOCAL, [made.workers[key("w_1")]], made.workers.values())
    assert act.shown == "penholder stop make-2"
    assert act.argv == ("penholder", "stop", "w_1")


@pytest.mark.parametrize("label", ["twice", "-rf", "a b", "$(x)", "", "x" * 65, "é"])
def test_a_name_that_is_no_name_or_that_two_have_is_not_shown(label: str) -> None:
    made = fleet(
        listed([overview("w_1", label), overview("w_2", "twice"), overview("w_3", "twice")])
    )
    act = acts.on_workers("kill", LOCAL, [made.workers[key("w_1")]], made.workers.values())
    assert act.shown == "penholder kill w_1"


def test_another_host_is_named_by_its_flags() -> None:
    far = Host("far", "/x", ("--socket", "/far dir/control.sock"))
    made = fleet(listed([overview("w_1", "make")], host="far"), hosts=("far",))
    act = acts.on_workers("stop", far, list(made.workers.values()), made.workers.values())
    assert act.shown == "penholder stop --socket '/far dir/control.sock' make"


def test_what_is_sent_goes_as_it_is() -> None:
    made = fleet(listed([overview("w_1", "make")]))
    worker = made.workers[key("w_1")]
    act = acts.sending(LOCAL, worker, [worker], "go on; rm -rf $HOME")
    assert act.argv == ("penholder", "send", "w_1", "go on; rm -rf $HOME")
    assert act.shown == "penholder send make 'go on; rm -rf $HOME'"
    flag = acts.sending(LOCAL, worker, [worker], "--help")
    assert flag.argv == ("penholder", "send", "--", "w_1", "--help")
    for text in ("", "-"):
        with pytest.raises(Refused):
            acts.sending(LOCAL, worker, [worker], text)
