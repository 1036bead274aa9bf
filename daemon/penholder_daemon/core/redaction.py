"""Secrets in what is logged: values of keys that name one are replaced before they are stored.

A key is taken apart into words (`apiKey`, `API_KEY` and `x-api-key` are the same), and it names a
secret by its last word or words. So `access_token` does, and `input_tokens`, `token_count` and
`secret_name` do not.
"""

import re
from functools import lru_cache

import msgspec
from msgspec import Raw

REDACTED = "[redacted]"

_SECRETS = (
    "token",
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "authorization",
    "apikey",
    "apikeys",
    "secret",
    "secrets",
    "secretkey",
    "privatekey",
    "accesskey",
    "signingkey",
    "encryptionkey",
    "credential",
    "credentials",
    "cookie",
)
"""Endings of a key, in lower case and without what divides its words."""
_CARRIERS = ("value", "header", "hash", "text", "plain", "base64")
"""Last words that say how the secret is there, not that it is something else."""
_MAYBE = re.compile(rb"token|passw|passphrase|authorization|key|secret|credential|cookie", re.I)
_DIVIDERS = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_MAX_KNOWN_KEYS = 4096


def redact(value: Raw) -> Raw:
    """Return a JSON value with its secrets replaced, at any depth; else as it is, to the byte."""
    if not _MAYBE.search(bytes(value)):
        return value
    return Raw(msgspec.json.encode(_redacted(value)))


@lru_cache(maxsize=_MAX_KNOWN_KEYS)
def names_secret(key: str) -> bool:
    """Tell whether a key says that its value is a secret."""
    words = [word.lower() for word in _DIVIDERS.split(key) if word]
    while len(words) > 1 and words[-1] in _CARRIERS:
        words.pop()
    return "".join(words).endswith(_SECRETS)


def _redacted(value: Raw) -> object:
    """Look into objects and arrays; what else there is stays as it was written."""
    match bytes(value)[:1]:
        case b"{":
            members = msgspec.json.decode(value, type=dict[str, Raw])
            return {
                key: REDACTED if names_secret(key) else _redacted(inner)
                for key, inner in members.items()
            }
        case b"[":
            return [_redacted(inner) for inner in msgspec.json.decode(value, type=list[Raw])]
        case _:
            return value
