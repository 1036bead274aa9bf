"""The registry: one decorated, keyword-only function per method, and everything made from it.

Its annotations give validation and schema, its docstring help, its decorator says which sockets
serve it, what fence it needs and which errors it can give. A method is added in its room, nowhere
else.
"""

import difflib
import enum
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Raw

from penholder_daemon.core.caller import RUNTIME, Caller, SocketKind
from penholder_daemon.core.fence import Arguments, FenceCheck
from penholder_daemon.core.params import Field, Params, signature_fields
from penholder_daemon.core.transaction import Rx
from penholder_protocol.errors import Denied, MethodNotFound, PenholderError
from penholder_protocol.limits import MAX_TYPE_CHARACTERS
from penholder_protocol.nouns import Fence, Finding
from penholder_protocol.nouns.words import IdempotencyKey, WorkerId

Precheck: TypeAlias = Callable[[Arguments], None]
"""Refuses arguments before anything stored is looked at."""
Check: TypeAlias = Callable[[Rx], Iterator[Finding]]
"""Looks for what must not be in a room's tables."""
Errors: TypeAlias = Sequence[type[PenholderError]]

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])
ResultT = TypeVar("ResultT")
_NO_PARAMS = Raw(b"{}")
_IDENTITY = frozenset({"worker_id", "runner_id"})
"""Params that say who acts: on a runtime socket the worker itself, given or not."""


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
    that the look ended for its bound, before the end: the next one follows at once.
    """

    result: ResultT
    ready: bool
    streams: tuple[str, ...]
    go_on: Arguments = field(default_factory=dict)
    is_partial: bool = False


@dataclass(frozen=True)
class Afterwards(Generic[ResultT]):
    """A local method's result, and what is done once it is kept under the call's key."""

    result: ResultT
    act: Callable[[], None]


@dataclass(frozen=True)
class Invocation:
    """One call with checked params, on its way to its handler."""

    method: "Method"
    arguments: dict[str, object]
    caller: Caller
    request_id: str | None
    raw_params: Raw
    bare_params: Raw
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
            fields = [each for each in fields if each.name not in self.control_only]
            fields = [
                each.with_default(None, WorkerId | None) if each.name in _IDENTITY else each
                for each in fields
            ]
        elif self.fence is not None:
            fields.append(Field("fence", Fence | None, None))
        if self.takes_key:
            fields.append(Field("idempotency_key", IdempotencyKey | None, None))
        # What was stored with it when it was still taken can be read.
        takes_nul = self.takes_nul or self.kind in (Kind.QUERY, Kind.WAIT)
        return Params(f"{self.name} on {socket}", fields, takes_nul=takes_nul)

    @property
    def takes_key(self) -> bool:
        """Whether an idempotency key may stand beside its params, for its answer to be kept."""
        return self.acts or (self.kind in (Kind.MUTATION, Kind.CLAIM) and not self.keeps_key)

    def invoke(self, caller: Caller, params: Raw, request_id: str | None) -> Invocation:
        """Check params for a caller; raises Denied, InvalidParams or ValueTooLarge."""
        if caller.socket not in self.sockets:
            raise Denied(f"{self.name} is not served on a {caller.socket} socket", method=self.name)
        known = self._params[caller.socket]
        bare = known.without_nulls(params)
        arguments = known.decode(bare)
        fence = arguments.pop("fence", None)
        key = None if self.keeps_key else arguments.pop("idempotency_key", None)
        if caller.worker_id is not None:
            for name in _IDENTITY & arguments.keys():
                arguments[name] = _own_worker(caller.worker_id, arguments[name])
        # Nobody asks for the text of a query's params again; it may be mostly white space.
        is_compared = key is not None or self.kind in (Kind.MUTATION, Kind.CLAIM)
        return Invocation(
            method=self,
            arguments=arguments,
            caller=caller,
            request_id=request_id,
            raw_params=params if is_compared else _NO_PARAMS,
            bare_params=bare if is_compared else _NO_PARAMS,
            fence=fence if isinstance(fence, Fence) else None,
            idempotency_key=key if isinstance(key, str) else None,
        )


def _own_worker(own: str, named: object) -> str:
    if named not in (None, own):
        raise Denied(f"this is the runtime socket of {own}; it may not name {named}", worker_id=own)
    return own


class Room:
    """One domain: its methods all begin with its name."""

    def __init__(self, name: str) -> None:
        """Start without methods."""
        self.name = name
        self.methods: list[Method] = []
        self.checks: list[Check] = []

    def check(self, function: Check) -> Check:
        """Register what daemon.verify looks for in the room's tables."""
        self.checks.append(function)
        return function

    def mutation(
        self,
        *,
        sockets: tuple[SocketKind, ...],
        errors: Errors = (),
        fence: FenceCheck | None = None,
        precheck: Precheck | None = None,
        seat: bool = True,
        if_lost: str | None = None,
        timer: bool = False,
        keeps_key: bool = False,
        takes_nul: bool = False,
        is_bulk: bool = False,
        control_only: Iterable[str] = (),
    ) -> Callable[[FunctionT], FunctionT]:
        """Register a function that writes.

        `fence` guards it on the control socket; on the runtime socket the seat does, unless `seat`
        is False. `if_lost` says that its answer may hold a secret, and is then not kept: what can
        who has lost it do? `control_only` names params that the runtime socket does not take.
        `sockets=()` makes it the daemon's own; a `timer` among those is run at the start and when a
        wake-up is due, and answers when it wants to run again. `keeps_key` says that the room
        itself does what an idempotency key asks for: the function takes it as a param. `takes_nul`
        lets U+0000 into its strings, as all that only reads does. `is_bulk` says that it deletes
        many rows with few statements.
        """

        def register(function: FunctionT) -> FunctionT:
            made = Method(
                self._name_of(function),
                Kind.MUTATION,
                function,
                sockets,
                tuple(errors),
                fence=fence,
                precheck=precheck,
                seat=seat,
                if_lost=if_lost,
                timer=timer,
                keeps_key=keeps_key,
                takes_nul=takes_nul,
                is_bulk=is_bulk,
                control_only=frozenset(control_only),
            )
            self.methods.append(made)
            return function

        return register

    def claim(
        self, *, sockets: tuple[SocketKind, ...], if_lost: str, errors: Errors = ()
    ) -> Callable[[FunctionT], FunctionT]:
        """Register a function that writes, answers `Waiting` and takes `timeout_ms`."""
        return self._registrar(Kind.CLAIM, sockets, errors, if_lost)

    def query(
        self, *, sockets: tuple[SocketKind, ...], errors: Errors = ()
    ) -> Callable[[FunctionT], FunctionT]:
        """Register a function that reads."""
        return self._registrar(Kind.QUERY, sockets, errors)

    def wait(
        self, *, sockets: tuple[SocketKind, ...], errors: Errors = ()
    ) -> Callable[[FunctionT], FunctionT]:
        """Register a function that reads, answers `Waiting` and takes `timeout_ms`."""
        return self._registrar(Kind.WAIT, sockets, errors)

    def local(
        self,
        *,
        sockets: tuple[SocketKind, ...],
        errors: Errors = (),
        takes_nul: bool = False,
        acts: bool = False,
    ) -> Callable[[FunctionT], FunctionT]:
        """Register an async function that the connection itself carries out.

        One that `acts` takes an idempotency key, and its answer is kept under it.
        """
        return self._registrar(Kind.LOCAL, sockets, errors, takes_nul=takes_nul, acts=acts)

    def _registrar(
        self,
        kind: Kind,
        sockets: tuple[SocketKind, ...],
        errors: Errors,
        if_lost: str | None = None,
        *,
        takes_nul: bool = False,
        acts: bool = False,
    ) -> Callable[[FunctionT], FunctionT]:
        def register(function: FunctionT) -> FunctionT:
            made = Method(
                self._name_of(function),
                kind,
                function,
                sockets,
                tuple(errors),
                if_lost=if_lost,
                takes_nul=takes_nul,
                acts=acts,
            )
            self.methods.append(made)
            return function

        return register

    def _name_of(self, function: Callable[..., object]) -> str:
        # `list_` is called list: the underscore only keeps the builtin's name free.
        return f"{self.name}.{function.__name__.rstrip('_')}"


