"""Help at any width, and what is meant by words that there are not."""

import pytest

from penholder.cli import catalog
from penholder.cli.contract import contract
from penholder.cli.terminal import cells, helping
from tests.helpers.command_line import Cli

WORDS = [
    "",
    *(name for name, each in catalog.COMMANDS.items() if each.group in catalog.GROUPS),
    *contract().rooms(),
    "worker create",
    "queue submit",
]


@pytest.mark.parametrize("columns", ["40", "80", "200"])
@pytest.mark.parametrize("words", WORDS)
def test_no_line_of_help_is_wider_than_the_terminal(
    words: str, columns: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    ran = cli(*words.split(), "--help")
    assert ran.code == 0
    # A word that is longer than a narrow line is not broken: nobody could copy it.
    longest = max(map(len, ran.out.split()))
    wide = [line for line in ran.out.splitlines() if cells.width(line) > int(columns)]
    assert not [line for line in wide if len(line.split()) > 2 or longest < int(columns) - 26]


def test_help_says_of_a_word_what_the_word_says_itself(cli: Cli) -> None:
    assert cli("help", "status").out == cli("status", "--help").out
    assert cli("help", "worker", "create").out == cli("worker", "create", "--help").out
    assert cli("help").out == cli("--help").out
    assert cli("help", "worker").out == cli("worker", "--help").out
    assert cli("help", "nothing").code == 2


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("list", "penholder ps"),
        ("delete", "penholder rm NAME"),
        ("worker ps", "penholder ps"),
        ("worker kill", "penholder kill NAME"),
        ("tail -n 5", "penholder logs NAME -n N"),
        ("event list --since 5m", "penholder logs NAME --since 10m"),
        ("stats", "status"),
    ],
)
def test_what_is_meant_is_named(words: str, meant: str, cli: Cli) -> None:
    ran = cli(*words.split())
    assert ran.code == 2
    assert meant in ran.err


def test_examples_keep_their_lines() -> None:
    text = helping.described("What it does.", ["one  two", "three"], "More\nof it.")
    assert helping.filled(text, 60).splitlines() == [
        "What it does.", "", "examples:", "  one  two", "  three", "", "More of it.",
    ]  # fmt: skip
