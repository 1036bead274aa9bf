"""Lone surrogates: halves of a character that JSON can spell and UTF-8 cannot hold."""

import re

_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair is one character
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",
    re.DOTALL,
)
_REPLACEMENT = rb"\ufffd"


def first_lone(text: bytes) -> str | None:
    """Return the first lone surrogate of a JSON text as it is written there."""
    # Most texts hold none, and two searches tell that faster than one walk over all escapes.
    if b"\\ud" not in text and b"\\uD" not in text:
        return None
    found = (match["lone"] for match in _ESCAPES.finditer(text))
    return next((lone.decode() for lone in found if lone is not None), None)


def replaced(text: bytes) -> bytes:
    """Return a JSON text with U+FFFD in their places, so that the rest of it can be read."""
    return _ESCAPES.sub(lambda match: _REPLACEMENT if match["lone"] else match[0], text)


def explain(lone: str) -> str:
    """Say what is wrong with one."""
    return (
        f"a string holds the lone surrogate {lone}, one half of a character, which is no text;"
        " send both halves or another character"
    )
