"""Secrets that the caller makes: the daemon keeps their hash, so its answer can be given again.

An answer with a secret cannot be kept under its idempotency key: tokens are stored as hashes only,
and whoever reads the database must find none. So when it was lost on its way, the only copy of its
token was lost with it: a claim that nobody holds until its lease ends, or an epoch.

A secret that the caller brings is nothing that the answer must hold. The daemon answers without it,
keeps that answer as any other, and gives it again. Here the token is put back to where the daemon
would have shown its own, so a program finds it in the same place.
"""

import msgspec
from msgspec import Raw

_TOKEN_BYTES = 32


def new() -> str:
    """Make a token that nobody guesses."""
    # It brings hashes and more, which every command of the command line would pay for.
    import secrets  # noqa: PLC0415 - see above

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
    # Null, and not left out: a daemon that knows nothing of this has made one, which must stay.
    if members.get("token") == Raw(b"null"):
        members["token"] = Raw(msgspec.json.encode(token))
    for name in ("lease", "items"):
        if name in members:
            members[name] = put(members[name], token)
    return Raw(msgspec.json.encode(members))
