"""What programs say of themselves, read whatever they say."""

import pytest
from msgspec import Raw

from penholder.cli.workers import summaries
from penholder.cli.workers.summaries import Cost, Plan, Summary


@pytest.mark.parametrize("told", [b"null", b"{}", b"7", b'{"title":7}', b'{"title":""}', b"{"])
def test_who_says_nothing_that_can_be_shown_says_nothing(told: bytes) -> None:
    assert summaries.read(Raw(told)) is None


def test_of_a_program_whose_other_words_are_not_ours_the_title_is_read() -> None:
    found = summaries.read(Raw(b'{"title":"half done","plan":"none","state":"running"}'))

    assert found == Summary("half done", state="")
    assert list(summaries.facts(found)) == []


def test_each_thing_is_said_that_is_known() -> None:
    said = Summary(
        turn="turn-1", prompt="go", tool="Write", plan=Plan(1, 2, "it"), context_used=10,
        context_size=100, tokens=30, cost=Cost(0.25, "USD"),
    )  # fmt: skip

    assert list(summaries.facts(said)) == [
        "turn-1: go", "runs Write", "plan 1 of 2, at it", "30 tokens, context 10 of 100, 0.25 USD",
    ]  # fmt: skip
    assert list(summaries.facts(Summary(context_used=10, context_size=100))) == [
        "context 10 of 100"
    ]
