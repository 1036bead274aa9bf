"""JSON values that are stored and never looked into: compact, bounded, unchanged."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from penholder_daemon.core.values import bounded, compact
from penholder_protocol.errors import InvalidParams, ValueTooLarge
from penholder_protocol.limits import MAX_VALUE_BYTES, MAX_VALUE_DEPTH
from tests.helpers.harness import Bench

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=10,
)


def _compact(text: bytes, *, must_be_object: bool = False) -> bytes:
    return bytes(compact(Raw(text), "data", must_be_object=must_be_object))


@given(VALUES, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_value_stays_the_same_and_loses_its_spelling(
    value: object, escaped: bool, indent: int | str | None
) -> None:
    text = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    found = _compact(text)
    assert json.loads(found) == value
    least = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(found) <= len(least) + text.count(b"\x7f")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b' { "a" : [ 1 , 2 ] } ', b'{"a":[1,2]}'),
        (b'{"a":"\\u00fc\\/"}', b'{"a":"\xc3\xbc/"}'),
        (b'{"n":123456789012345678901234567890}', b'{"n":123456789012345678901234567890}'),
        (b'{"n":1.10}', b'{"n":1.10}'),
        (b'"{[ \\" ]}"', b'"{[ \\" ]}"'),
    ],
)
def test_how_it_is_written(text: bytes, expected: bytes) -> None:
    assert _compact(text) == expected


def test_the_limit_counts_compact_utf8() -> None:
    largest = b'"' + b"x" * (MAX_VALUE_BYTES - 2) + b'"'
    assert len(_compact(largest)) == MAX_VALUE_BYTES
    assert len(_compact(b" " * 1000 + largest)) == MAX_VALUE_BYTES
    escapes = b'"' + b"\\u00fc" * (MAX_VALUE_BYTES // 2 - 1) + b'"'
    assert len(_compact(escapes)) == MAX_VALUE_BYTES
    for over in (largest[:-1] + b'x"', escapes[:-1] + b'x"'):
        with pytest.raises(ValueTooLarge) as caught:
            _compact(over)
        assert caught.value.number == 1005
        assert caught.value.details == {
            "param": "data",
            "limit": "MAX_VALUE_BYTES",
            "maximum": MAX_VALUE_BYTES,
        }


@pytest.mark.parametrize(("open_", "close"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_64_levels_and_no_more(open_: bytes, close: bytes) -> None:
    deepest = open_ * MAX_VALUE_DEPTH + b"1" + close * MAX_VALUE_DEPTH
    assert _compact(deepest) == deepest
    with pytest.raises(ValueTooLarge) as caught:
        _compact(open_ + deepest + close)
    assert caught.value.details["limit"] == "MAX_VALUE_DEPTH"


def test_brackets_side_by_side_or_in_text_are_not_deep() -> None:
    wide = b"[" + b",".join([b"[[]]"] * 500) + b"]"
    assert _compact(wide) == wide
    text = b'["' + b"[{" * 500 + b'\\""]'
    assert _compact(text) == text


@given(st.integers(1, 130), st.integers(0, 3))
def test_depth_is_told_apart_among_many_brackets(depth: int, siblings: int) -> None:
    value = b"[" * depth + b'"[[{"' + b"]" * depth
    text = b"[" + b",".join([*([b"{}"] * siblings), value]) + b"]"
    if depth + 1 > MAX_VALUE_DEPTH:
        with pytest.raises(ValueTooLarge):
            _compact(text)
    else:
        assert _compact(text) == text


@pytest.mark.parametrize("text", [b"[]", b"null", b"1", b'"{}"', b"true"])
def test_an_object_where_it_must_be_one(text: bytes) -> None:
    with pytest.raises(InvalidParams):
        _compact(text, must_be_object=True)
    _compact(text)


def test_lists_of_words_are_bounded_too() -> None:
    assert bounded(["a", "ü"], "packs") == '["a","ü"]'
    assert len(bounded(["x" * (MAX_VALUE_BYTES - 4)], "packs")) == MAX_VALUE_BYTES
    with pytest.raises(ValueTooLarge):
        bounded(["x" * (MAX_VALUE_BYTES - 3)], "packs")


def test_what_is_stored_comes_back_compact(bench: Bench) -> None:
    bench.worker()
    bench.call("event.append", worker_id="w1", type="x", data={"a": {"b": ["ü", 1.5, None]}})
    row = bench.database.row("SELECT data, raw FROM journal ORDER BY pos DESC LIMIT 1")
    assert row == ('{"a":{"b":["ü",1.5,null]}}', None)


@pytest.mark.parametrize("method", ["event.append", "event.append_many"])
@pytest.mark.parametrize("name", ["data", "raw"])
def test_both_values_of_an_event_are_checked(bench: Bench, method: str, name: str) -> None:
    bench.worker()
    event: dict[str, object] = {"type": "x", name: {"v": "x" * MAX_VALUE_BYTES}}
    params = event if method == "event.append" else {"events": [event]}
    refusal = bench.refused(ValueTooLarge, method, worker_id="w1", **params)
    assert refusal.details["param"] == name
