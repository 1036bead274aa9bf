"""Verifying what is in PostgreSQL, and why it is not copied from here.

Pages, indexes and references are the server's to keep sound, and its own tools look after them and
copy them. What is looked at here is what no server knows: whether what the rooms promise of their
rows holds, and whether every blob has its bytes.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice

import trio

from penholder_daemon.core import blobs, verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.store.postgres.beside import PostgresReader
from penholder_daemon.shell.store.postgres.blobs import PIECE_BYTES, PostgresBlobs
from penholder_protocol.errors import StoreFailed
from penholder_protocol.nouns import Backup, Finding

_MOST_DAMAGES = 100
_NO_BACKUP = (
    "the state is in PostgreSQL, which has tools of its own to copy it (pg_dump, pg_basebackup, an"
    " archive of its log); blobs are in it, too"
)


class _UntilStopped:
    """A clock of what may take as long as it takes."""

    budget_ms = 0

    def __init__(self) -> None:
        self.is_stopping = False

    def must_end(self) -> bool:
        return self.is_stopping

    def end(self) -> None:
        """Nobody asks."""


class PostgresUpkeep:
    """Implements `Upkeep`."""

    def __init__(
        self,
        open_reader: Callable[[], PostgresReader],
        bytes_: PostgresBlobs,
        holds: Holds,
        world: World,
        registry: Registry,
        caller: Caller,
    ) -> None:
        """Look through a connection of its own, while nobody removes a blob (`holds`)."""
        self._open_reader = open_reader
        self._bytes = bytes_
        self._holds = holds
        self._world = world
        self._registry = registry
        self._caller = caller
        self._clock = _UntilStopped()
        self._one_verify = trio.CapacityLimiter(1)

    def stop(self) -> None:
        """End what is underway: the daemon stops, and a thread cannot be left behind."""
        self._clock.is_stopping = True

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for broken invariants in a consistent view, and for blobs without bytes."""
        return await trio.to_thread.run_sync(
            self._verify, deep, limiter=self._one_verify, abandon_on_cancel=True
        )

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Refuse: the server's own tools do that."""
        del path, keep_last
        raise StoreFailed(_NO_BACKUP, reason=_NO_BACKUP)

    def _verify(self, deep: bool) -> list[Finding]:
        with self._holds.held(), closing(self._open_reader()) as store:
            store.obey(self._clock)
            store.run("BEGIN")
            rx = Rx(store, self._world, self._caller)
            found = list(verify.findings(rx, self._registry.rooms, deep=deep))
            details = islice(self._damages(rx, deep=deep), _MOST_DAMAGES)
            found += [Finding(check="bytes_of_blobs", detail=each) for each in details]
            store.run("COMMIT")
        return found

    def _damages(self, rx: Rx, *, deep: bool) -> Iterator[str]:
        for blob_id, size in blobs.all_of(rx):
            damage = self._damage_of(blob_id, size, deep=deep)
            # Another host, which knows of no look that is underway, may have removed it meanwhile.
            if damage is not None and self._bytes.has_row(blob_id):
                yield f"blob {blob_id} {damage}"
            if self._clock.must_end():
                raise StoreFault("the daemon stops")

    def _damage_of(self, blob_id: str, size: int, *, deep: bool) -> str | None:
        there = self._bytes.size_of(blob_id)
        if there is None:
            return "has no bytes"
        if there != size:
            return f"has {there} bytes, not {size}"
        if deep and not self._is_whole(blob_id, size):
            return "has other bytes than its name says"
        return None

    def _is_whole(self, blob_id: str, size: int) -> bool:
        found = hashlib.sha256()
        for at in range(0, size, PIECE_BYTES):
            found.update(self._bytes.read(blob_id, at, PIECE_BYTES) or b"")
        return f"sha256-{found.hexdigest()}" == blob_id
