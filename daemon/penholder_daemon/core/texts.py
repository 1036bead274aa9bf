"""Characters that strings in params may not hold, and how a refusal names them."""

from typing import get_args

import msgspec
from msgspec import Meta

from penholder_protocol import surrogates

BACKSLASH = ord("\\")
MAYBE_NUL = b"\\u0000"
"""How U+0000 is written in JSON, the only way; after another backslash it is something else."""


def what_is_wrong(text: bytes, reason: str) -> str:
    """Say why a text cannot be decoded: of a lone surrogate the decoder says something else."""
    lone = surrogates.first_lone(text)
    return reason if lone is None else surrogates.explain(lone)


def holds_nul(value: object, hint: object = None) -> bool:
    """Tell whether a decoded param holds U+0000 in a string where its type does not allow it."""
    if _allows_any(hint):
        return False
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(holds_nul, value))
    if isinstance(value, dict):
        return any(holds_nul(key) or holds_nul(inner) for key, inner in value.items())
    if isinstance(value, msgspec.Struct):
        return any(map(holds_nul, msgspec.structs.astuple(value)))
    return False


def _allows_any(hint: object) -> bool:
    """Look for the mark of such a type in an annotation, be it optional."""
    if isinstance(hint, Meta):
        return bool((hint.extra or {}).get("takes_nul"))
    return any(map(_allows_any, (*get_args(hint), *getattr(hint, "__metadata__", ()))))
