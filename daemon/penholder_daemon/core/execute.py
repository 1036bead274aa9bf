"""One call, carried out: the checks in their order, the handler, the answer.

Everything stands in the caller's savepoint, and the order of a mutation is fixed here, for all
methods alike:

1. What was done under the idempotency key. It comes before all checks, since what was done was
   done: a caller that sends it again must not hear that it has lost its ownership since.
2. The precheck. It refuses arguments that nothing stored could make right, so that the same wrong
   call is refused alike whatever state things are in.
3. The fence, or on a runtime socket the seat. Either is looked at in the transaction that writes;
   looked at any earlier, another could take over in between.
4. The handler.
5. The answer is encoded, still in the savepoint: one that no frame holds undoes what it is about.
   An answer that could not be sent would leave its caller without knowing what was done.

A mutation can enclose others (`tx.apply`). Each of them goes through the same steps, with a key and
a fence of its own, on the same transaction. So what a call leaves on `Tx` about itself is set anew
for each, and what concerns the whole answer is added up.
"""

import msgspec
from msgspec import Raw

from penholder_daemon.core import idempotency, seats
from penholder_daemon.core.caller import RUNTIME
from penholder_daemon.core.method import Afterwards, Invocation, Waiting
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import ValueTooLarge
from penholder_protocol.limits import MAX_FRAME_BYTES, MAX_RESULT_BYTES

_encode = msgspec.json.Encoder().encode


class Claim(msgspec.Struct, array_like=True):
    """What one try of a `claim` method came to, on its way from the writer to who waits.

    Its result stays as it was encoded: it is answered so, and so it is kept under a key.
    """

    ready: bool
    result: Raw
    streams: tuple[str, ...]
    others_may_find: bool = False
    """Left out by those that were kept under a key before there was this."""

    @property
    def waiting(self) -> Waiting[object]:
        """The same as a wait sees it."""
        return Waiting(self.result, self.ready, self.streams, others_may_find=self.others_may_find)


read_claim = msgspec.json.Decoder(Claim).decode
"""Reads an answer of the writer's to a `claim` method."""


def mutate(tx: Tx, call: Invocation) -> bytes:
    """Carry a mutation out and return its encoded result; raises what refuses it."""
    # Inside a tx.apply the calls before this one may have answered a secret; this one's answer
    # does not hold theirs. And where this one gets nothing, what encloses it did something.
    held_before, tx.holds_secret = tx.holds_secret, False
    tx.is_empty = tx.beside_owner = False
    answer = (
        _act(tx, call) if call.idempotency_key is None else _once(tx, call, call.idempotency_key)
    )
    tx.holds_secret |= held_before
    tx.is_empty = False
    return answer


def _once(tx: Tx, call: Invocation, key: str) -> bytes:
    """Carry a call out, or return what it came to when it was sent under its key before."""
    params_hash = idempotency.canonical_hash(call.bare_params, tx.bare_params)
    answer = idempotency.recall_or_new(tx, call, key, params_hash)
    if answer is None:
        answer = _act(tx, call)
        # Who got nothing and sends the same again wants what there is by then.
        if not tx.is_empty:
            kept = None if tx.holds_secret else answer
            idempotency.remember(tx, call.method.name, key, params_hash, kept)
    return answer


def _act(tx: Tx, call: Invocation) -> bytes:
    method = call.method
    if method.precheck is not None:
        method.precheck(call.arguments)
    if call.caller.socket == RUNTIME:
        if method.seat:
            assert call.caller.worker_id is not None  # a runtime socket is one worker's
            seats.require(tx, call.caller.worker_id)
    elif method.fence is not None:
        method.fence(tx, call.arguments, call.fence)
    result = method.handler(tx, **call.arguments)
    if isinstance(result, Waiting):  # read again as a `Claim`
        found = (result.ready, result.result, result.streams, result.others_may_find)
        return encode_result(found)
    return encode_result(result)


def recall(rx: Rx, call: Invocation, key: str) -> bytes | None:
    """Return what a call of a local method came to when it was sent under its key before."""
    return idempotency.recall(rx, call, key, local_hash(call))


def local_hash(call: Invocation) -> str:
    """Return the hash by which such calls are told apart; none of them has calls inside."""
    return idempotency.canonical_hash(call.bare_params, lambda _, params: params)


def encode_local(result: object) -> bytes:
    """Encode what a local method came to."""
    return encode_result(result.result if isinstance(result, Afterwards) else result)


def finish_local(result: object) -> bytes:
    """Do what a local method left for last, and encode what it came to."""
    body = encode_local(result)
    if isinstance(result, Afterwards):
        result.act()
    return body


def query(rx: Rx, call: Invocation) -> bytes:
    """Carry a query out and return its encoded result."""
    return encode_result(call.method.handler(rx, **call.arguments))


def look(rx: Rx, call: Invocation) -> Waiting[object]:
    """Carry one look of a wait out."""
    found = call.method.handler(rx, **call.arguments)
    assert isinstance(found, Waiting)
    return found


def go_on(call: Invocation, found: Waiting[object]) -> Invocation:
    """Make the call that looks on from where a look of a wait came to."""
    if not found.go_on:
        return call
    return msgspec.structs.replace(call, arguments={**call.arguments, **found.go_on})


def encode_result(result: object) -> bytes:
    """Encode a result; ValueTooLarge (and so a rollback) if its answer would not fit a frame."""
    body = _encode(result)
    if len(body) > MAX_RESULT_BYTES:
        raise ValueTooLarge(
            f"the answer has {len(body)} bytes and would not fit MAX_FRAME_BYTES"
            f" ({MAX_FRAME_BYTES}); ask for less at once",
            limit="MAX_FRAME_BYTES",
            maximum=MAX_FRAME_BYTES,
        )
    return body
