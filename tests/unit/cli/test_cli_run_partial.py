"""Output that is no line yet: when it is sent, and that nothing is lost by it."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penholder.cli.run.lines import LONGEST_S, QUIET_S, Output, Splitter, unfinished
from tests.helpers.run_output import content


def decoded(found: list[msgspec.Raw]) -> list[Output]:
    """Read events."""
    return [msgspec.json.decode(data, type=Output) for data in found]


def due_at(splitter: Splitter) -> float | None:
    """Ask anew, so that a type checker does not know the answer."""
    return splitter.due_at


def test_a_question_is_told_when_nothing_follows_it() -> None:
    splitter = Splitter("stdout")
    assert list(splitter.feed(b"Name? ", now=10.0)) == []
    assert due_at(splitter) == 10.0 + QUIET_S
    (asked,) = splitter.flush()
    assert bytes(asked) == (
        b'{"stream":"stdout","text":"Name? ","continued":true,"newline":false,"partial":true}'
    )
    assert due_at(splitter) is None
    # The newline that ends the line is an event: put together, they are what was written.
    assert decoded(list(splitter.feed(b"\n", now=11.0))) == [Output("stdout", text="")]


def test_what_never_pauses_is_told_every_second() -> None:
    splitter = Splitter("stdout")
    for step in range(9):
        list(splitter.feed(b"\r%d%%" % step, now=step * 0.1))
        assert due_at(splitter) == min(step * 0.1 + QUIET_S, LONGEST_S)
    (told,) = decoded(list(splitter.flush()))
    assert told.text == "".join(f"\r{step}%" for step in range(9))
    list(splitter.feed(b"\r9%", now=1.0))
    list(splitter.feed(b"\r10%", now=1.9))
    assert due_at(splitter) == 2.0


def test_a_time_in_which_nobody_read_does_not_count() -> None:
    splitter = Splitter("stdout")
    list(splitter.feed(b"ha", now=5.0))
    splitter.postpone(60.0)
    assert due_at(splitter) == 65.0 + QUIET_S


def test_a_line_that_was_complete_in_time_is_one_event() -> None:
    splitter = Splitter("stdout")
    list(splitter.feed(b"on", now=0))
    assert decoded(list(splitter.feed(b"e\ntwo", now=0.2))) == [Output("stdout", text="one")]
    assert due_at(splitter) == 0.2 + QUIET_S


def test_the_end_of_the_stream_ends_a_line_that_was_begun() -> None:
    splitter = Splitter("stdout")
    list(splitter.feed(b"last", now=0))
    list(splitter.flush())
    assert decoded(list(splitter.end())) == [Output("stdout", text="", newline=False)]
    assert list(splitter.end()) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", 0), (b"a", 0), (b"\xc3", 1), (b"a\xe2\x82", 2), (b"\xf0\x9f\x98", 3),
        ("ü€😀".encode(), 0), (b"\xff", 0), (b"\x80\x80\x80\x80", 0), (b"\xc3\xa9\xf0", 1),
        (b"\xe0\x80", 0), (b"\xed\xa0", 0), (b"\xf4\x90", 0), (b"\xc0", 0), (b"\xff\xe2\x82", 2),
    ],
)  # fmt: skip
def test_only_what_may_become_a_character_is_unfinished(line: bytes, expected: int) -> None:
    assert unfinished(line) == expected


def test_a_character_is_waited_for_and_never_cut() -> None:
    splitter = Splitter("stdout")
    list(splitter.feed(b"a\xe2\x82", now=0))
    assert [told.text for told in decoded(list(splitter.flush()))] == ["a"]
    assert due_at(splitter) is None
    list(splitter.feed(b"\xac", now=5.0))
    assert due_at(splitter) is not None
    assert [told.text for told in decoded(list(splitter.flush()))] == ["€"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=12) | st.just(b"\n\xe2\x82\xac"), st.booleans())))
def test_pieces_put_together_are_the_bytes(steps: list[tuple[bytes, bool]]) -> None:
    splitter = Splitter("stdout")
    found: list[msgspec.Raw] = []
    for now, (chunk, is_flushed) in enumerate(steps):
        found += splitter.feed(chunk, now)
        if is_flushed:
            found += splitter.flush()
    found += splitter.end()
    outputs = decoded(found)
    assert b"".join(map(content, outputs)) == b"".join(chunk for chunk, _ in steps)
    for told in outputs:
        assert not told.partial or (told.continued and not told.newline)


@given(st.text(), st.lists(st.integers(0, 40)))
def test_text_never_becomes_base64_by_being_cut(text: str, cuts: list[int]) -> None:
    splitter = Splitter("stdout")
    found: list[msgspec.Raw] = []
    rest = text.encode()
    for cut in cuts:
        found += splitter.feed(rest[:cut])
        found += splitter.flush()
        rest = rest[cut:]
    found += [*splitter.feed(rest), *splitter.end()]
    assert all(told.base64 is None for told in decoded(found))
