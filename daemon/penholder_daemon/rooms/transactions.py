"""Several mutations as one: all are done or none."""

from typing import Annotated

from msgspec import Meta, Raw

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Tx
from penholder_protocol.errors import MethodNotFound, PenholderError
from penholder_protocol.limits import MAX_TRANSACTION_CALLS
from penholder_protocol.nouns import Applied, Call

room = Room("tx")

Calls = Annotated[list[Call], Meta(min_length=1, max_length=MAX_TRANSACTION_CALLS)]


# The seat is checked by each call, so that one of them may be runtime.attach.
@room.mutation(
    sockets=(CONTROL, RUNTIME),
    seat=False,
    errors=(MethodNotFound,),
    if_lost="look up what its calls did, or pass a `token` of your own in those that give one",
)
def apply(tx: Tx, *, calls: Calls) -> Applied:
    """Carry out several mutations in one transaction, in their order, all or none.

    Each call passes its own fence. The first that fails gives its error, with `details.index`.
    """
    results: list[Raw] = []
    for index, call in enumerate(calls):
        try:
            results.append(Raw(tx.run_call(call.method, bytes(call.params))))
        except PenholderError as refusal:
            # Raised on, not collected: the savepoint of the whole call undoes those before it.
            refusal.details["index"] = index
            raise
    return Applied(results=results)
