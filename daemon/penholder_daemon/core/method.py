"""One method of the contract, and one call of it.

All there is to know of a method stands on its `Method`, which a room's decorator makes; a call with
checked params is an `Invocation`. Whoever has an `Invocation` needs to check nothing any more of
what can be told from the call alone: method, socket, params. What depends on what is stored is for
the transaction to check (see `execute`).

The same method can have other params on each socket. On a runtime socket the worker that calls is
known, so who acts may be left out, and the seat stands in for a fence. So the decoders are made for
each socket, and what a socket does not take is unknown there as any other name would be.

How a method is carried out is its `Kind`, and it is a kind and not a property of the handler since
everything on the way differs by it: who runs it, on which thread, in which order with the other
calls of its connection, and what becomes of a key.
"""

import enum
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from penholder_daemon.core import access
from penholder_daemon.core.caller import RUNTIME, Caller, SocketKind
from penholder_daemon.core.fence import Arguments, FenceCheck
from penholder_daemon.core.params import Field, Params, signature_fields
from penholder_protocol.errors import Denied, PenholderError
from penholder_protocol.jsonrpc import NO_PARAMS
from penholder_protocol.nouns import Fence
from penholder_protocol.nouns.words import IdempotencyKey

Precheck: TypeAlias = Callable[[Arguments], None]
"""Refuses arguments before anything stored is looked at."""

ResultT = TypeVar("ResultT")


class Kind(enum.Enum):
    """How a method is carried out."""

    MUTATION = "mutation"
    """By the writer, in a transaction."""
    QUERY = "query"
    """By a reader, on a consistent view."""
    WAIT = "wait"
    """As a query, again and again until it is ready or its time is over."""
    CLAIM = "claim"
    """As a mutation, again and again until it got something or its time is over."""
    LOCAL = "local"
    """By the connection itself."""


@dataclass(frozen=True)
class Waiting(Generic[ResultT]):
    """What a wait found: its result, and whether that is worth answering before the timeout.

    While it is not ready, an entry in one of `streams` is a reason to look again, with `go_on` in
    place of those arguments: what was looked through once need not be again. `is_partial` says
    that the look ended for its bound, before the end: the next one follows at once. Of one that
    takes what it finds `others_may_find` says whether there may be something that only others want.
    """

    result: ResultT
    ready: bool
    streams: tuple[str, ...]
    go_on: Arguments = field(default_factory=dict)
    is_partial: bool = False
    others_may_find: bool = False


@dataclass(frozen=True)
class Afterwards(Generic[ResultT]):
    """A local method's result, and what is done once it is kept under the call's key."""

    result: ResultT
    act: Callable[[], None]


class Invocation(msgspec.Struct, eq=False):
    """One call with checked params, on its way to its handler."""

    method: "Method"
    arguments: dict[str, object]
    caller: Caller
    request_id: str | None
    raw_params: bytes
    bare_params: bytes
    """Without what is null in place of being left out: what counts under an idempotency key."""
    fence: Fence | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Method:
    """One method of the contract, or (with no sockets) a mutation that only the daemon makes."""

    name: str
    kind: Kind
    handler: Callable[..., object]
    sockets: tuple[SocketKind, ...]
    errors: tuple[type[PenholderError], ...] = ()
    fence: FenceCheck | None = None
    precheck: Precheck | None = None
    seat: bool = True
    if_lost: str | None = None
    timer: bool = False
    keeps_key: bool = False
    takes_nul: bool = False
    acts: bool = False
    is_bulk: bool = False
    control_only: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def writes(self) -> bool:
        """Whether the writer carries it out."""
        return self.kind in (Kind.MUTATION, Kind.CLAIM)

    @cached_property
    def may_wait(self) -> bool:
        """Whether it may go on until there is something."""
        return self.kind in (Kind.WAIT, Kind.CLAIM)

    @cached_property
    def is_long(self) -> bool:
        """Whether it may take longer than others should wait: it does much, or encloses others."""
        return self.is_bulk or self.name == "tx.apply" or not self.sockets

    @cached_property
    def fields(self) -> list[Field]:
        """The params of the handler itself."""
        return signature_fields(self.handler)

    @cached_property
    def result_type(self) -> object:
        """What is answered, as a type; of a wait what it waits for."""
        hint = get_type_hints(self.handler, include_extras=True)["return"]
        return get_args(hint)[0] if get_origin(hint) in (Waiting, Afterwards) else hint

    @cached_property
    def description(self) -> str:
        """The docstring: a summary line, then more."""
        return inspect.getdoc(self.handler) or ""

    @cached_property
    def _params(self) -> dict[SocketKind, Params]:
        return {socket: self._params_on(socket) for socket in self.sockets}

    def params_on(self, socket: SocketKind) -> Params:
        """Return the params as that socket takes them."""
        return self._params[socket]

    def _params_on(self, socket: SocketKind) -> Params:
        fields = list(self.fields)
        if socket == RUNTIME:
            kept = (each for each in fields if each.name not in self.control_only)
            fields = [access.field_on(socket, each) for each in kept]
        elif self.fence is not None:
            fields.append(Field("fence", Fence | None, None))
        if self.takes_key:
            fields.append(Field("idempotency_key", IdempotencyKey | None, None))
        # What was stored with it when it was still taken can be read.
        takes_nul = self.takes_nul or self.kind in (Kind.QUERY, Kind.WAIT)
        return Params(f"{self.name} on {socket}", fields, takes_nul=takes_nul)

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """The params that a worker may leave out on its own socket, since they say who acts."""
        if RUNTIME not in self.sockets:
            return ()
        return tuple(each.name for each in self.fields if each.name in access.IDENTITY)

    @property
    def takes_key(self) -> bool:
        """Whether an idempotency key may stand beside its params, for its answer to be kept."""
        return self.acts or (self.writes and not self.keeps_key)

    def invoke(self, caller: Caller, params: bytes, request_id: str | None) -> Invocation:
        """Check params for a caller; raises Denied, InvalidParams or ValueTooLarge."""
        if caller.socket not in self.sockets:
            raise Denied(f"{self.name} is not served on a {caller.socket} socket", method=self.name)
        bare, arguments = self._params[caller.socket].read(params)
        fence = arguments.pop("fence", None)
        key = None if self.keeps_key else arguments.pop("idempotency_key", None)
        if caller.worker_id is not None:
            access.fill_in(caller, arguments)
        # Nobody asks for the text of a query's params again; it may be mostly white space.
        is_compared = key is not None or self.writes
        return Invocation(
            self,
            arguments,
            caller,
            request_id,
            params if is_compared else NO_PARAMS,
            bare if is_compared else NO_PARAMS,
            fence if isinstance(fence, Fence) else None,
            key if isinstance(key, str) else None,
        )
