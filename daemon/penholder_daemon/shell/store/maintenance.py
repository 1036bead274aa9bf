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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import apsw
import trio

from penholder_daemon.core import blobs, journal, verify
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.registry import Registry
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.disk import backups, blob_copies, copying
from penholder_daemon.shell.disk.blob_copies import Holds
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.store.database import ApswStore
from penholder_daemon.shell.store.opening import open_reader
from penholder_protocol.errors import InvalidParams, StoreFailed
from penholder_protocol.limits import MAX_LIST_LIMIT
from penholder_protocol.nouns import Backup, Finding

_MOST_DAMAGES = 100
"""Blobs that a verify names; more say no more."""


class Maintenance:
    """Verifies and copies one database."""

    def __init__(
        self,
        database: Path,
        blobs_dir: Path,
        holds: Holds,
        open_own: Callable[[], ApswStore],
        world: World,
        registry: Registry,
        caller: Caller,
    ) -> None:
        """Work on the files of a running daemon, which removes no blob while one `holds` them.

        `open_own` opens its database for reading; raises StoreFault.
        """
        self._database = database
        self._blobs_dir = blobs_dir
        self._holds = holds
        self._open_own = open_own
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
            self._verify_all, deep, limiter=self._one_verify, abandon_on_cancel=True
        )

    async def backup(self, path: str | None, keep_last: int | None) -> Backup:
        """Copy the database as it stands now to a new file; raises InvalidParams, StoreFailed.

        Without a path it goes to the directory of backups, where all but the newest `keep_last`
        are removed once it is safe.
        """
        target = None if path is None else self._new_place(Path(path))
        if target is not None and keep_last is not None:
            raise InvalidParams(
                "param `keep_last` removes backups from where they go by default; leave `path` out",
                param="keep_last",
            )
        return await trio.to_thread.run_sync(
            self._backup, target, keep_last, limiter=self._one_backup, abandon_on_cancel=True
        )

    def _new_place(self, path: Path) -> Path:
        """Refuse what is there, and names that mean something beside the database or its blobs.

        What is called as one of its logs SQLite would play into it, and delete; what is called as
        a mark of ours keeps the next start from being one; and no blob could be put.
        """
        target, own = _new_file(path), self._database
        parent = target.parent.resolve()
        names = (self._blobs_dir.name, backups.directory_of(own).name)
        is_ours = target.name.startswith(own.name) or target.name in names
        if parent == self._blobs_dir.resolve() or (parent == own.parent.resolve() and is_ours):
            raise InvalidParams(
                f"{target} is the daemon's own to make; choose another name or directory, or leave"
                f" param `path` out, and it goes to {backups.directory_of(own)}",
                param="path",
            )
        return target

    def _verify(self, database: Path, deep: bool) -> list[Finding]:
        with self._reading(database) as store:
            rx = Rx(store, self._world, self._caller)
            return list(verify.findings(rx, self._registry.rooms, deep=deep))

    def _verify_all(self, deep: bool) -> list[Finding]:
        with self._holds.held(), self._reading(self._database) as store:
            rx = Rx(store, self._world, self._caller)
            found = list(verify.findings(rx, self._registry.rooms, deep=deep))
            damages = blob_copies.damages(
                blobs.all_of(rx), self._blobs_dir, self._must_end, deep=deep
            )
            details = islice(damages, _MOST_DAMAGES)
            return [*found, *(Finding(check="bytes_of_blobs", detail=each) for each in details)]

    def _backup(self, target: Path | None, keep_last: int | None) -> Backup:
        # Where its blobs were put, ahead of itself.
        ahead: list[Path] = []
        try:
            target = target or backups.prepare(self._database) / backups.timed("penholder")
            with self._holds.held(), self._reading(self._database) as source:
                check = partial(self._check_copy, target=target, ahead=ahead)
                # Verified as deep as can be: a damaged copy would else be noticed only when it is
                # needed.
                copying.copy_whole(source.connection, target, check, self._must_end)
        except (CopyFailed, StoreFault, apsw.InterruptError) as error:
            for path in ahead:
                blob_copies.remove_beside(path)
            raise StoreFailed(f"the backup failed: {error}; nothing was kept") from error
        try:
            # Asked of the copy, not of the database, which has gone on since.
            size = target.stat().st_size
            pos, blob_bytes = self._ask(target)
        except (OSError, StoreFault) as error:
            raise StoreFailed(f"{target} was made, and is gone or replaced: {error}") from error
        removed = [] if keep_last is None else _remove_old(target, keep_last)
        return Backup(path=str(target), bytes=size, blob_bytes=blob_bytes, pos=pos, removed=removed)

    @contextmanager
    def _reading(self, database: Path) -> Iterator[ApswStore]:
        """Read one view, from now on: BEGIN alone would leave it to the first read to begin it."""
        # A copy has its own damages.
        store = self._open_own() if database == self._database else open_reader(database)
        try:
            store.end_when(self._must_end)
            store.run("BEGIN")
            store.row("SELECT 1 FROM sqlite_schema LIMIT 1")
            yield store
            store.run("COMMIT")
        finally:
            store.close()

    def _check_copy(self, copy: Path, target: Path, ahead: list[Path]) -> None:
        """See that a copy is sound, and put its blobs beside where it will lie."""
        for finding in self._verify(copy, deep=True):
            raise CopyFailed(f"the copy is damaged: {finding.detail}")
        with self._reading(copy) as store:
            named = blobs.all_of(Rx(store, self._world, self._caller))
            blob_ids = (blob_id for blob_id, _ in named)
            blob_copies.keep_beside(target, blob_ids, self._blobs_dir, self._must_end)
            ahead.append(target)

    def _ask(self, database: Path) -> tuple[int, int]:
        """Return up to which position a copy holds everything, and how many bytes of blobs."""
        with self._reading(database) as store:
            rx = Rx(store, self._world, self._caller)
            return journal.position(rx), sum(size for _, size in blobs.all_of(rx))


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
    if not target.name:
        raise InvalidParams(f"{target} is a directory; param `path` names a file", param="path")
    # Also a link that leads nowhere: what has the name is left alone.
    for path in (target, blob_copies.beside(target)):
        if os.path.lexists(path):
            raise InvalidParams(f"{path} is there already; choose a new name", param="path")
    return target


def _remove_old(newest: Path, keep_last: int) -> list[str]:
    try:
        removed = backups.keep_newest(newest, backups.BACKUP, keep_last)
    except OSError as error:
        raise StoreFailed(f"{newest} is safe, but an old backup stays: {error}") from error
    return [str(path) for path in removed[:MAX_LIST_LIMIT]]
