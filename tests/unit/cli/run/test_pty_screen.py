"""What who comes later is shown, and what a terminal is left with."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penholder.cli.run.pty_modes import Modes, without_queries
from penholder.cli.run.pty_screen import KEPT_BYTES, Screen

EDITOR = b"\x1b[?1049h\x1b[?25l\x1b[?1000;1006h\x1b[?2004h\x1b=\x1b[>1u"


def after(*written: bytes) -> Modes:
    """Return the switches after a program wrote this."""
    modes = Modes()
    for chunk in written:
        modes.feed(chunk)
    return modes


def test_what_an_editor_switched_on_is_switched_off() -> None:
    back = after(EDITOR, b"text").switched_back()

    for off in (b"?1049l", b"?25h", b"?1000l", b"?1006l", b"?2004l", b"<1u"):
        assert b"\x1b[" + off in back
    assert b"\x1b>" in back


def test_what_is_as_at_first_is_left_alone() -> None:
    modes = after(EDITOR, b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b>")

    assert modes.switched_on() == b""
    assert after(b"plain\r\n").switched_back() == b"\x1b[0m"


def test_who_comes_later_gets_the_same_switches() -> None:
    on = after(EDITOR).switched_on()

    assert after(on).switched_on() == on
    assert b"\x1b[?1049h" in on


@given(st.integers(0, len(EDITOR)))
@example(3)
def test_a_switch_may_come_in_two_chunks(at: int) -> None:
    cut = after(EDITOR[:at], EDITOR[at:])

    assert cut.switched_back() == after(EDITOR).switched_back()


@given(st.lists(st.binary(max_size=40), max_size=10))
@example([b"\x1b[?" + b"1;" * 100, b"1h"])
def test_any_output_is_taken(written: list[bytes]) -> None:
    modes = after(*written)

    assert len(modes.switched_on()) < 1000
    assert len(modes.switched_back()) < 1000


@pytest.mark.parametrize(
    "query",
    [b"\x1b[6n", b"\x1b[?6n", b"\x1b[c", b"\x1b[>0c", b"\x1bZ", b"\x05", b"\x1b]11;?\x07",
     b"\x1b]10;?\x1b\\", b"\x1b[>q", b"\x1b[?u", b"\x1b[18t", b"\x1bP+q544e\x1b\\",
     b"\x1bP$qm\x1b\\", b"\x1b[?2026$p"],
)  # fmt: skip
def test_what_a_terminal_would_answer_is_not_shown_again(query: bytes) -> None:
    assert without_queries(b"a" + query + b"b") == b"ab"


def test_what_it_would_not_answer_is() -> None:
    shown = b"\x1b[1;31mred\x1b[0m\x1b[2J\x1b[H\x1b]0;title\x07\x1b[?25l"

    assert without_queries(shown) == shown


def test_questions_to_a_terminal_are_not_asked_again() -> None:
    screen = Screen()
    screen.feed(b"a\x1b[6nb")

    assert screen.replay() == b"ab"


def test_little_is_shown_whole() -> None:
    screen = Screen()
    screen.feed(b"\xfftwo\r\nlines")

    assert screen.replay() == b"\xfftwo\r\nlines"


@given(st.integers(1, 5 * KEPT_BYTES))
@example(KEPT_BYTES)
@example(KEPT_BYTES + 1)
@example(2 * KEPT_BYTES + 1)
def test_of_much_the_last_is_shown_from_the_begin_of_a_line(size: int) -> None:
    screen = Screen()
    written = b"".join(b"line %d\r\n" % number for number in range(size // 8))
    for at in range(0, len(written), 10_000):
        screen.feed(written[at : at + 10_000])

    shown = screen.replay()

    assert written.endswith(shown)
    assert len(shown) <= KEPT_BYTES
    assert len(shown) > min(len(written), KEPT_BYTES) - 30
    assert shown.startswith((b"line", b""))


def test_switches_that_are_older_than_what_is_kept_are_not_lost() -> None:
    screen = Screen()
    screen.feed(EDITOR)
    for _ in range(5):
        screen.feed(b"." * KEPT_BYTES)

    assert screen.replay().startswith(after(EDITOR).switched_on())
