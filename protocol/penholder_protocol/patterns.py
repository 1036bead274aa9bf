"""What texts may be made of: as patterns for those who check, and in words for who is refused.

A pattern is no sentence. So each that can refuse a person's text stands here beside what it means,
and whoever refuses by one says that. msgspec has texts of its own, which show the pattern, and tell
sizes as a program does: `explained` is what becomes of those.
"""

import re

# The look-ahead closes the hole that `$` also matches before a last newline in Python.
ID = r"^[A-Za-z0-9._:\-]+$(?!\n)"
READER = r"^[A-Za-z0-9._:/\-]+$(?!\n)"
URL_SAFE = r"^[A-Za-z0-9_\-]+$(?!\n)"
HOST_NAME = r"^[A-Za-z0-9._-]+$(?!\n)"
BLOB = r"^sha256-[0-9a-f]{64}$(?!\n)"
# The stream name topic:* stands for all of them.
TOPIC = r"^(?!\*$(?!\n))"
# A fraction of a second may be as fine as its clock was.
GIVEN_TIME = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,9})?Z$(?!\n)"
)
ARGUMENT = r"\A[^\0]*\Z"
"""What the kernel takes as a word of a command."""
VARIABLE = r"\A[^=\0]+\Z"
"""What it takes as the name of a variable."""

_CHARACTERS = "made of the characters A-Z a-z 0-9"
_IN_WORDS = {
    ID: f"{_CHARACTERS} . _ : -",
    READER: f"{_CHARACTERS} . _ : / -",
    URL_SAFE: f"{_CHARACTERS} _ -",
    HOST_NAME: "1 to 64 of the characters A-Z a-z 0-9 . _ -",
    BLOB: "sha256- and 64 digits of 0-9 a-f",
    TOPIC: "any text but * alone",
    GIVEN_TIME: "a time in UTC such as 2026-01-31T12:00:00Z",
    ARGUMENT: "a text without U+0000",
    VARIABLE: "the name of a variable, without = and U+0000",
}
_REFUSAL = re.compile(r"^Expected `str(?: \| null)?` matching regex (.+) - at (.+)$", re.DOTALL)
_SIZED = re.compile(
    r"^Expected `(str|array|object)(?: \| null)?` of length ([<>])= ([0-9]+) - at (.+)$", re.DOTALL
)
_PARTS = {"str": "characters", "array": "items", "object": "members"}
_BY_REPR = {repr(pattern): pattern for pattern in _IN_WORDS}


def in_words(pattern: str) -> str:
    """Say what a text must be that a pattern lets pass."""
    return _IN_WORDS.get(pattern, f"a text that matches {pattern}")


def explained(reason: str) -> str:
    """Return a refusal of msgspec's in words: a pattern, a size; any other as it is."""
    found = _REFUSAL.match(reason)
    pattern = None if found is None else _BY_REPR.get(found[1])
    if found is not None and pattern is not None:
        return f"{found[2]} must be {in_words(pattern)}"
    if sized := _SIZED.match(reason):
        return f"{sized[4]} must {_size(sized[1], sized[2], sized[3])}"
    return reason


def _size(kind: str, side: str, length: str) -> str:
    if side == ">" and length == "1":
        return "not be empty"
    return f"have at {'most' if side == '<' else 'least'} {length} {_PARTS[kind]}"
