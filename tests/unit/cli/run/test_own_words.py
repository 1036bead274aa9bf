"""Where the command begins among the words of `penholder run`."""

import pytest

from penholder.cli import catalog
from penholder.cli.contract import contract
from penholder.cli.main import _front, _own
from penholder.cli.run import own_words
from penholder.cli.run.arguments import parser


@pytest.mark.parametrize(
    ("words", "own", "command"),
    [
        (["make", "-j4"], [], ["make", "-j4"]),
        (["-d", "make", "-d"], ["-d"], ["make", "-d"]),
        (["--name", "n", "make", "--name", "x"], ["--name", "n"], ["make", "--name", "x"]),
        (["--name=n", "make"], ["--name=n"], ["make"]),
        (["--kill_after_s", "1", "make"], ["--kill_after_s", "1"], ["make"]),
        (["--env", "A=1", "--env", "B", "x"], ["--env", "A=1", "--env", "B"], ["x"]),
        (["--", "--name"], [], ["--name"]),
        (["-d", "--", "get", "--", "x"], ["-d"], ["get", "--", "x"]),
        (["--name", "--", "x"], ["--name", "--"], ["x"]),
        (["--quiet", ""], ["--quiet"], [""]),
        (["--name"], ["--name"], []),
        ([], [], []),
    ],
)
def test_the_command_begins_at_the_first_word_that_is_no_flag(
    words: list[str], own: list[str], command: list[str]
) -> None:
    assert own_words.split(words) == (own, command)


def test_it_knows_which_flags_take_a_word() -> None:
    flags = {
        flag
        for action in parser()._actions
        if action.nargs is None or isinstance(action.nargs, str)
        for flag in action.option_strings
        if action.metavar or action.choices
    }
    assert flags == own_words.VALUED


def test_the_verbs_of_the_room_are_those_of_the_contract() -> None:
    assert {method.verb for method in contract().verbs("run")} == catalog.VERBS_OF_RUN


@pytest.mark.parametrize("word", ["create", "claim_next", "append-event"])
def test_a_verb_of_the_room_is_the_rooms(word: str) -> None:
    assert catalog.find("run", [word, "--run-id", "r"]) is None


@pytest.mark.parametrize("words", [["make"], ["--", "create"], ["-d", "get"], ["./create"], []])
def test_all_else_is_the_command(words: list[str]) -> None:
    assert catalog.find("run", words) is catalog.COMMANDS["run"]


def test_flags_of_every_command_before_it_stay_before_the_program() -> None:
    assert _front(["--json", "run", "make", "-j4"]) == ("run", ["--json", "make", "-j4"])
    assert _front(["--json", "run", "get", "--run-id", "r"]) == (
        "run", ["get", "--json", "--run-id", "r"],
    )  # fmt: skip


def test_what_the_program_is_told_is_not_taken_for_our_own() -> None:
    assert "--json" not in _own(*_front(["run", "prog", "--json"]))
    assert "--json" in _own(*_front(["run", "--json", "prog"]))
    assert "--json" in _own(*_front(["--json", "run", "--name", "n", "prog", "--no-json"]))
