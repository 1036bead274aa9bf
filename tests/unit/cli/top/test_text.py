"""Text from workers on one line of a terminal: whatever it is, it stays harmless and short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.top.model.text import MAX_LINE_CHARACTERS, clean, last_line, overwritten


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb", "a   b"),
        ("[red]x[/red] $HOME", "[red]x[/red] $HOME"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 2),
        ("日本語", "日本語"),
    ],
)
def test_text_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(max_size=50), st.integers(1, 60))
def test_nothing_unprintable_is_left_and_nothing_too_long(text: str, most: int) -> None:
    shown = clean(text * 3, most)
    assert shown.isprintable()
    assert len(shown) <= most


def test_what_was_cut_says_so() -> None:
    assert clean("x" * 9, 9) == "x" * 9
    assert clean("x" * 10, 9) == "x" * 8 + "…"
    # The colours took the room of what is shown, so more may follow than was looked at.
    assert clean("\x1b[31m" * 9 + "x" * 90, 9).endswith("…")
    assert len(clean("ab" * 1_000_000)) == MAX_LINE_CHARACTERS


def test_the_last_line_is_what_a_terminal_would_show() -> None:
    assert last_line("one\ntwo\n\n") == "two"
    assert last_line("10%\r50%\r") == "50%"
    assert last_line(" \n") == ""
    assert overwritten("10%\r50%\r") == "50%"
    assert overwritten("10%\r") == "10%"
