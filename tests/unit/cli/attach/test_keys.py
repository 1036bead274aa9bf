"""Ctrl-P Ctrl-Q detaches, and everything else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.attach.keys import DetachKeys


def fed(*typed: bytes) -> tuple[bytes, DetachKeys]:
    """Return what is passed on of what is typed in these chunks."""
    keys = DetachKeys()
    return b"".join(keys.feed(chunk) for chunk in typed), keys


@pytest.mark.parametrize(
    "typed",
    [
        [b"\x10\x11"],
        [b"\x10", b"\x11"],
        [b"\x1b[112;5u", b"\x1b[113;5u"],
        [b"\x1b[112;5:1u\x1b[113;5:1u"],
        [b"\x1b[27;5;112~", b"\x1b[27;5;113~"],
        [b"\x10\x10", b"\x11"],
    ],
)
def test_both_keys_detach(typed: list[bytes]) -> None:
    passed, keys = fed(b"a", *typed)

    assert keys.is_detached
    assert passed.removesuffix(b"\x10") == b"a"


def test_what_follows_in_the_same_chunk_is_dropped() -> None:
    passed, keys = fed(b"a\x10\x11rm -rf x\r")

    assert (passed, keys.is_detached) == (b"a", True)


@pytest.mark.parametrize("typed", [[b"\x10x"], [b"\x10", b"x"], [b"\x10\x10", b"x"], [b"\x11"]])
def test_a_key_alone_is_passed_on_with_the_next(typed: list[bytes]) -> None:
    passed, keys = fed(*typed)

    assert passed == b"".join(typed)
    assert not keys.is_detached


def test_a_ctrl_p_that_nothing_follows_is_passed_on_when_asked_for() -> None:
    passed, keys = fed(b"a\x10")

    assert (passed, keys.is_waiting) == (b"a", True)
    assert (keys.give_up(), keys.is_waiting) == (b"\x10", False)
    assert keys.feed(b"\x11") == b"\x11"


@given(st.lists(st.binary()))
def test_nothing_else_is_lost(typed: list[bytes]) -> None:
    passed, keys = fed(*typed)

    if not keys.is_detached:
        assert passed + keys.give_up() == b"".join(typed)
