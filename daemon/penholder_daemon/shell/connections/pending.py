"""One open request: under which id it is answered, where the answer goes, what it holds.

What it holds is counted before it is carried out, and counted off when it is answered. It is an
estimate: Python says of one object how large it is, not of all that hangs from it. It must not be
too low where a peer chooses what to send, such as many small members in a list.

What would go on holding memory is let go of early. The frame is not kept, only what was decoded of
it. The sink is given up with the answer, or when the connection is over: a task that was cancelled
lives on until garbage is collected, and with it all that can be reached from it.
"""

from collections.abc import Callable
from sys import getsizeof
from time import perf_counter
from typing import TypeAlias

import msgspec
from msgspec import Raw

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.commit import Answer
from penholder_daemon.core.method import Invocation, Kind
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.fairness.write_queue import WriteJob
from penholder_protocol.jsonrpc import Request

Sink: TypeAlias = Callable[[bytes | None], None]
"""Where an answer goes: onto the wire or into its batch; None answers a notification."""
Written: TypeAlias = "Callable[[Pending, Answer], None]"

_ANY_BYTES = 2 << 10
"""What any request holds beside its params: itself, and its way to the writer and back."""
_TASK_BYTES = 8 << 10
"""The same for one that has a task of its own."""
_SMALL_BYTES = 256
"""Params up to this size are in the above."""
_MEMBER_BYTES = 256
"""What a member of a list or a map in params holds, as an object, beside its text."""


class Pending(WriteJob):
    """A request that is not answered yet; a mutation is on its way to the writer as this, too.

    It is one object from the frame to the answer: each one more that a request is made into costs
    more than what it would be made clearer by.
    """

    __slots__ = ("_written", "held_bytes", "id", "key", "sink")

    # Not called is `WriteJob.__init__`, nor that of `Trace`: two calls more for each request.
    def __init__(
        self, request: Request, caller: Caller, account: Account, sink: Sink, written: Written
    ) -> None:
        """A request has come. Its frame is not kept: it may be padded to many times its worth.

        `written` is called in the loop with what came of it, where the writer has carried it out.
        """
        request_id = self.id = request.id
        self.key: int | str | Pending
        """What rpc.cancel calls it; a notification has no name."""
        if request_id is None:
            self.key, self.request_id = self, None
        elif request_id.isdigit():  # as nearly all are
            self.key, self.request_id = int(request_id), request_id.decode()
        else:
            self.key = msgspec.json.decode(request_id)
            self.request_id = str(self.key)
        self.method = request.method
        self.caller = caller
        self.account = account
        self.sink = sink
        self._written = written
        self.held_bytes = 0
        self.is_wait = False
        self.arrived = self.freed = perf_counter()
        self.begun = self.ended = 0.0

    def done(self, answer: Answer) -> None:
        """Hear what the writer has made of it."""
        self._written(self, answer)

    def let_go(self) -> Sink:
        """Return the sink, and keep it no more.

        What is left of a task that was cancelled or has failed holds its request until garbage is
        collected; the answers of a whole batch must not hang from that.
        """
        sink, self.sink = self.sink, _nowhere
        return sink

    def hold(self, call: Invocation) -> None:
        """Say what is to be carried out, and count what it keeps in memory until it is answered."""
        self.call = call
        method = call.method
        raw_bytes = self.params_bytes = len(call.raw_params)
        self.is_wait = method.may_wait
        is_mutation = method.writes and not self.is_wait
        # Asked last: a member of an enumeration is dear to look up.
        is_small = is_mutation or method.kind is Kind.QUERY
        held = (_ANY_BYTES if is_small else _TASK_BYTES) + raw_bytes
        # Not of small mutations: what their arguments hold is in `_ANY_BYTES`.
        if raw_bytes > _SMALL_BYTES or not is_mutation:
            held += sum(map(_weight, call.arguments.values()))
        self.held_bytes = held
        self.account.hold_params(held)


def _nowhere(_: bytes | None) -> None:
    """Take an answer for nobody."""


def _weight(value: object) -> int:
    """Estimate what an argument holds as an object."""
    if isinstance(value, Raw):
        return len(memoryview(value))  # getsizeof does not know this type: it answers anything
    if isinstance(value, list | dict):
        return getsizeof(value) + _MEMBER_BYTES * len(value)
    return getsizeof(value)
