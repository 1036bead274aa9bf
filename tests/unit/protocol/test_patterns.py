"""Patterns are told in words: what a person typed is not answered with a regular expression."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

import penholder_protocol
from penholder_protocol import patterns

_CONTRACT = Path(penholder_protocol.__file__).with_name("openrpc.json")


def _patterns_in(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (each for name, each in part.items() if name == "pattern" and each is str(each))
        part = list(part.values())
    for each in part if isinstance(part, list) else ():
        yield from _patterns_in(each)


_OF_THE_CONTRACT = sorted(set(_patterns_in(msgspec.json.decode(_CONTRACT.read_bytes()))))


def test_all_of_the_contracts_have_words() -> None:
    assert len(_OF_THE_CONTRACT) > 4
    for pattern in _OF_THE_CONTRACT:
        assert pattern not in patterns.in_words(pattern)


@pytest.mark.parametrize("pattern", [*_OF_THE_CONTRACT, patterns.HOST_NAME, patterns.VARIABLE])
def test_a_refusal_of_msgspecs_is_told_in_words(pattern: str) -> None:
    word = Annotated[str, msgspec.Meta(pattern=pattern)]
    wrong = "*" if pattern == patterns.TOPIC else "=\n"
    for type_, given, place in (
        (word, wrong, "x"), (word | None, wrong, "x"), (list[word], [wrong], "x[0]"),
    ):  # fmt: skip
        made = msgspec.defstruct("Made", [("x", type_)])
        with pytest.raises(msgspec.ValidationError) as refused:
            msgspec.convert({"x": given}, made)
        told = patterns.explained(str(refused.value))
        assert told == f"`$.{place}` must be {patterns.in_words(pattern)}"


_FILLED = Annotated[str, msgspec.Meta(min_length=1)]
_SHORT = Annotated[str, msgspec.Meta(max_length=3)]
_TWO = Annotated[list[int], msgspec.Meta(min_length=2)]
_ONE = Annotated[dict[str, int], msgspec.Meta(max_length=1)]


@pytest.mark.parametrize(
    ("type_", "given", "told"),
    [
        (_FILLED, "", "not be empty"),
        (_FILLED | None, "", "not be empty"),
        (_SHORT, "four", "have at most 3 characters"),
        (_SHORT | None, "four", "have at most 3 characters"),
        (_TWO, [1], "have at least 2 items"),
        (_ONE, {"a": 1, "b": 2}, "have at most 1 members"),
    ],
)
def test_a_size_is_told_in_words(type_: object, given: object, told: str) -> None:
    made = msgspec.defstruct("Made", [("x", type_)])
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"x": given}, made)
    assert patterns.explained(str(refused.value)) == f"`$.x` must {told}"


def test_another_refusal_is_left_as_it_is() -> None:
    for text in ("Expected `int`", "Expected `str` matching regex 'x' - at `$.y`"):
        assert patterns.explained(text) == text
