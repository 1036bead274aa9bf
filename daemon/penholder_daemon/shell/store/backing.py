"""What keeps the state: a file of SQLite beside the daemon, or a database of a PostgreSQL.

Nobody but who makes one (`choosing`) knows which it is. What differs is here, and it is little: how
the one connection that writes is had, how those that read are, where the bytes of blobs are, how
long a commit may take the loop, and what may be looked after. Everything else of the daemon works
on these ports.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Protocol, TypeAlias

from penholder_daemon.core.blobs import BlobBytes
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.commit import Answer, BatchOutcome, Committer
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import Store
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.store.pace import Pace
from penholder_daemon.shell.store.shm_gate import ShmGate
from penholder_daemon.shell.store.writer_ports import Hub
from penholder_protocol.nouns import Backup, Finding

MakeCommitter: TypeAlias = Callable[[Store], Committer]


class HostCalls(NamedTuple):
    """The daemon's own calls by which its host is one of several."""

    join: Invocation
    """Registers it, or says why it cannot be."""
    carry_out: Invocation
    """Takes what others have left for it."""
    settle_history: Callable[..., Invocation]
    """Has the store go on under an `identity`, with a `known_pos` that was committed."""


class Clock(Protocol):
    """How long a query may take."""

    @property
    def budget_ms(self) -> int:
        """The time of a statement."""

    def must_end(self) -> bool:
        """Whether its time is over."""

    def end(self) -> None:
        """Note that it was ended, by whom ever."""


class ReadingStore(Store, Protocol):
    """A connection that only reads."""

    def obey(self, clock: Clock) -> None:
        """Have every query ended, with an error, when its time is over."""

    def close(self) -> None:
        """Close the connection."""


class WritingConnection(Protocol):
    """The one connection that writes, with its committer."""

    @property
    def progressed_at(self) -> float:
        """When it last got on with something, or was not the one to be waited for."""

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment; None if nothing is known to be wrong."""

    @property
    def checkpoint_is_due(self) -> bool:
        """Whether something waits that may take long."""

    def run(
        self,
        batch: Iterable[Invocation],
        answered: Callable[[Answer], None],
        heard_ms: int | None = None,
        *,
        waits: bool = True,
    ) -> BatchOutcome:
        """Commit a batch as `Committer.run` does, or refuse it; StoreBusy unless it `waits`."""

    def watch(self, hub: Hub, act: Callable[[], object]) -> None:
        """Have something done once when `is_hinted` may tell of something; in the loop.

        To be asked for whenever the loop has the store and nothing to do with it.
        """

    def is_hinted(self) -> bool:
        """Whether `heartbeat` would find that others have written, as far as was heard."""

    def in_loop(self, act: Callable[[], None], hub: Hub) -> None:
        """Do something with it in the loop, which goes on where the store is waited for long.

        Then it is not done when this returns, and goes on by itself.
        """

    def heartbeat(self) -> BatchOutcome:
        """Do what is to be done when nobody writes."""

    def checkpoint(self) -> None:
        """Do what waits, after answers have gone out; raises StoreFault."""

    def hurry(self) -> None:
        """Have nobody wait for long any more: the daemon ends. From any thread."""

    def close(self) -> None:
        """Close the connection."""


class Upkeep(Protocol):
    """Long work on the state, beside its service."""

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage and broken invariants in a consistent view."""

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the state as it stands now."""

    def stop(self) -> None:
        """End what is underway."""


class StoreFigures(NamedTuple):
    """What keeps the state, what that is called, and how large it is."""

    adapter: Literal["sqlite", "postgresql"]
    name: str
    db_bytes: int
    wal_bytes: int


class Backing(Protocol):
    """What keeps the state of one run."""

    gate: ShmGate
    is_shared: bool
    """Whether daemons of other machines may keep their state in it, too."""

    @property
    def blob_bytes(self) -> BlobBytes:
        """Where the bytes of blobs are."""

    def make_pace(self) -> Pace:
        """Say, of commit after commit, whether the next one may be made in the loop."""

    def open_writer(
        self, make_committer: MakeCommitter, world: World, host_calls: HostCalls
    ) -> WritingConnection:
        """Open it for writing, made and upgraded if need be; raises UnusableDatabase."""

    def open_reader(self) -> ReadingStore:
        """Open it for reading only; raises StoreFault."""

    def make_upkeep(self, holds: Holds, world: World, registry: Registry, caller: Caller) -> Upkeep:
        """Make who looks after it; no blob is removed while somebody `holds` them."""

    def figures(self) -> StoreFigures:
        """Return what is known of it at once."""

    def close(self) -> None:
        """Let go of what nobody has opened for himself."""
