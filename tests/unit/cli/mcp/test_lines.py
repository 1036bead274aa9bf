"""Lines out of bytes, however they are cut, and none longer than the limit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penholder.cli.mcp.lines import Cutter, TooLong


def cut(data: bytes, size: int, limit: int = 1000) -> list[bytes | TooLong]:
    """Feed bytes in pieces of a size; return all lines."""
    cutter = Cutter(limit)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [line for piece in pieces for line in cutter.feed(piece)]
    return [*found, *cutter.end()]


@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    st.integers(1, 50),
)
def test_lines_are_whole_however_they_are_cut(lines: list[bytes], size: int) -> None:
    assert cut(b"\n".join(lines), size) == [line for line in lines if line.strip()]


@given(st.integers(0, 300), st.integers(1, 80))
def test_what_is_over_the_limit_is_told_with_its_length(length: int, size: int) -> None:
    data = b"x" * length + b"\nnext\n"
    first, *rest = [*cut(data, size, limit=100), None]
    if length > 100:
        assert first == TooLong(length, None)
        assert rest == [b"next", None]
    elif length:
        assert first == b"x" * length


LONG = {"x": "y" * 3000, "id": 99, "z": '"id":98'}


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"jsonrpc": "2.0", "id": 7, "method": "m", "params": LONG}, b"7"),
        ({"id": "a b", "jsonrpc": "2.0", "params": LONG}, b'"a b"'),
        ({"method": "m", "params": LONG, "jsonrpc": "2.0", "id": 7}, b"7"),
        ({"method": "m", "params": LONG, "id": -7}, b"-7"),
        ({"method": "m", "params": LONG, "jsonrpc": "2.0"}, None),
        ({"params": {**LONG, "id": 6}}, None),
        ({"params": [LONG, {"jsonrpc": "2.0", "id": 6}]}, None),
        ({"params": LONG, "id": {"id": 6}}, None),
        ({"params": LONG, "id": 1.5}, None),
        ({"params": LONG, "id": True}, None),
    ],
)
@pytest.mark.parametrize("size", [7, 100_000])
def test_the_id_of_a_long_line_is_the_messages_own(
    members: dict[str, object], found: bytes | None, size: int
) -> None:
    line = json.dumps(members).encode()
    assert cut(line + b"\n", size) == [TooLong(len(line), found)]
