"""A statement for one row after another, as a statement for all of them at once.

For each statement a server has to bind values, set up a plan and take it down again: 13 µs of its
time for a row of the journal, most of a batch's. Given all rows as arrays it does that once. What
the rooms write stays one text for both databases: what is to be done with each row is read in its
words. A text of another kind is run with each row, as ever.

Not the same where two rows change one row of a table, of which only one would count: who asks for
this knows that none do.
"""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache

import psycopg

from penholder_daemon.core.store import Row, SqlValue

_INSERT = re.compile(r"(INSERT INTO \w+ \([^()]*\)) VALUES \(([^()]*)\)(.*)", re.DOTALL)
_UPDATE = re.compile(r"(UPDATE \w+ SET .*) (WHERE .*)", re.DOTALL)
_PLACE = re.compile(r"\$([0-9]+)")
_BIGINT, _TEXT = 20, 25
_NAMES = {_BIGINT: "bigint", _TEXT: "text"}
_HEAD = struct.Struct(">iiiii").pack
_NUMBER = struct.Struct(">iq").pack
_LENGTH = struct.Struct(">i").pack
_NULL = _LENGTH(-1)


@lru_cache(maxsize=256)
def at_once(text: str, types: tuple[int, ...]) -> str | None:
    """Return a statement that takes an array of each value; None where there is none.

    `types` are those that the server has found for the values.
    """
    if not types or any(each not in _NAMES for each in types):
        return None
    columns = ", ".join(f"v{number}" for number in range(1, len(types) + 1))
    arrays = ", ".join(f"${at}::{_NAMES[each]}[]" for at, each in enumerate(types, 1))
    rows = f"FROM unnest({arrays}) AS each_row({columns})"
    if (found := _INSERT.fullmatch(text)) is not None:
        begin, values, rest = found.groups()
        return f"{begin} SELECT {_of_rows(values)} {rows}{_of_rows(rest)}"
    if (found := _UPDATE.fullmatch(text)) is not None:
        begin, which = found.groups()
        return f"{_of_rows(begin)} {rows} {_of_rows(which)}"
    return None


def _of_rows(text: str) -> str:
    return _PLACE.sub(r"each_row.v\1", text)


def arrays(rows: Sequence[Row], types: Sequence[int]) -> list[bytes]:
    """Return the arrays of rows' values, as a server takes them in binary."""
    return [_array(values, of) for values, of in zip(zip(*rows, strict=True), types, strict=True)]


def _array(values: Sequence[SqlValue], type_: int) -> bytes:
    parts = [_number(each) if type_ == _BIGINT else _text(each) for each in values]
    return _HEAD(1, None in values, type_, len(values), 1) + b"".join(parts)


def _number(value: SqlValue) -> bytes:
    if value is None:
        return _NULL
    assert isinstance(value, int), "a number's place takes numbers only"
    return _NUMBER(8, value)


def _text(value: SqlValue) -> bytes:
    if value is None:
        return _NULL
    assert isinstance(value, str), "a text's place takes texts only"
    sent = encoded(value)
    return _LENGTH(len(sent)) + sent


def encoded(text: str) -> bytes:
    """Return a text as it is sent; raises psycopg.DataError where PostgreSQL cannot hold it."""
    sent = text.encode()
    if 0 in sent:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return sent
