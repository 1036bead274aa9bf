"""Patterns are checked of what is given, and of nothing that is told."""

from collections.abc import Iterator
from typing import get_args

import msgspec
import pytest
from msgspec import Meta, Struct

from penholder_daemon.rooms import build_registry
from penholder_protocol import nouns
from penholder_protocol.nouns import Event, NewEvent, told, words

METHODS = list(build_registry().public)


def _hints_in(hint: object, seen: set[object]) -> Iterator[object]:
    """Yield all that an annotation is made of, the fields of records too."""
    yield hint
    if isinstance(hint, type) and issubclass(hint, Struct) and hint not in seen:
        seen.add(hint)
        for each in msgspec.structs.fields(hint):
            yield from _hints_in(each.type, seen)
    for part in get_args(hint):
        yield from _hints_in(part, seen)


def _records(hints: Iterator[object]) -> set[type[Struct]]:
    return {each for each in hints if isinstance(each, type) and issubclass(each, Struct)}


GIVEN = {
    record
    for method in METHODS
    for field in method.fields
    for record in _records(_hints_in(field.hint, set()))
} | {nouns.Fence}
TOLD = {
    record for method in METHODS for record in _records(_hints_in(method.result_type, set()))
} - GIVEN


def _metas(record: type[Struct]) -> Iterator[Meta]:
    for field in msgspec.structs.fields(record):
        for hint in _hints_in(field.type, set(GIVEN)):
            yield from (each for each in get_args(hint) if isinstance(each, Meta))


@pytest.mark.parametrize("record", sorted(TOLD, key=repr), ids=lambda record: record.__name__)
def test_no_pattern_is_checked_of_what_is_told(record: type[Struct]) -> None:
    assert [each for each in _metas(record) if each.pattern] == []


@pytest.mark.parametrize("record", sorted(GIVEN, key=repr), ids=lambda record: record.__name__)
def test_every_pattern_is_checked_of_what_is_given(record: type[Struct]) -> None:
    shown_only = [each for each in _metas(record) if "pattern" in (each.extra_json_schema or {})]
    assert shown_only == []


def test_the_contract_shows_the_same_of_both() -> None:
    for name, word in vars(told).items():
        if name[0].isupper() and get_args(word) and name not in {"Annotated", "Meta"}:
            shown = msgspec.json.schema(word)
            assert shown == msgspec.json.schema(getattr(words, name)), name
            assert "pattern" in shown, name


def test_an_id_that_was_made_otherwise_is_read_and_not_taken() -> None:
    odd = b'"\xe2\x80\xa6 of an older program"'
    made = dict.fromkeys(("turn_id", "raw")) | {"data": {}, "type": "t", "ts": ""}
    event = msgspec.json.encode({**made, "worker_id": "w", "event_seq": 1, "pos": 1})
    found = msgspec.json.decode(b'{"event_id":%b,%b' % (odd, event[1:]), type=Event)
    assert found.event_id == "… of an older program"
    with pytest.raises(msgspec.ValidationError, match="turn_id"):
        msgspec.json.decode(b'{"type":"t","turn_id":%b}' % odd, type=NewEvent)
