"""What a handler gets: `Rx` to read, `Tx` to write."""

from collections.abc import Callable
from functools import cached_property

import msgspec

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.effects import Effect
from penholder_daemon.core.store import Store
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
        return self.world.now()


class Tx(Rx):
    """One mutation inside the writer's transaction, in a savepoint of its own."""

    def __init__(
        self,
        store: Store,
        world: World,
        caller: Caller,
        request_id: str | None,
        run_call: Callable[["Tx", str, msgspec.Raw], bytes],
    ) -> None:
        """Bind the ports; `run_call` runs another mutation inside this one (tx.apply)."""
        super().__init__(store, world, caller)
        self.request_id = request_id
        self.published: list[Published] = []
        self.effects: list[Effect] = []
        self.holds_secret = False
        """Whether a call inside this one answered a secret, so that the answer is not kept."""
        self._run_call = run_call

    def after_commit(self, effect: Effect) -> None:
        """Have something done outside the database once this is durable."""
        self.effects.append(effect)

    def run_call(self, method: str, params: msgspec.Raw) -> bytes:
        """Run another mutation as a part of this one and return its encoded result."""
        return self._run_call(self, method, params)
