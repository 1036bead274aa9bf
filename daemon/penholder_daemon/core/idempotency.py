"""Exactly once, if the caller asks: answers kept under (who, method, key).

The key is looked up before the fence: what was done was done. Only what succeeded is kept; a
refusal is decided anew. An answer that holds a secret is never kept, only that it was given.
"""

import hashlib

import msgspec

from penholder_daemon.core import durations
from penholder_daemon.core.transaction import Tx
from penholder_protocol.errors import IdempotencyConflict, IdempotencyNotKept, InvalidParams
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS

_BESIDE_THE_PARAMS = ("idempotency_key", "fence")


def canonical_hash(params: msgspec.Raw) -> str:
    """Return the SHA-256 of params as canonical JSON: sorted, without fence and key.

    The same goes for the params of each call of a tx.apply: who sends it again after a takeover
    has another fence, and what was done was done.
    """
    members = _members(params)
    calls = members.get("calls")
    nested = (
        [call.get("params") for call in calls if isinstance(call, dict)]
        if isinstance(calls, list)
        else []
    )
    for each in (members, *nested):
        for name in _BESIDE_THE_PARAMS:
            if isinstance(each, dict):
                each.pop(name, None)
    return _hash(members)


def payload_hash(payload: msgspec.Raw) -> str:
    """Return the SHA-256 of a JSON object in the same form, as commands and tasks tell it."""
    return _hash(_members(payload))


def _members(value: msgspec.Raw) -> dict[str, object]:
    """Raise InvalidParams for what is JSON but has no canonical form here: 1e999, say."""
    try:
        members: dict[str, object] = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParams(f"the params cannot be compared under a key: {error}") from None
    return members


def _hash(members: dict[str, object]) -> str:
    return hashlib.sha256(msgspec.json.encode(members, order="sorted")).hexdigest()


def recall(tx: Tx, method: str, key: str, params_hash: str) -> bytes | None:
    """Return the answer that was given under this key, or None if it is new.

    Raises IdempotencyConflict for other params, IdempotencyNotKept if the answer was secret.
    """
    row = tx.store.row(
        "SELECT params_hash, answer FROM idempotency WHERE scope = ? AND method = ? AND key = ?",
        tx.caller.scope,
        method,
        key,
    )
    if row is None:
        return None
    if row[0] != params_hash:
        raise IdempotencyConflict(
            f"key {key!r} of {method} was used with other params; use a new key for a new call",
            method=method,
            idempotency_key=key,
        )
    if row[1] is None:
        raise IdempotencyNotKept(
            f"{method} under key {key!r} was done, but its answer held a secret;"
            " acquire with takeover to get a new one",
            method=method,
            idempotency_key=key,
        )
    assert isinstance(row[1], bytes)
    return row[1]


def remember(tx: Tx, method: str, key: str, params_hash: str, answer: bytes | None) -> None:
    """Keep an answer (None: it was secret) in the transaction that gives it."""
    tx.store.run(
        "INSERT INTO idempotency (scope, method, key, params_hash, answer, kept_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        tx.caller.scope,
        method,
        key,
        params_hash,
        answer,
        durations.age_now(tx.world),
    )


def forget_old(tx: Tx, most: int) -> int:
    """Delete answers past their retention, some at a time; returns how many."""
    return tx.store.run(
        "DELETE FROM idempotency WHERE (scope, method, key) IN"
        " (SELECT scope, method, key FROM idempotency WHERE kept_ms < ? LIMIT ?)",
        durations.age_now(tx.world) - IDEMPOTENCY_RETENTION_MS,
        most,
    )
