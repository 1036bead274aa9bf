"""Long work on the database beside its service: verifying and backing up, each in a thread.

Each opens a read-only connection of its own, so neither the writer nor the readers wait. A long
look keeps the write-ahead log from being reset meanwhile; it grows until the look is over.
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
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.shell.database import ApswStore, open_reader
from penholder_protocol.errors import InvalidParams, StoreFailed
from penholder_protocol.nouns import Backup, Finding

_BACKUP_PAGES = 1000


class Maintenance:
    """Verifies and copies one database."""

    def __init__(self, database: Path, world: World, registry: Registry, caller: Caller) -> None:
        """Work on the file of a running daemon."""
        self._database = database
        self._world = world
        self._registry = registry
        self._caller = caller
        self._one_at_a_time = trio.CapacityLimiter(1)

    async def verify(self, *, deep: bool) -> list[Finding]:
        """Look for damage and broken invariants in a consistent view."""
        return await trio.to_thread.run_sync(
            self._verify, self._database, deep, limiter=self._one_at_a_time
        )

    async def backup(self, path: str) -> Backup:
        """Copy the database as it stands now to a new file; raises InvalidParams, StoreFailed."""
        target = Path(path)
        self._refuse(target)
        return await trio.to_thread.run_sync(self._backup, target, limiter=self._one_at_a_time)

    def _refuse(self, target: Path) -> None:
        if not target.is_absolute():
            raise InvalidParams(f"param `path` must be absolute, {target} is not", param="path")
        if not target.parent.is_dir():
            raise InvalidParams(f"there is no directory {target.parent}", param="path")
        if os.path.lexists(target):
            raise InvalidParams(f"{target} is there already; choose a new name", param="path")

    def _verify(self, database: Path, deep: bool) -> list[Finding]:
        with _reading(database) as store:
            rx = Rx(store, self._world, self._caller)
            return list(verify.findings(rx, self._registry.rooms, deep=deep))

    def _backup(self, target: Path) -> Backup:
        partial = target.with_name(f".{target.name}.partial")
        try:
            _make_private(partial)
            with _reading(self._database) as source:
                _copy(source.connection, partial)
            damaged = self._verify(partial, deep=True)
            if damaged:
                raise StoreFailed(f"the copy is damaged: {damaged[0].detail}; it was not kept")
            pos = self._position(partial)
            _sync(partial)
            # A link never replaces a file that came meanwhile, a rename would.
            os.link(partial, target)
            _sync(target.parent)
        except (OSError, apsw.Error) as error:
            raise StoreFailed(f"the backup failed: {error}; nothing was kept") from error
        finally:
            partial.unlink(missing_ok=True)
        return Backup(path=str(target), bytes=target.stat().st_size, pos=pos)

    def _position(self, database: Path) -> int:
        with _reading(database) as store:
            return journal.position(Rx(store, self._world, self._caller))


@contextmanager
def _reading(database: Path) -> Iterator[ApswStore]:
    store = open_reader(database)
    try:
        store.run("BEGIN")
        yield store
        store.run("COMMIT")
    finally:
        store.close()


def _make_private(path: Path) -> None:
    """Make an empty file that is nobody else's before anything is in it."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(path, flags, 0o600))


def _copy(source: apsw.Connection, target: Path) -> None:
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_BACKUP_PAGES)
        # A single file is easier to carry than one with a log beside it.
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()
    finally:
        copy.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
