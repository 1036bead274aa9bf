"""Which option a key stands for. One press must never allow more than the one thing asked."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from penholder.cli.top.model.records import Question
from penholder.cli.top.model.text import clean
from penholder.cli.workers import questions
from penholder_protocol.nouns import Option

Word = Literal["approve", "deny"]
_PICKS: Mapping[Word, questions.Pick] = {
    "approve": questions.allowing,
    "deny": questions.denying,
}
MOST_NUMBERED = 9


class Refused(Exception):
    """A key stands for no option of a question; the text says what to do."""


class Answer(msgspec.Struct, frozen=True):
    """An option of a question, chosen; `word` is the command that says it, None for `answer`."""

    question: Question
    option: Option
    word: Word | None = None
    note: str | None = None

    @property
    def is_lasting(self) -> bool:
        """Whether it answers questions to come as well, which is asked about first."""
        return questions.is_lasting(self.option)


def by_key(question: Question, word: Word, note: str | None) -> Answer:
    """Return what a or d answers; raises Refused where no option, or more than one, is meant."""
    option = _PICKS[word](question.options)
    if option is None:
        raise Refused(
            f"it is not clear which option is to {word}; press its number: {named(question)}"
        )
    return Answer(question, option, word, note)


def by_number(question: Question, number: int, note: str | None) -> Answer:
    """Return what a number key answers, counted from 1."""
    if number > len(question.options):
        raise Refused(f"there is no option {number}; those are {named(question)}")
    return Answer(question, question.options[number - 1], None, note)


def named(question: Question) -> str:
    """Name the options with their keys."""
    shown = [
        f"{number} {label(option)}"
        for number, option in enumerate(question.options[:MOST_NUMBERED], 1)
    ]
    more = len(question.options) - len(shown)
    return "  ".join(shown) + (f"  and {more} more" if more > 0 else "")


def label(option: Option) -> str:
    """Return what an option is called."""
    return clean(option.label or option.alias or option.id, 60)
