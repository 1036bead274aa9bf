"""`penholder tail` without a daemon: where it begins, and how an entry is written."""

import msgspec
import pytest

from penholder.cli.commands import tail
from penholder.cli.terminal.failures import Usage
from penholder_protocol.nouns import Entry

ENTRY = Entry(
    entry_id="ev_1", pos=9, stream="worker:w", seq=3, ts="T", type="out\x07put", turn_id=None,
    data=msgspec.Raw('{"text":"ü\x9b"}'.encode()), raw=msgspec.Raw(b"null"), request_id=None,
)  # fmt: skip


def test_a_line_moves_no_cursor() -> None:
    assert tail.line(ENTRY) == 'T 9 worker:w#3 out\\x07put {"text":"ü\\x9b"}'


def test_a_turn_is_named() -> None:
    assert " t_1 " in tail.line(msgspec.structs.replace(ENTRY, turn_id="t_1"))


def test_where_to_begin() -> None:
    assert [tail.after(text) for text in ("now", "start", "0", "12")] == ["now", "start", 0, 12]


@pytest.mark.parametrize("text", ["", "-1", "soon", "1.5", "²"])
def test_where_not_to_begin(text: str) -> None:
    with pytest.raises(Usage, match="--after"):
        tail.after(text)
