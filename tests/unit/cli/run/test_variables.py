"""`--env`: what is stored, what is passed by name, and what is refused."""

import pytest

from penholder.cli.run import variables
from penholder.cli.terminal.failures import Usage

HERE = {"HOME": "/h", "EMPTY": ""}


def test_a_value_is_stored_and_a_name_is_passed() -> None:
    found = variables.read(["A=1", "HOME", "B=", "C=x=y", "EMPTY"], HERE)
    assert found.stored == {"A": "1", "B": "", "C": "x=y"}
    assert found.passed == {"HOME": "/h", "EMPTY": ""}
    assert found.names == ["A", "B", "C", "HOME", "EMPTY"]


def test_the_last_one_of_a_name_counts() -> None:
    assert variables.read(["HOME", "HOME=1"], HERE) == ({"HOME": "1"}, {})
    assert variables.read(["HOME=1", "HOME"], HERE) == ({}, {"HOME": "/h"})


@pytest.mark.parametrize("word", ["", "=", "=x", "n" * 257, "n" * 257 + "=1"])
def test_a_name_has_a_size(word: str) -> None:
    with pytest.raises(Usage, match="NAME has 1 to 256"):
        variables.read([word], HERE)


@pytest.mark.parametrize("word", ["A=\udcff", "\udcff=1", "A=\0"])
def test_what_cannot_be_stored_is_refused(word: str) -> None:
    with pytest.raises(Usage, match="must be UTF-8"):
        variables.read([word], HERE)


def test_a_value_of_the_callers_that_is_no_text_is_passed_all_the_same() -> None:
    assert variables.read(["ODD"], {"ODD": "\udcff"}).passed == {"ODD": "\udcff"}


def test_there_are_not_ever_more() -> None:
    with pytest.raises(Usage, match="at most 100"):
        variables.read([f"V{number}=1" for number in range(101)], HERE)
