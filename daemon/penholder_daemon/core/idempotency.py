"""Exactly once, if the caller asks: answers kept under (who, method, key).

A caller whose answer was lost on its way cannot tell whether its call was done. Sent again it may
be done twice; not sent again, perhaps never. So a call can carry a key. The answer is kept in the
transaction that makes it true (`remember`), and who sends the key again gets the same answer, also
after a restart. An answer that is kept anywhere else could be there without the deed, or not. Only
a local method has no such transaction: its answer is kept by a mutation of the daemon's own.

What is asked, and in which order:

- The key is looked up before the fence, the seat and any state: what was done was done, even if the
  caller has lost its ownership since, or what it wrote to is gone.
- Only what succeeded is kept. A refusal is decided anew: it may be about what has changed since.
  What got nothing (`Tx.is_empty`) is not kept either, so that the call tries again.
- A key is for one call. So the params are kept as a hash beside it, and another hash is a conflict,
  not a second deed and not the first one's answer. What may differ though it is the same call is
  left out of the hash: the fence, which is another one after a takeover, the time that a wait has
  left, and nulls that stand for what was left out. A default that is spelled out is another call.
- An answer that holds a secret is never kept, only that it was given: whoever reads the database
  must find no secret. A caller that brings its own token has an answer without one (`claims`).

Keys count by the caller's uid or worker, not by its process: who sends again has perhaps restarted.
They are forgotten by age, on a scale that no jump of the wall clock moves. From then on the same
key does the same thing once more; seven days is how long a caller can be away.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import msgspec
from msgspec import Raw

from penholder_daemon.core import durations, kept_answers
from penholder_daemon.core.kept_answers import Kept
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import IdempotencyConflict, IdempotencyNotKept, InvalidParams
from penholder_protocol.limits import IDEMPOTENCY_RETENTION_MS

T = TypeVar("T")
_BESIDE_THE_PARAMS = ("idempotency_key", "fence", "timeout_ms")
_BESIDE_BEFORE = ("idempotency_key", "fence")

BareParams: TypeAlias = Callable[[str, bytes], bytes]
"""Takes the nulls that stand for nothing out of the params of a method."""


class _Call(msgspec.Struct):
    """A call of a tx.apply, whatever is beside it."""

    method: str
    params: Raw = Raw(b"{}")


def canonical_hash(params: bytes, bare_params: BareParams) -> str:
    """Return the SHA-256 of bare params as canonical JSON: sorted, without fence, key and time.

    The same goes for the params of each call of a tx.apply: who sends it again after a takeover
    has another fence, and what was done was done. A wait that is sent again has less time left.
    """
    members = _members(params)
    if "calls" in members:
        calls = _decoded(params, _read_applied).calls
        # Made anew of these two members, so that what stands beside them is not compared.
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
    members = _members(bare_params(call.method, bytes(call.params)))
    return {name: value for name, value in members.items() if name not in beside}


def hash_before(params: bytes) -> str:
    """Return the hash as earlier programs made it: with nulls. It is taken until it ages out."""
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


def _members(value: bytes | Raw) -> dict[str, object]:
    return _decoded(value, _read_members)


# Each made once: to make one takes as long as to read such params does.
_read_members = msgspec.json.Decoder(dict[str, object]).decode
_read_applied = msgspec.json.Decoder(_Applied).decode


def _decoded(value: bytes | Raw, decode: Callable[[bytes | Raw], T]) -> T:
    """Raise InvalidParams for what is JSON but has no canonical form here: 1e999, say."""
    try:
        return decode(value)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParams(f"the params cannot be compared under a key: {error}") from None


def _hash(members: dict[str, object]) -> str:
    return hashlib.sha256(msgspec.json.encode(members, order="sorted")).hexdigest()


def recall(rx: Rx, call: Invocation, key: str, params_hash: str) -> bytes | None:
    """Return the answer that was given under this key, or None if it is new.

    Raises IdempotencyConflict for other params, IdempotencyNotKept if the answer was secret.
    """
    kept = kept_answers.find(rx.store, (rx.caller.scope, call.method.name, key))
    return None if kept is None else _answer(call, key, params_hash, kept)


def recall_or_new(tx: Tx, call: Invocation, key: str, params_hash: str) -> bytes | None:
    """Do the same within a transaction, whose own answers need not be written yet."""
    kept = tx.ledger.kept((tx.caller.scope, call.method.name, key))
    return None if kept is None else _answer(call, key, params_hash, kept)


def _answer(call: Invocation, key: str, params_hash: str, kept: Kept) -> bytes:
    method = call.method
    kept_hash, answer = kept
    # The older hash is made only where the newer one differs, so that it costs nobody anything.
    if kept_hash != params_hash and kept_hash != hash_before(call.raw_params):
        raise IdempotencyConflict(
            f"key {key!r} of {method.name} was used with other params;"
            " use a new key for a new call",
            method=method.name,
            idempotency_key=key,
        )
    if answer is None:
        raise IdempotencyNotKept(
            f"{method.name} under key {key!r} was done, but its answer held a secret, so it was not"
            f" kept; {method.if_lost}",
            method=method.name,
            idempotency_key=key,
        )
    return answer


def remember(tx: Tx, method: str, key: str, params_hash: str, answer: bytes | None) -> None:
    """Keep an answer (None: it was secret) in the transaction that gives it."""
    tx.ledger.keep((tx.caller.scope, method, key), (params_hash, answer), durations.age_of(tx))


def forget_old(tx: Tx, most: int) -> int:
    """Delete answers past their retention, some at a time; returns how many."""
    before_ms = durations.age_now(tx.world) - IDEMPOTENCY_RETENTION_MS
    return kept_answers.forget(tx.store, before_ms, most)
