"""`null` for what may be left out is the same as leaving it out.

Some clients leave out what they do not have, others write null for it. Both mean the same call. So
null is taken away before anything is decoded or compared, in params and in the records within them:
defaults are then filled in as ever, and under an idempotency key both are one call.

It is done on the raw text, by the shape of the params (`Shape`). Decoding first would be too late:
a required param that takes null must keep it, while an optional one whose type does not take it
must not be refused for it. JSON values keep theirs, at any depth: the daemon never looks into
those, and a null in there is the caller's own. Most params hold no `null` at all, which one search
tells; then the text is used as it came.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, get_args

import msgspec
from msgspec import Raw

from penholder_daemon.core.values import read_items, read_members

_NULL = Raw(b"null")


@dataclass(frozen=True)
class Slot:
    """One param or field: whether it may be left out, and the record that it holds, if any."""

    is_optional: bool
    record: "Shape | None"


Shape: TypeAlias = Mapping[str, Slot]


def shape_of(fields: Iterable[tuple[str, object, bool]]) -> Shape:
    """Describe params from their names, annotations, and whether they must be given."""
    return {
        name: Slot(is_optional=not required, record=_record_in(hint))
        for name, hint, required in fields
    }


def _record_in(hint: object) -> Shape | None:
    """Find the record type in an annotation, be it optional, constrained or the items of a list."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        fields = msgspec.structs.fields(hint)
        return shape_of((each.encode_name, each.type, each.required) for each in fields)
    return next((found for part in get_args(hint) if (found := _record_in(part))), None)


def without_nulls(text: bytes, shape: Shape) -> bytes:
    """Return params without what is null and may be left out; as they are if that is nothing.

    What is no object, or is wrong in another way, is left to who decodes it to refuse.
    """
    if b"null" not in text:
        return text
    try:
        return bytes(_bare(Raw(text), shape))
    except (msgspec.DecodeError, RecursionError):
        return text


def _bare(value: Raw, shape: Shape) -> Raw:
    kind = bytes(value)[:1]
    if kind == b"[":
        items = read_items(value)
        return Raw(msgspec.json.encode([_bare(item, shape) for item in items]))
    if kind != b"{" or b"null" not in bytes(value):
        return value
    members = read_members(value)
    return Raw(msgspec.json.encode(dict(_kept(members, shape))))


def _kept(members: Mapping[str, Raw], shape: Shape) -> Iterable[tuple[str, Raw]]:
    for name, value in members.items():
        slot = shape.get(name)
        if slot is None:
            yield name, value
        elif value != _NULL:
            yield name, value if slot.record is None else _bare(value, slot.record)
        elif not slot.is_optional:
            yield name, value
