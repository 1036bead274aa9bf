"""Which option of a question a word means."""

import pytest

from penholder.cli.workers import questions
from penholder_protocol.nouns import Option

OPTIONS = [
    Option(id="once", alias="y", label="Yes", kind=None),
    Option(id="always", alias="Y", label="Yes, always", kind=None),
    Option(id="no", alias="n", label="No", kind=None),
]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("once", "once"),
        ("y", "once"),
        ("Y", "always"),  # as it stands, before any case
        ("N", "no"),
        ("YES", "once"),
        ("maybe", None),
    ],
)
def test_a_word_means_an_option(word: str, meant: str | None) -> None:
    found = questions.named(OPTIONS, word)
    assert (found and found.id) == meant


def test_a_word_in_another_case_than_two_options_means_neither() -> None:
    options = [Option(id="a", alias="Yes"), Option(id="b", alias="YES")]
    assert questions.named(options, "yes") is None
