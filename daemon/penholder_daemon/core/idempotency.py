"""Exactly once, if the caller asks: answers kept under (who, method, key).

The key is looked up before the fence: what was done was done. Only what succeeded is kept; a
refusal is decided anew. An answer that holds a secret is never kept, only that it was given.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from penholder_daemon.core import durations
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import IdempotencyConflict, IdempotencyNotKept, InvalidParams
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS

T = TypeVar("T")
_BESIDE_THE_PARAMS = ("idempotency_key", "fence", "timeout_ms")
_BESIDE_BEFORE = ("idempotency_key", "fence")

BareParams: TypeAlias = Callable[[str, Raw], Raw]
"""Takes the nulls that stand for nothing out of the params of a method."""


class _Call(msgspec.Struct):
    """A call of a tx.apply, whatever is beside it."""

    method: str
    params: Raw = Raw(b"{}")


def canonical_hash(params: Raw, bare_params: BareParams) -> str:
    """Return the SHA-256 of bare params as canonical JSON: sorted, without fence, key and time.

    The same goes for the params of each call of a tx.apply: who sends it again after a takeover
    has another fence, and what was done was done. A wait that is sent again has less time left.
    """
    members = _members(params)
    if "calls" in members:
        calls = _decoded(params, _Applied).calls
        members["calls"] = [
            {"method": each.method, "params": _without(_BESIDE_THE_PARAMS, bare_params, each)}
            for each in calls
        ]
    for name in _BESIDE_THE_PARAMS:
        members.pop(name, None)
    return _hash(members)


class _Applied(msgspec.Struct):
    calls: list[_Call]


def _without(beside: Sequence[str], bare_params: BareParams, call: _Call) -> dict[str, object]:
    members = _members(bare_params(call.method, call.params))
    return {name: value for name, value in members.items() if name not in beside}


def hash_before(params: Raw) -> str:
    """Return the hash as releases before 0.2 made it: with nulls. It is taken until it ages out."""
    members = _members(params)
    calls = members.get("calls")
    nested = (
        [call.get("params") for call in calls if isinstance(call, dict)]
        if isinstance(calls, list)
        else []
    )
    for each in (members, *nested):
        for name in _BESIDE_BEFORE:
            if isinstance(each, dict):
                each.pop(name, None)
    return _hash(members)


def payload_hash(payload: Raw) -> str:
    """Return the SHA-256 of a JSON object in the same form, as commands and tasks tell it."""
    return _hash(_members(payload))


def _members(value: Raw) -> dict[str, object]:
    return _decoded(value, dict[str, object])


def _decoded(value: Raw, kind: type[T]) -> T:
    """Raise InvalidParams for what is JSON but has no canonical form here: 1e999, say."""
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParams(f"the params cannot be compared under a key: {error}") from None


def _hash(members: dict[str, object]) -> str:
    return hashlib.sha256(msgspec.json.encode(members, order="sorted")).hexdigest()


def recall(rx: Rx, call: Invocation, key: str, params_hash: str) -> bytes | None:
    """Return the answer that was given under this key, or None if it is new.

    Raises IdempotencyConflict for other params, IdempotencyNotKept if the answer was secret.
    """
    method = call.method
    row = rx.store.row(
        "SELECT params_hash, answer FROM idempotency WHERE scope = ? AND method = ? AND key = ?",
        rx.caller.scope,
        method.name,
        key,
    )
    if row is None:
        return None
    if row[0] != params_hash and row[0] != hash_before(call.raw_params):
        raise IdempotencyConflict(
            f"key {key!r} of {method.name} was used with other params;"
            " use a new key for a new call",
            method=method.name,
            idempotency_key=key,
        )
    if row[1] is None:
        raise IdempotencyNotKept(
            f"{method.name} under key {key!r} was done, but its answer held a secret, so it was not"
            f" kept; {method.if_lost}",
            method=method.name,
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
