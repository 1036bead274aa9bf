"""Secrets in what is logged: values of keys that name one are replaced before they are stored.

Runners log what tools were called with, and that may hold credentials. A stream is read by many and
kept for long, so what must not be read there must not be stored. The daemon does not know the shape
of what is logged; all it can go by is what things are called. That misses a secret in the middle of
a text, and takes away a few values that are none. So it is a net, and no promise.

A key is taken apart into words (`apiKey`, `API_KEY` and `x-api-key` are the same), and it names a
secret by its last word or words: `access_token` does, `token_count` and `secret_name` do not. Words
that only say how it is there (`token_value`, `password_hash`) are passed over. Tokens are counted
as often as kept: `access_tokens` is a secret where its value holds text, and `input_tokens: 12` is
none. A key may also stand as a value itself, beside its own value: in `{"name": "Authorization",
"value": …}`, and in pairs as lists of headers have them.

Values stay raw JSON on the way, so what is not replaced stays to the byte; decoded and encoded, a
number could come out as another. What holds no such word at all is not looked into: a search over
its bytes (`_MAYBE`) tells so. Escapes are no way around it, since values are compacted before,
which writes `\\u0074oken` as `token`.
"""

import re
from functools import lru_cache

import msgspec
from msgspec import Raw

from penholder_daemon.core.values import read_items, read_members

REDACTED = "[redacted]"

_SECRETS = (
    "token",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passphrases",
    "authorization",
    "authorizations",
    "apikey",
    "apikeys",
    "secret",
    "secrets",
    "secretkey",
    "secretkeys",
    "privatekey",
    "privatekeys",
    "accesskey",
    "accesskeys",
    "signingkey",
    "signingkeys",
    "encryptionkey",
    "encryptionkeys",
    "credential",
    "credentials",
    "cookie",
    "cookies",
)
"""Endings of a key, in lower case and without what divides its words."""
_COUNTED = "tokens"
"""An ending that names secrets or how many of something there are; see the value."""
_NAMING = frozenset({"name", "key", "header", "headername", "field", "variable"})
_VALUES = frozenset({"value", "values", "val", "headervalue"})
"""Keys that say of each other what the one is called and what it is."""
_CARRIERS = ("value", "header", "hash", "text", "plain", "base64")
"""Last words that say how the secret is there, not that it is something else."""
_MAYBE = (
    b"token", b"passw", b"passphrase", b"authorization", b"key", b"secret", b"credential", b"cookie"
)  # fmt: skip
"""In lower case; found one by one, which is many times faster than by a pattern of all."""
_DIVIDERS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_MAX_KNOWN_KEYS = 4096
_LONGEST_NAME_BYTES = 256
"""Longer text is none that names something; a prompt may well end in `the password`. Of a longer
key only the end is looked at and kept: a cache of whole ones would keep gigabytes, for good."""


def redact(value: Raw) -> Raw:
    """Return a JSON value with its secrets replaced, at any depth; else as it is, to the byte."""
    text = bytes(value).lower()
    if not any(word in text for word in _MAYBE):
        return value
    return Raw(msgspec.json.encode(_redacted(value)))


def names_secret(key: str) -> bool:
    """Tell whether a key says that its value is a secret; its last words do."""
    return _ends_in_secret(_end(key))


def _is_counted(key: str) -> bool:
    return _core(_end(key)).endswith(_COUNTED)


def _is_one_of(names: frozenset[str], key: str) -> bool:
    return len(key) <= _LONGEST_NAME_BYTES and _joined(key) in names


def _end(key: str) -> str:
    return key[-_LONGEST_NAME_BYTES:]


def _words(key: str) -> list[str]:
    return [word.lower() for word in _DIVIDERS.split(key) if word]


# --- what is kept of keys, so they are short ones or ends -----------------------------------------
@lru_cache(maxsize=_MAX_KNOWN_KEYS)
def _ends_in_secret(key: str) -> bool:
    return _core(key).endswith(_SECRETS)


@lru_cache(maxsize=_MAX_KNOWN_KEYS)
def _core(key: str) -> str:
    """Join the words of a key, without those that say how its value is there."""
    words = _words(key)
    # The first word stays, whatever it is: a key that is just `value` names nothing.
    while len(words) > 1 and words[-1] in _CARRIERS:
        words.pop()
    return "".join(words)


@lru_cache(maxsize=_MAX_KNOWN_KEYS)
def _joined(key: str) -> str:
    return "".join(_words(key))


# --- values ---------------------------------------------------------------------------------------
def _redacted(value: Raw) -> object:
    """Look into objects and arrays; what else there is stays as it was written."""
    match bytes(value)[:1]:
        case b"{":
            # Of a key that comes twice the last is kept, and it is the one that is judged.
            return _redacted_members(read_members(value))
        case b"[":
            return _redacted_items(read_items(value))
        case _:
            return value


def _redacted_members(members: dict[str, Raw]) -> dict[str, object]:
    is_named = any(_is_one_of(_NAMING, key) and _is_secret_name(members[key]) for key in members)
    return {
        key: REDACTED
        if _is_secret(key, inner) or (is_named and _is_one_of(_VALUES, key))
        else _redacted(inner)
        for key, inner in members.items()
    }


def _redacted_items(items: list[Raw]) -> list[object]:
    """Look into each; in a list of pairs the first of each may name the second."""
    pairs = [_pair(item) for item in items]
    # Only where all items are pairs: two strings beside something else name nothing.
    return [
        _redacted(item)
        if pair is None or None in pairs
        else [pair[0], REDACTED if _is_secret_name(pair[0]) else _redacted(pair[1])]
        for item, pair in zip(items, pairs, strict=True)
    ]


def _pair(item: Raw) -> tuple[Raw, Raw] | None:
    if bytes(item)[:1] != b"[":
        return None
    parts = read_items(item)
    return (parts[0], parts[1]) if len(parts) == 2 and _is_text(parts[0]) else None


def _is_secret(key: str, value: Raw) -> bool:
    return names_secret(key) or (_is_counted(key) and b'"' in bytes(value))


def _is_secret_name(value: Raw) -> bool:
    """Tell whether a value is text that as a key would name a secret."""
    if not _is_text(value) or len(bytes(value)) > _LONGEST_NAME_BYTES:
        return False
    name = msgspec.json.decode(value, type=str)
    return names_secret(name) or _is_counted(name)


def _is_text(value: Raw) -> bool:
    return bytes(value)[:1] == b'"'
