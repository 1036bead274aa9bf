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
from typing import TypeAlias

import msgspec
from msgspec import Raw

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.method import Invocation, Kind
from penholder_daemon.shell.fairness.accounts import Account
from penholder_daemon.shell.observing.request_log import Trace
from penholder_protocol.jsonrpc import Request

Sink: TypeAlias = Callable[[bytes | None], None]
"""Where an answer goes: onto the wire or into its batch; None answers a notification."""

_ANY_BYTES = 2 << 10
"""What any request holds beside its params: itself, and its way to the writer and back."""
_TASK_BYTES = 8 << 10
"""The same for one that has a task of its own."""
_SMALL_BYTES = 256
"""Params up to this size are in the above."""
_MEMBER_BYTES = 256
"""What a member of a list or a map in params holds, as an object, beside its text."""


class Pending:
    """A request that is not answered yet."""

    __slots__ = ("held_bytes", "id", "key", "sink", "trace")

    def __init__(self, request: Request, caller: Caller, sink: Sink) -> None:
        """A request has come. Its frame is not kept: it may be padded to many times its worth."""
        self.id = request.id
        named = _name(request.id)
        self.key: int | str | Pending = self if named is None else named
        """What rpc.cancel calls it; a notification has no name."""
        self.sink = sink
        self.held_bytes = 0
        text = None if named is None else str(named)
        self.trace = Trace(request.method, text, caller.pid, caller.worker_id)

    def let_go(self) -> Sink:
        """Return the sink, and keep it no more.

        What is left of a task that was cancelled or has failed holds its request until garbage is
        collected; the answers of a whole batch must not hang from that.
        """
        sink, self.sink = self.sink, _nowhere
        return sink

    def hold(self, call: Invocation, account: Account) -> None:
        """Count what the call keeps in memory until it is answered."""
        kind = call.method.kind
        raw_bytes = len(memoryview(call.raw_params))
        if kind is Kind.MUTATION:
            self.held_bytes = _ANY_BYTES + raw_bytes
        else:
            self.trace.is_wait = kind is Kind.WAIT or kind is Kind.CLAIM
            self.held_bytes = (_ANY_BYTES if kind is Kind.QUERY else _TASK_BYTES) + raw_bytes
        # Not of small mutations: what their arguments hold is in `_ANY_BYTES`.
        if raw_bytes > _SMALL_BYTES or kind is not Kind.MUTATION:
            self.held_bytes += sum(map(_weight, call.arguments.values()))
        account.hold_params(self.held_bytes)


def _name(request_id: bytes | None) -> int | str | None:
    if request_id is None:
        return None
    if request_id.isdigit():  # as nearly all are
        return int(request_id)
    name: int | str = msgspec.json.decode(request_id)
    return name


def _nowhere(_: bytes | None) -> None:
    """Take an answer for nobody."""


def _weight(value: object) -> int:
    """Estimate what an argument holds as an object."""
    if isinstance(value, Raw):
        return len(memoryview(value))  # getsizeof does not know this type: it answers anything
    if isinstance(value, list | dict):
        return getsizeof(value) + _MEMBER_BYTES * len(value)
    return getsizeof(value)
