"""What every connection shares: the parts that carry out what peers ask for."""

from dataclasses import dataclass, field
from typing import Protocol

import trio

from penholder_daemon.core.session import DaemonOperations
from penholder_daemon.core.world import World
from penholder_daemon.shell.blobs.keeper import BlobKeeper
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.connections.outbox import Flusher
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.fairness.turns import Turns
from penholder_daemon.shell.observing.counters import Counters
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.store.readers import Readers
from penholder_daemon.shell.store.writer_ports import Writer


class Lingering(Protocol):
    """A connection that somebody has to look at again."""

    def check_patience(self) -> None:
        """End it if its peer has taken too long."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Handed to each connection; made once, when all of it is there."""

    world: World
    """Time and ids."""
    dispatcher: Dispatcher
    """Finds methods and checks params."""
    writer: Writer
    """Takes mutations."""
    readers: Readers
    """Take queries."""
    once: Once
    """Carries local methods out."""
    publisher: Publisher
    """Tells of commits."""
    flusher: Flusher
    """Sends what was answered and told, once for each turn of the loop."""
    accounts: Accounts
    """Count what connections hold."""
    counters: Counters
    """Count what happens."""
    request_log: RequestLog
    """Logs what takes long."""
    blobs: BlobKeeper
    """Puts blobs."""
    operations: DaemonOperations
    """What may be asked of the daemon itself."""
    turns: Turns
    """Say how much of a pipeline is taken at a time; those of the hub, where there is one."""
    lingering: dict[Lingering, None] = field(default_factory=dict)
    """Connections whose peers have begun a frame, or not taken what they are sent.

    A dict in place of a set, whose order is another in each run; nobody looks at all the others.
    """
    one_heavy: trio.Lock = field(default_factory=trio.Lock)
    """Held by the connection that takes a large frame; the others wait, each for its turn."""
