"""What words take their own words for."""

import errno
from datetime import UTC, datetime

import pytest

from penholder.cli.run import naming
from penholder.cli.terminal import failures
from penholder.cli.terminal.failures import Usage
from penholder.cli.terminal.options import Parser, parse_known
from penholder.cli.words import kill, logs
from tests.helpers.command_line import Cli

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["-15", "srv"], ["-s", "15", "srv"]),
        (["-9", "srv"], ["-s", "9", "srv"]),
        (["-HUP", "srv"], ["-s", "HUP", "srv"]),
        (["srv", "-SIGTERM"], ["srv", "-s", "SIGTERM"]),
        (["-s", "HUP", "srv"], ["-s", "HUP", "srv"]),
        (["-1"], ["-1"]),
        (["srv", "--json"], ["srv", "--json"]),
    ],
)
def test_a_signal_may_be_said_as_to_the_shells_kill(words: list[str], read: list[str]) -> None:
    assert kill._with_signal(words) == read


def test_the_newest_is_not_killed_by_who_means_a_hang_up() -> None:
    with pytest.raises(Usage, match="-s HUP"):
        kill._with_signal(["-1", "srv"])


def test_no_name_looks_like_an_id() -> None:
    with pytest.raises(Usage, match="ids look like"):
        naming.check("w_1a22785841775f9a2934d")
    assert naming.check("w_1") == "w_1"


def test_a_flag_that_is_not_there_is_said_before_a_name_that_is_missing() -> None:
    parser = Parser(prog="p")
    parser.add_argument("names", nargs="+", metavar="NAME")
    with pytest.raises(Usage, match="there is no flag --all of p"):
        parse_known(parser, ["--all"])
    with pytest.raises(Usage, match="NAME"):
        parse_known(parser, [])
    with pytest.raises(Usage, match="unexpected argument"):
        parse_known(Parser(prog="p"), ["x"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["logs"], "penholder logs needs NAME; usage: penholder logs NAME [-f] [-n N]"),
        (["send", "w"], "penholder send needs TEXT; usage: penholder send NAME TEXT [--no-enter]"),
        (["answer"], "penholder answer needs WHAT, OPTION; usage: penholder answer WHAT OPTION"),
        (["completion"], "penholder completion needs shell; usage: penholder completion bash|zsh"),
        (["import"], "penholder import needs source, PATH; usage: penholder import"),
        (["logs", "w", "-n", "x"], "argument -n/--lines: 'x' is no integer"),
        (["run", "--kill-after-s", "x", "true"], "--kill-after-s: 'x' is no number of seconds"),
    ],
)
def test_what_is_missing_or_no_number_is_said_with_the_way_on(
    cli: Cli, words: list[str], told: str
) -> None:
    ran = cli(*words)
    assert ran.code == 2
    assert told in ran.err


def test_suggestions_are_few_and_said_once(cli: Cli) -> None:
    assert "run or run or" not in cli("runn").err
    assert cli("stop", "--contoller", "c", "x").err.count("--controller") == 1


def test_a_flag_may_have_the_end_of_flags_as_its_value() -> None:
    parser = Parser(prog="p")
    parser.add_argument("--name")
    parser.add_argument("--branch", nargs="?")
    parser.add_argument("--option", action="append")
    parser.add_argument("words", nargs="*")

    found = parse_known(parser, ["--name=--", "--branch=--", "--option=--", "--", "a"])

    assert (found.name, found.branch, found.option) == ("--", "--", ["--"])
    assert found.words == ["a"]


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59", "0001-01-01T00:00Z"])
def test_a_time_may_be_the_first_or_the_last_there_is(text: str) -> None:
    assert logs._time(text, lambda: NOW).isoformat()[:10] == text[:10]


def test_a_file_that_is_known_by_its_number_is_not_named_by_it() -> None:
    error = IsADirectoryError(errno.EISDIR, "Is a directory", 4)

    assert str(failures.of_system(error)) == "Is a directory"
