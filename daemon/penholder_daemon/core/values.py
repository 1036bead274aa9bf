"""JSON values that are stored and never looked into: one checker for size, depth and kind."""

import re
from array import array
from itertools import accumulate

import msgspec
from msgspec import Raw

from penholder_protocol.errors import InvalidParams, ValueTooLarge
from penholder_protocol.limits import MAX_VALUE_BYTES, MAX_VALUE_DEPTH


def compact(value: Raw, name: str, *, must_be_object: bool) -> Raw:
    """Return a JSON value as compact UTF-8.

    Raises InvalidParams if it must be an object and is none, ValueTooLarge past MAX_VALUE_BYTES
    or MAX_VALUE_DEPTH.
    """
    text = bytes(value)
    if must_be_object and text[:1] != b"{":
        raise InvalidParams(f"param `{name}` must be a JSON object", param=name)
    brackets = text.count(b"{") + text.count(b"[")
    if brackets > MAX_VALUE_DEPTH and _is_deeper(text, MAX_VALUE_DEPTH):
        raise _over(name, "MAX_VALUE_DEPTH", MAX_VALUE_DEPTH, "levels deep")
    # These escapes are the only thing that formatting leaves longer than it must be.
    if b"\\u" in text or b"\\/" in text:
        text = msgspec.json.encode(msgspec.json.decode(text))
    else:
        text = msgspec.json.format(text, indent=-1)
    if len(text) > MAX_VALUE_BYTES:
        raise _over(name, "MAX_VALUE_BYTES", MAX_VALUE_BYTES, "bytes")
    return Raw(text)


def bounded(value: object, name: str) -> str:
    """Encode a list or map of plain words as JSON text; ValueTooLarge past MAX_VALUE_BYTES.

    Each word is short, but a thousand of them would make a record that no later answer can hold.
    """
    text = msgspec.json.encode(value)
    if len(text) > MAX_VALUE_BYTES:
        raise _over(name, "MAX_VALUE_BYTES", MAX_VALUE_BYTES, "bytes")
    return text.decode()


def _over(name: str, limit: str, maximum: int, unit: str) -> ValueTooLarge:
    return ValueTooLarge(
        f"param `{name}` is over {limit} ({maximum} {unit})",
        param=name,
        limit=limit,
        maximum=maximum,
    )


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def _is_deeper(text: bytes, most: int) -> bool:
    """Walk up and down with each bracket that is not inside a string, once over the text."""
    steps = array("b", _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKETS))
    return max(accumulate(steps), default=0) > most
