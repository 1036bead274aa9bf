"""The ports of local methods: to the connection that carries one out, and to the daemon itself."""

from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

import msgspec
from msgspec import Raw

from penholder_daemon.core.blobs import Blobs, Kept
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.streams import Selection
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_protocol.nouns import Backup, Finding, Subscription

AnswerT = TypeVar("AnswerT")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the shell knows of the running daemon."""

    pid: int
    started_at: str
    host_id: str
    host_name: str
    state_dir: str
    runtime_dir: str
    adapter: Literal["sqlite", "postgresql"]
    store: str
    sqlite_version: str
    schema_version: int
    migration_id: str
    connections: int
    subscriptions: int
    writer_queue: int
    held_bytes: int
    held_bytes_limit: int
    unserved_workers: int
    store_fault: str | None
    wal_bytes: int
    db_bytes: int
    pos: int
    """The position of the newest entry that was told."""


class DaemonOperations(Protocol):
    """The running daemon, as a room sees it."""

    def figures(self) -> Figures:
        """Return the daemon's own figures."""

    def openrpc(self) -> Raw:
        """Return the description of all methods."""

    def config(self) -> Raw:
        """Return the settings in force."""

    def metrics(self, workers: dict[str, int], blobs: Kept | None) -> str:
        """Return all figures for Prometheus, without those that could not be read."""

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage, aside from the readers that answer queries."""

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the database to a new file, verified and synced; keep so many of the default's."""

    def shut_down(self, drain_ms: int) -> None:
        """Have the daemon finish what it has and exit."""


class Session(Protocol):
    """One connection, as a room sees it."""

    @property
    def caller(self) -> Caller:
        """Who is connected."""

    @property
    def world(self) -> World:
        """Time and ids."""

    @property
    def daemon(self) -> DaemonOperations:
        """The daemon itself."""

    @property
    def blobs(self) -> Blobs:
        """Where the caller puts blobs."""

    async def read(self, look: Callable[[Rx], AnswerT]) -> AnswerT:
        """Run a function of a consistent view, on a reader."""

    async def subscribe(
        self, selection: Selection, after: int | None, check: Callable[[Rx], None] | None
    ) -> Subscription:
        """Send entries after a position (None: from now on) until unsubscribed.

        A `check` raises Denied when the caller may read that no more; it is asked of every view
        of the backlog. What ends a right later, WithdrawStream tells.
        """

    def unsubscribe(self, subscription: str) -> bool:
        """End a subscription of this connection; False if there is none."""

    def cancel_wait(self, request_id: int | str) -> bool:
        """Have a wait of this connection answer now; False if there is none."""
