"""What a room sees of one connection, and the subscriptions that it has."""

from collections.abc import Callable, Sequence
from itertools import count
from typing import TypeVar

from penholder_daemon.core import history
from penholder_daemon.core.blobs import Blobs
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.history import Break
from penholder_daemon.core.session import DaemonOperations
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.connections.outbox import Spawn
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.fairness.desks import Desk
from penholder_daemon.shell.publishing.subscriptions import LiveSubscription, Subscriber, held_bytes
from penholder_daemon.shell.store.readers import read
from penholder_protocol.errors import TooManySubscriptions
from penholder_protocol.limits import MAX_CONNECTION_BYTES, MAX_SUBSCRIPTIONS
from penholder_protocol.nouns import Subscription

T = TypeVar("T")


class PeerSession:
    """Implements `Session`."""

    def __init__(
        self,
        caller: Caller,
        services: Services,
        desk: Desk,
        subscriber: Subscriber,
        spawn: Spawn,
        cancel_wait: Callable[[int | str], bool],
    ) -> None:
        """Speak for one connection, without subscriptions at first."""
        self.caller = caller
        self._services = services
        self._desk = desk
        self._subscriber = subscriber
        self._spawn = spawn
        self._cancel_wait = cancel_wait
        self._subscriptions: dict[str, LiveSubscription] = {}
        self._numbers = count(1)

    @property
    def world(self) -> World:
        """Time and ids."""
        return self._services.world

    @property
    def daemon(self) -> DaemonOperations:
        """The daemon itself."""
        return self._services.operations

    @property
    def blobs(self) -> Blobs:
        """Where the caller puts blobs."""
        return self._services.blobs.of(self.caller)

    async def read(self, look: Callable[[Rx], T]) -> T:
        """Run a function of a consistent view."""
        return await read(self._desk, self.caller, look)

    # --- subscriptions ------------------------------------------------------------------------
    async def subscribe(
        self, selection: Selection, after: int | None, check: Callable[[Rx], None] | None
    ) -> Subscription:
        """Start a subscription; without `after` and `check` it is live at once."""
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise _too_many("MAX_SUBSCRIPTIONS", MAX_SUBSCRIPTIONS)
        account = self._desk.account
        if account.subscribed_bytes + held_bytes(selection) > MAX_CONNECTION_BYTES:
            raise _too_many("MAX_CONNECTION_BYTES", MAX_CONNECTION_BYTES)
        # Counted before it begins: at every commit each of them costs, and its names stay in
        # memory.
        account.hold_subscribed(held_bytes(selection))
        publisher = self._services.publisher
        start = publisher.pos if after is None else after
        name = f"sub_{next(self._numbers)}"
        subscription = LiveSubscription(name, selection, start, self._subscriber, publisher, check)
        self._subscriptions[name] = subscription
        # From now on without a backlog: live in this very turn, in which nothing can be published.
        if after is None and check is None:
            subscription.go_live()
        else:
            self._spawn(subscription.catch_up, self._desk)
        return Subscription(subscription=name, pos=start)

    def unsubscribe(self, subscription: str) -> bool:
        """End a subscription."""
        found = self._subscriptions.get(subscription)
        if found is not None:
            found.end()
            self.forget(found)
        return found is not None

    def forget(self, subscription: LiveSubscription) -> None:
        """Note that a subscription has ended by itself."""
        if self._subscriptions.pop(subscription.name, None) is not None:
            self._desk.account.hold_subscribed(-held_bytes(subscription.selection))

    def withdraw(self, stream: str) -> None:
        """End the subscriptions that name a stream which the peer may read no more."""
        # A copy: who is let go leaves the dict meanwhile.
        for subscription in list(self._subscriptions.values()):
            if stream in subscription.selection.exact:
                subscription.let_go()

    def end_lost_cursors(self, breaks: Sequence[Break]) -> None:
        """End the subscriptions whose peer was told of what has become of no history."""
        for subscription in list(self._subscriptions.values()):
            if history.is_within(breaks, subscription.cursor):
                subscription.let_go()

    def let_subscriptions_go(self) -> None:
        """End all, and tell each after which position to subscribe again."""
        for subscription in list(self._subscriptions.values()):
            subscription.let_go()

    def end_subscriptions(self) -> None:
        """End all, and tell nobody."""
        for subscription in list(self._subscriptions.values()):
            subscription.end()
            self.forget(subscription)

    @property
    def subscription_count(self) -> int:
        """How many there are."""
        return len(self._subscriptions)

    def cancel_wait(self, request_id: int | str) -> bool:
        """Have a wait answer now."""
        return self._cancel_wait(request_id)


def _too_many(limit: str, maximum: int) -> TooManySubscriptions:
    return TooManySubscriptions(
        f"the subscriptions of this connection come to {limit} ({maximum}); end one first",
        limit=limit,
        maximum=maximum,
    )