class Registry:
    """All methods of all rooms, by name."""

    def __init__(self, rooms: Iterable[Room]) -> None:
        """Collect them; two methods of one name are a mistake."""
        self.rooms = tuple(rooms)
        self.methods: dict[str, Method] = {}
        for room in self.rooms:
            for method in room.methods:
                if method.name in self.methods:
                    raise ValueError(f"two methods are called {method.name}")
                self.methods[method.name] = method

    def require(self, name: str) -> Method:
        """Return a method that a socket serves, or raise MethodNotFound with the nearest name."""
        method = self.methods.get(name)
        if method is None or not method.sockets:
            nearest = self._nearest(name) if len(name) <= MAX_TYPE_CHARACTERS else None
            hint = f"did you mean {nearest}?" if nearest else "rpc.discover lists them all"
            shown = name[:MAX_TYPE_CHARACTERS]
            raise MethodNotFound(f"there is no method {shown!r}; {hint}", method=shown)
        return method

    def _nearest(self, name: str) -> str | None:
        """Return the public method that was probably meant.

        Looked for first among rooms and then in the one room, not among all methods: a peer that
        sends nothing but unknown names must not keep the others waiting.
        """
        room, _, verb = name.partition(".")
        verbs = self._verbs.get(room)
        if verbs is None:
            rooms = difflib.get_close_matches(room, self._verbs, 1)
            if not rooms:
                return None
            room, verbs = rooms[0], self._verbs[rooms[0]]
        found = [verb] if verb in verbs else difflib.get_close_matches(verb, verbs, 1)
        return f"{room}.{found[0]}" if found else None

    @cached_property
    def _verbs(self) -> dict[str, list[str]]:
        """What each room can be asked for."""
        found: dict[str, list[str]] = {}
        for method in self.public:
            room, _, verb = method.name.partition(".")
            found.setdefault(room, []).append(verb)
        return found

    @property
    def public(self) -> list[Method]:
        """The methods that a socket serves, in the order of rooms and of their files."""
        return [method for method in self.methods.values() if method.sockets]
