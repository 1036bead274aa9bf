"""Which option a key stands for. One press must never allow more than the one thing asked."""

import msgspec

from penholder.cli.top.model.records import Option, Question
from penholder.cli.top.model.text import clean

ALLOW = ("allow_once", "allow", "approve")
DENY = ("reject_once", "deny", "deny")
"""The kind of the option, else its alias; and the word of the command line that does the same."""
MOST_NUMBERED = 9


class Refused(Exception):
    """A key stands for no option of a question; the text says what to do."""


class Answer(msgspec.Struct, frozen=True):
    """An option of a question, chosen; `word` is the command that says it, None for `answer`."""

    question: Question
    option: Option
    word: str | None = None
    note: str | None = None

    @property
    def is_lasting(self) -> bool:
        """Whether it answers questions to come as well, which is asked about first."""
        return is_always(self.option)


def is_always(option: Option) -> bool:
    """Tell whether an option answers for more than once."""
    return any(
        each is not None and each.casefold().endswith("_always")
        for each in (option.kind, option.alias, option.id)
    )


def by_key(question: Question, wanted: tuple[str, str, str], note: str | None) -> Answer:
    """Return what a or d answers; raises Refused where no option, or more than one, is meant."""
    kind, alias, word = wanted
    once = [each for each in question.options if not is_always(each)]
    found = [each for each in once if each.kind == kind] or [
        each for each in once if (each.alias or "").casefold() == alias
    ]
    if len(found) != 1:
        what = "no option" if not found else "more than one option"
        raise Refused(f"{what} to {word} with here; press its number: {named(question)}")
    return Answer(question, found[0], word, note)


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
