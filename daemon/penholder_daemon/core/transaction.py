"""What a handler gets: `Rx` to read, `Tx` to write.

A handler is a function of one of them and its params, and reaches nothing else: what it needs of
the outside comes through `World` and `Store`. So it can be run in memory, replayed from a seed, and
judged by what it left behind.

`Rx` is one consistent view, for one call of one caller. Nothing is cached in it but the time, which
is the same however often it is asked: two fields of a record that say now must agree.

`Tx` is one mutation in a transaction. What it wants outside of the database it can only leave on
itself, as entries (`published`) and effects. If it is refused both are thrown away with what it
wrote, so nobody hears of what did not happen. Marks about the call (`holds_secret`, `beside_owner`,
`is_empty`) say what `execute` must know of it beside its answer.
"""

from functools import cached_property
from typing import Protocol

import msgspec

from penholder_daemon.core import elsewhere
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.effects import Effect
from penholder_daemon.core.ledger import Ledger
from penholder_daemon.core.store import SqlValue, Store
from penholder_daemon.core.world import World
from penholder_protocol.nouns import Entry


class Published(msgspec.Struct, frozen=True):
    """A committed entry on its way to subscribers; `parent` is its stream's parent stream."""

    entry: Entry
    parent: str | None


class Rx:
    """A consistent view of the database for one call of one caller."""

    def __init__(self, store: Store, world: World, caller: Caller) -> None:
        """Bind the ports and the caller."""
        self.store = store
        self.world = world
        self.caller = caller
        self.heard_ms: int | None = None
        """When a call was heard that had to wait, by CLOCK_MONOTONIC; None: just now."""

    @cached_property
    def now(self) -> str:
        """The time of this call; the same however often it is asked."""
        return self._tell_time()

    def _tell_time(self) -> str:
        return self.world.now()


class Tx(Rx):
    """One mutation inside the writer's transaction; `begin` makes it the next one.

    One object serves all mutations of a batch, one after another: it is their time, which is the
    same for all of them, and what they leave for afterwards.
    """

    def __init__(
        self, store: Store, world: World, caller: Caller, ledger: Ledger, calls: "Calls"
    ) -> None:
        """Bind the ports; `calls` runs other mutations inside this one (tx.apply)."""
        super().__init__(store, world, caller)
        self.ledger = ledger
        self.published: list[Published] = []
        self.effects: list[Effect] = []
        self._calls = calls
        self.age_ms: int | None = None
        """The present on the scale of ages, as `durations.age_of` has found it."""
        self.begin(store, caller, None)

    def _tell_time(self) -> str:
        # As the server told it under the lock: nothing that is committed later is of an earlier
        # time, over whichever host. Carried on by a clock of this host, it might be.
        server_ms = self.store.server_ms
        return super()._tell_time() if server_ms is None else self.world.time_from_ms(server_ms)

    def begin(self, store: Store, caller: Caller, request_id: str | None) -> None:
        """Begin the next mutation of the batch."""
        self.store = store
        self.caller = caller
        self.request_id = request_id
        self.counted: dict[tuple[str, tuple[SqlValue, ...]], int] = {}
        """Rows of kinds that are limited, as `room_left` has counted them; at least so many."""
        self.holds_secret = False
        """Whether a call inside this one answered a secret, so that the answer is not kept."""
        self.beside_owner = False
        """Whether this call left the fence out, though its subject has an owner; entries say so."""
        self.is_empty = False
        """Whether this call got nothing: sent again it is to try again, not to hear the same."""
        self.is_marked = False
        """Whether it stores already where the clocks stand."""
        self._entries_before = len(self.published)
        self._effects_before = len(self.effects)

    def undo(self) -> None:
        """Leave nothing of this mutation for afterwards."""
        del self.published[self._entries_before :]
        del self.effects[self._effects_before :]

    def after_commit(self, effect: Effect) -> None:
        """Have something done outside the database once this is durable."""
        if elsewhere.leave(self.store, self.world.host_id, effect):
            self.effects.append(effect)

    def new_secret(self) -> str:
        """Make a token that the answer of this call will hold."""
        self.holds_secret = True
        return self.world.new_token()

    def run_call(self, method: str, params: bytes) -> bytes:
        """Run another mutation as a part of this one and return its encoded result."""
        return self._calls.run_call(self, method, params)

    def bare_params(self, method: str, params: bytes) -> bytes:
        """Return params of another mutation without nulls that stand for nothing."""
        return self._calls.bare_params(self.caller, method, params)


class Calls(Protocol):
    """The port through which one mutation runs others, and knows their params."""

    def run_call(self, tx: Tx, name: str, params: bytes) -> bytes:
        """Run a mutation inside another and return its encoded result."""

    def bare_params(self, caller: Caller, name: str, params: bytes) -> bytes:
        """Return its params without nulls that stand for nothing; of no method as they are."""
