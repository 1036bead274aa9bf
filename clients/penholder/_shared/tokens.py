"""Secrets that the caller makes: the daemon keeps their hash, so its answer can be given again.

Without one, an answer that is lost on its way takes the only copy of its token with it.
"""

import secrets

import msgspec
from msgspec import Raw

_TOKEN_BYTES = 32


def new() -> str:
    """Make a token that nobody guesses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def put(result: Raw, token: str) -> Raw:
    """Return a handle, a claim or a list of claims with its token in; all else stays to the byte.

    Where the daemon is older than this client and made a token of its own, that one stays.
    """
    body = bytes(result)
    if body[:1] == b"[":
        items = msgspec.json.decode(body, type=list[Raw])
        return Raw(msgspec.json.encode([put(item, token) for item in items]))
    if body[:1] != b"{":
        return result
    members = msgspec.json.decode(body, type=dict[str, Raw])
    if members.get("token") == Raw(b"null"):
        members["token"] = Raw(msgspec.json.encode(token))
    for name in ("lease", "items"):
        if name in members:
            members[name] = put(members[name], token)
    return Raw(msgspec.json.encode(members))
