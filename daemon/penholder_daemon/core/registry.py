"""The registry: one decorated, keyword-only function per method, and everything made from it.

A method has a dozen sides: params, checks, errors, the schema, clients in two languages, a verb of
the command line, a page of the reference. Told in several places they drift apart. So all is told
at the function. Its annotations give validation and schema, its docstring help, its decorator says
which sockets serve it, what fence it needs and which errors it can give. A method is added in its
room, nowhere else; the rest is generated, and what is stale fails a test.

A decorator only notes the function and returns it as it was: a handler stays a plain function of a
transaction. The name on the wire is made of the room's and the function's. Importing a room is what
registers its methods, and `rooms.all_rooms` imports them all by name: no method is there or not by
the order of imports.

Methods that the daemon only calls itself (`sockets=()`) are methods like all others, so that what
falls due is done in the writer's order and journaled as anything is; to peers there are none of
that name.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias, TypeVar

from penholder_daemon.core.caller import SocketKind
from penholder_daemon.core.fence import FenceCheck
from penholder_daemon.core.method import Kind, Method, Precheck
from penholder_daemon.core.transaction import Rx
from penholder_protocol.errors import MethodNotFound, PenholderError
from penholder_protocol.limits import MAX_TYPE_CHARACTERS
from penholder_protocol.nouns import Finding

Check: TypeAlias = Callable[[Rx], Iterator[Finding]]
"""Looks for what must not be in a room's tables."""
Errors: TypeAlias = Sequence[type[PenholderError]]

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])


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
        wake-up is due, and answers when it wants to run again, by CLOCK_BOOTTIME in ms.
        `keeps_key` says that the room itself does what an idempotency key asks for: the function
        takes it as a param. `takes_nul` lets U+0000 into its strings, as all that only reads does.
        `is_bulk` says that it deletes many rows with few statements.
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
            # Of a name that no method can have nothing is near, and comparing costs by its length.
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
