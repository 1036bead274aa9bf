"""JSON values that are stored and never looked into: one checker for size, depth and kind.

The daemon keeps what callers send without knowing what it means, and hands it to whoever reads.
Those are other programs in other languages, so a value must not only be JSON by the grammar; it
must be something that each of them can read. A number of a thousand digits, or one that is no
finite double, breaks most readers, and depth breaks those that recurse. What is accepted once is
answered for ever, so it is refused when it comes.

It is checked and made compact as text (`compact`). Decoding and encoding it again would change what
it says: digits of numbers would be lost. Whole values may be large and there may be many in one
call, so what is dear is done only where a cheap search has found a reason for it: brackets are
counted before depth is walked, digits looked for before numbers are taken apart, and all numbers
are decoded at once before each is looked at by itself. A search may find reasons that are none, in
a string, say; it may never miss one.
"""

import re
from array import array
from itertools import accumulate
from math import isfinite

import msgspec
from msgspec import Raw

from penholder_daemon.core.texts import BACKSLASH, what_is_wrong
from penholder_protocol.errors import InvalidParams, ValueTooLarge
from penholder_protocol.limits import MAX_NUMBER_DIGITS, MAX_VALUE_BYTES, MAX_VALUE_DEPTH

# Made once: to make one takes as long as to read a small value does.
read_members = msgspec.json.Decoder(dict[str, Raw]).decode
"""Reads an object one level deep; what is in it stays as it was written."""
read_items = msgspec.json.Decoder(list[Raw]).decode
"""The same of an array."""


def compact(value: Raw, name: str, *, must_be_object: bool) -> Raw:
    """Return a JSON value as compact UTF-8.

    Raises InvalidParams if it must be an object and is none or for a number that no reader can be
    sure to read, ValueTooLarge past MAX_VALUE_BYTES or MAX_VALUE_DEPTH.
    """
    text = given = bytes(value)
    if must_be_object and text[:1] != b"{":
        raise InvalidParams(f"param `{name}` must be a JSON object", param=name)
    if text in _AS_SHORT_AS_CAN_BE:
        return value
    # Depth first: what comes after walks the value by recursion. What is short or has few brackets
    # cannot be deep, and they are counted faster than walked.
    if len(text) > 2 * MAX_VALUE_DEPTH and _may_be_deep(text) and _is_deeper(text, MAX_VALUE_DEPTH):
        raise too_deep(name)
    digits = text.translate(_DIGITS)
    # Searched as in `Params.read`.
    if digits.find(b"0e") >= 0 or (len(text) >= len(_LONG) and digits.find(_LONG) >= 0):
        _refuse_numbers(text, name)
    try:
        if BACKSLASH in text:
            text = _with_short_escapes(text)
        formatted = msgspec.json.format(text, indent=-1)
    except msgspec.DecodeError as error:
        wrong = what_is_wrong(text, str(error))
        raise InvalidParams(f"param `{name}` is no JSON: {wrong}", param=name) from None
    # Only now: the limit counts what is stored, not how it was spelled.
    if len(formatted) > MAX_VALUE_BYTES:
        raise _over(name, "MAX_VALUE_BYTES", MAX_VALUE_BYTES, "bytes")
    return value if formatted == given else Raw(formatted)


def _may_be_deep(text: bytes) -> bool:
    return text.count(b"{") + text.count(b"[") > MAX_VALUE_DEPTH


def _with_short_escapes(text: bytes) -> bytes:
    """Write these escapes short: formatting leaves them longer than they are."""
    return _ESCAPES.sub(_shortest, text) if b"\\u" in text or b"\\/" in text else text


def _shortest(escapes: re.Match[bytes]) -> bytes:
    """Numbers beside them stay to the digit, which decoding all of the value would not do."""
    if escapes[0] == b"\\/":
        return b"/"
    if not escapes[0].startswith(b"\\u"):
        return escapes[0]
    return msgspec.json.encode(msgspec.json.decode(b'"%b"' % escapes[0], type=str))[1:-1]


def _refuse_numbers(text: bytes, name: str) -> None:
    if _are_plain(text):
        return
    for number in _NUMBER.findall(_STRING.sub(b'""', text)):
        if _has_too_many_digits(number) or not isfinite(float(number)):
            raise InvalidParams(
                f"param `{name}` holds the number {_short(number)}; a number must be finite as a"
                f" double and have at most MAX_NUMBER_DIGITS ({MAX_NUMBER_DIGITS}) digits",
                param=name,
                limit="MAX_NUMBER_DIGITS",
                maximum=MAX_NUMBER_DIGITS,
            )


def _are_plain(text: bytes) -> bool:
    """Tell quickly, of all at once, that none is too large: there may be a hundred thousand."""
    if _LONG in text.translate(_DIGITS):
        return False
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _has_too_many_digits(number: bytes) -> bool:
    is_long = len(number) > MAX_NUMBER_DIGITS
    return is_long and len(re.findall(rb"[0-9]", number)) > MAX_NUMBER_DIGITS


def _short(number: bytes) -> str:
    text = number.decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def bounded(value: object, name: str) -> str:
    """Encode a list or map of plain words as JSON text; ValueTooLarge past MAX_VALUE_BYTES.

    Each word is short, but a thousand of them would make a record that no later answer can hold.
    """
    text = msgspec.json.encode(value)
    if len(text) > MAX_VALUE_BYTES:
        raise _over(name, "MAX_VALUE_BYTES", MAX_VALUE_BYTES, "bytes")
    return text.decode()


def too_deep(name: str) -> ValueTooLarge:
    """Return the error of a value that is past MAX_VALUE_DEPTH."""
    return _over(name, "MAX_VALUE_DEPTH", MAX_VALUE_DEPTH, "levels deep")


def _over(name: str, limit: str, maximum: int, unit: str) -> ValueTooLarge:
    return ValueTooLarge(
        f"param `{name}` is over {limit} ({maximum} {unit})",
        param=name,
        limit=limit,
        maximum=maximum,
    )


_AS_SHORT_AS_CAN_BE = frozenset({b"null", b"{}"})
"""What most optional values are."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
# Escapes beside each other are taken together: two of them may be the halves of one character.
_ESCAPES = re.compile(rb"(?:\\u[0-9a-fA-F]{4})+|\\.")
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_DIGITS = bytes(
    ord("0" if char in b"0123456789." else "e" if char in b"eE" else " ") for char in range(256)
)
"""Leaves digits, points and exponents, each kind as one: what no number that may be too large is
without; strings are full of it, too. A pattern of so many digits would look at each many times."""
_LONG = b"0" * (MAX_NUMBER_DIGITS + 1)
_SHOWN_CHARACTERS = 40
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def _is_deeper(text: bytes, most: int) -> bool:
    """Walk up and down with each bracket that is not inside a string, once over the text."""
    steps = array("b", _STRING.sub(b"", text).translate(_STEPS, _NO_BRACKETS))
    return max(accumulate(steps), default=0) > most
