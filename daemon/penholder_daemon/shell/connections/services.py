"""What every connection shares."""

from typing import Protocol

import trio
from msgspec import Raw

from penholder_daemon.core.session import Figures
from penholder_daemon.core.world import World
from penholder_daemon.shell.connections.dispatch import Dispatcher
from penholder_daemon.shell.connections.once import Once
from penholder_daemon.shell.fairness.accounts import Accounts
from penholder_daemon.shell.observing.counters import Tally
from penholder_daemon.shell.observing.request_log import RequestLog
from penholder_daemon.shell.publishing.publisher import Publisher
from penholder_daemon.shell.store.maintenance import Maintenance
from penholder_daemon.shell.store.readers import Reading
from penholder_daemon.shell.store.writer import Writer


class Services(Protocol):
    """The house, as a connection sees it."""

    @property
    def world(self) -> World:
        """Time and ids."""

    @property
    def dispatcher(self) -> Dispatcher:
        """Finds methods and checks params."""

    @property
    def writer(self) -> Writer:
        """Takes mutations."""

    @property
    def readers(self) -> Reading:
        """Take queries."""

    @property
    def accounts(self) -> Accounts:
        """Count what connections hold."""

    @property
    def publisher(self) -> Publisher:
        """Tells of commits."""

    @property
    def one_heavy(self) -> trio.Lock:
        """Held by the connection that takes a large frame; the others wait, each for its turn."""

    @property
    def once(self) -> Once:
        """Carries local methods out."""

    def figures(self) -> Figures:
        """Return the daemon's figures."""

    @property
    def tally(self) -> Tally:
        """Counts what happens."""

    @property
    def request_log(self) -> RequestLog:
        """Logs what takes long."""

    @property
    def maintenance(self) -> Maintenance:
        """Verifies and backs up."""

    def config(self) -> Raw:
        """Return the settings in force."""

    def metrics(self, workers: dict[str, int]) -> str:
        """Return all figures for Prometheus."""

    def openrpc(self) -> Raw:
        """Return the description of all methods."""

    def shut_down(self, drain_ms: int) -> None:
        """Begin to stop."""
