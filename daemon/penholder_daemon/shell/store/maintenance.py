"""Long work on the database beside its service: verifying and backing up, each in a thread.

Either takes as long as the database is large. In the writer it would hold up every commit, and as a
query it would be ended by its budget. So each opens a read-only connection of its own, in one of
trio's threads, and neither the writer nor the readers wait.

Each works on one view, however much is written meanwhile. A backup over a connection that sees new
commits begins anew at each of them, and beside steady appends never ends. The price of the view is
the log: until the look is over it can be moved up to the view only, and not begin anew. It grows
meanwhile, and shrinks afterwards. One of each kind is made at a time.

A thread cannot be cancelled. A stop says so (`stop`), and two places ask: SQLite within a statement
and the copying between two steps. A call whose waiter is gone goes on to its end and is told to
nobody.

A backup is acknowledged when it was verified, synced and has its name (`copying`); only then are
older ones removed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import trio

from penholder_daemon.core import journal, verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk import backups, copying
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.store.database import ApswStore
from penholder_daemon.shell.store.opening import open_reader
from penholder_protocol.errors import InvalidParams, StoreFailed
from penholder_protocol.limits import MAX_LIST_LIMIT
from penholder_protocol.nouns import Backup, Finding


class Maintenance:
    """Verifies and copies one database."""

    def __init__(self, database: Path, world: World, registry: Registry, caller: Caller) -> None:
        """Work on the file of a running daemon."""
        self._database = database
        self._world = world
        self._registry = registry
        self._caller = caller
        self._one_verify = trio.CapacityLimiter(1)
        # Never two: `backups.prepare` takes an unfinished copy for one that a crash has cut off.
        self._one_backup = trio.CapacityLimiter(1)
        self._is_stopping = False

    def stop(self) -> None:
        """End what is underway: the daemon stops, and a thread cannot be left behind."""
        self._is_stopping = True

    def _must_end(self) -> bool:
        return self._is_stopping

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage and broken invariants in a consistent view."""
        # Abandoned: the waiter need not stay for a thread that ends in its own time.
        return await trio.to_thread.run_sync(
            self._verify, self._database, deep, limiter=self._one_verify, abandon_on_cancel=True
        )

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the database as it stands now to a new file; raises InvalidParams, StoreFailed.

        Without a path it goes to the directory of backups, where all but the newest `keep_last`
        are removed once it is safe.
        """
        target = None if path is None else _new_file(Path(path))
        if target is not None and keep_last is not None:
            raise InvalidParams(
                "param `keep_last` removes backups from where they go by default; leave `path` out",
                param="keep_last",
            )
        return await trio.to_thread.run_sync(
            self._backup, target, keep_last, limiter=self._one_backup, abandon_on_cancel=True
        )

    def _verify(self, database: Path, deep: bool) -> list[Finding]:
        with self._reading(database) as store:
            rx = Rx(store, self._world, self._caller)
            return list(verify.findings(rx, self._registry.rooms, deep=deep))

    def _backup(self, target: Path | None, keep_last: int | None) -> Backup:
        try:
            target = target or backups.prepare(self._database) / backups.timed("penholder")
            with self._reading(self._database) as source:
                # Verified as deep as can be: a damaged copy would else be noticed only when it is
                # needed.
                copying.copy_whole(source.connection, target, self._check_copy, self._must_end)
        except (CopyFailed, StoreFault, apsw.InterruptError) as error:
            raise StoreFailed(f"the backup failed: {error}; nothing was kept") from error
        try:
            # Asked of the copy, not of the database, which has gone on since.
            size, pos = target.stat().st_size, self._position(target)
        except (OSError, StoreFault) as error:
            raise StoreFailed(f"{target} was made, and is gone or replaced: {error}") from error
        removed = [] if keep_last is None else _remove_old(target, keep_last)
        return Backup(path=str(target), bytes=size, pos=pos, removed=removed)

    @contextmanager
    def _reading(self, database: Path) -> Iterator[ApswStore]:
        """Read one view, from now on: BEGIN alone would leave it to the first read to begin it."""
        store = open_reader(database)
        try:
            store.end_when(self._must_end)
            store.run("BEGIN")
            store.row("SELECT 1 FROM sqlite_schema LIMIT 1")
            yield store
            store.run("COMMIT")
        finally:
            store.close()

    def _check_copy(self, copy: Path) -> None:
        for finding in self._verify(copy, deep=True):
            raise CopyFailed(f"the copy is damaged: {finding.detail}")

    def _position(self, database: Path) -> int:
        with self._reading(database) as store:
            return journal.position(Rx(store, self._world, self._caller))


def _new_file(target: Path) -> Path:
    if not target.is_absolute():
        raise InvalidParams(f"param `path` must be absolute, {target} is not", param="path")
    try:
        is_there = target.parent.is_dir()
    except OSError as error:
        raise InvalidParams(
            f"the directory of param `path` cannot be looked at: {error.strerror}", param="path"
        ) from error
    if not is_there:
        raise InvalidParams(f"there is no directory {target.parent}", param="path")
    # Also a link that leads nowhere: what has the name is left alone.
    if os.path.lexists(target):
        raise InvalidParams(f"{target} is there already; choose a new name", param="path")
    return target


def _remove_old(newest: Path, keep_last: int) -> list[str]:
    try:
        removed = backups.keep_newest(newest.parent, backups.BACKUP, keep_last)
    except OSError as error:
        raise StoreFailed(f"{newest} is safe, but an old backup stays: {error}") from error
    return [str(path) for path in removed[:MAX_LIST_LIMIT]]
