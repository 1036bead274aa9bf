"""Two eras of the protocol, told apart request by request.

Up to 2025-11-25 a connection begins with a handshake, `initialize`, and what was agreed holds from
then on. From 2026-07-28 on there is none: each request has its version and what its client can do
in `_meta`, and each result says what kind it is, who made it and for how long it may be kept. Which
era a request is of is seen by that envelope, so nothing is remembered, and a client that asks
whether the newer era is there, and then shakes hands, is served either way.
"""

import msgspec
from msgspec import UNSET, Raw, UnsetType

from penholder.cli.mcp.messages import INVALID_PARAMS, UNSUPPORTED_VERSION, Body, Refused
from penholder_protocol import __version__

HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
SERVER_INFO = {"name": "penholder", "title": "Penholder", "version": __version__}
_OURS = "io.modelcontextprotocol/"
SUBSCRIPTION_ID = f"{_OURS}subscriptionId"
_HOUR_MS = 3_600_000
_KEPT_MS = {
    "server/discover": _HOUR_MS,
    "tools/list": _HOUR_MS,
    "resources/templates/list": _HOUR_MS,
    "resources/list": 0,
    "resources/read": 0,
}
"""What a client may keep, and how long: what a daemon answers is old at once."""


class _Meta(msgspec.Struct):
    progress_token: str | int | None = msgspec.field(default=None, name="progressToken")
    version: str | UnsetType = msgspec.field(default=UNSET, name=f"{_OURS}protocolVersion")
    capabilities: Raw | UnsetType = msgspec.field(default=UNSET, name=f"{_OURS}clientCapabilities")


class _Params(msgspec.Struct):
    meta: _Meta | None = msgspec.field(default=None, name="_meta")


class Asked(msgspec.Struct, frozen=True):
    """What a request says beside what it asks for."""

    is_modern: bool
    progress_token: str | int | None


_decode = msgspec.json.Decoder(_Params).decode


def read(method: str, params: bytes) -> Asked:
    """Read the envelope; raises Refused where it is a broken one, or of an unknown version."""
    try:
        meta = _decode(params).meta or _Meta()
    except msgspec.ValidationError as wrong:
        raise Refused(INVALID_PARAMS, f"params: {wrong}") from None
    if method == "initialize" or meta.version is UNSET:
        return Asked(False, meta.progress_token)
    if meta.version != MODERN:
        known = {"supported": [MODERN], "requested": meta.version}
        raise Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", known)
    if meta.capabilities is UNSET:
        raise Refused(INVALID_PARAMS, f"params._meta lacks {_OURS}clientCapabilities")
    return Asked(True, meta.progress_token)


def agreed(wanted: str) -> str:
    """Return the version of a handshake: what the client wants, else the newest there is."""
    return wanted if wanted in HANDSHAKES else HANDSHAKES[-1]


def finish(asked: Asked, method: str, body: Body) -> Body:
    """Add to a result what its era wants."""
    if not asked.is_modern:
        return body
    given = body.get("_meta")
    own = given if isinstance(given, dict) else {}
    body = {**body, "resultType": "complete", "_meta": {**own, f"{_OURS}serverInfo": SERVER_INFO}}
    if method in _KEPT_MS:
        body |= {"ttlMs": _KEPT_MS[method], "cacheScope": "private"}
    return body
