"""Penholder's own database while no daemon runs: one transaction, kept only if all is well.

What is moved in was never checked by a room, and may be half of what somebody believes it to be. So
nothing of it is kept before all of it is there: rows go in within one transaction, then everything
is looked at that `daemon.verify` knows, and only then it is committed. Whoever is interrupted has
the database as it was. A dry run does just the same and rolls back, so it finds what a run would.
Only an older schema is upgraded before all of this, as whenever the database is opened to write.

The database still has one writer: the directory's lock is the daemon's, so neither can begin while
the other is there.

Rows are known by their ids, so the same import twice adds nothing. A row that is there is compared
column by column: the same content is counted as present, other content is a conflict that names
what differs, and nothing is moved. Overwriting would lose what was done here since; keeping both is
not possible, since ids are what others refer to.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import apsw

from penholder_daemon import programs
from penholder_daemon.core import verify
from penholder_daemon.core.caller import CONTROL, Caller
from penholder_daemon.core.store import SqlValue
from penholder_daemon.core.transaction import Rx
from penholder_daemon.refusals import Conflict, Refused
from penholder_daemon.rooms import all_rooms
from penholder_daemon.shell.disk.lock import DirectoryLock
from penholder_daemon.shell.disk.paths import Paths
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.settings import Settings
from penholder_daemon.shell.store.database import WriterStore
from penholder_daemon.shell.store.opening import open_writer

Columns: TypeAlias = dict[str, SqlValue]
"""What a row holds, by column."""
_SHOWN_CHARACTERS = 60
_SECRET = frozenset({"token_hash"})


class Target:
    """Where rows go, and how many of them were new."""

    def __init__(self, store: WriterStore) -> None:
        """Write through one store, inside its open transaction."""
        self.store = store
        self.added: Counter[str] = Counter()
        self.present: Counter[str] = Counter()

    def put(self, table: str, key: tuple[str, ...], row: Mapping[str, SqlValue]) -> None:
        """Add a row unless it is there already; raises Conflict if another one is."""
        condition = " AND ".join(f"{column} = ?" for column in key)
        found = self.store.row(
            f"SELECT {', '.join(row)} FROM {table} WHERE {condition}",
            *(row[column] for column in key),
        )
        if found is None:
            self.insert(table, key, row)
            self.added[table] += 1
        else:
            refuse_other(named(table, key, row), row, found)
            self.present[table] += 1

    def insert(self, table: str, key: tuple[str, ...], row: Mapping[str, SqlValue]) -> None:
        """Add a row; raises Conflict if another one stands in its way."""
        marks = ", ".join("?" * len(row))
        try:
            self.store.run(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values()
            )
        # `put` looks its key up before; any other unique column may be taken, too.
        except apsw.ConstraintError as error:
            raise Conflict(f"{named(table, key, row)} cannot be added: {error}") from error

    def check(self) -> None:
        """Refuse what breaks an invariant that daemon.verify knows; raises Refused."""
        # No check asks where sockets would be.
        world = RealWorld(Path(), Settings().rules())
        rx = Rx(self.store, world, Caller(CONTROL, os.geteuid(), os.getpid()))
        for finding in verify.findings(rx, all_rooms(), deep=False):
            raise Refused(f"it would not be sound: {finding.check}: {finding.detail}")


def named(table: str, key: tuple[str, ...], row: Mapping[str, SqlValue]) -> str:
    """Name a row for people, such as `worker 'w_1'`."""
    noun = {"state_entries": "state entry"}.get(table, table.removesuffix("s"))
    return f"{noun} {' of '.join(repr(row[column]) for column in key)}"


def refuse_other(name: str, row: Mapping[str, SqlValue], found: tuple[SqlValue, ...]) -> None:
    """Raise Conflict if what was found is not the row, saying in which columns."""
    pairs = zip(row.items(), found, strict=True)
    # Of a secret only the column is named: a message is read by more than the database.
    differing = [
        column if column in _SECRET else f"{column} is {_short(here)} here, {_short(there)} there"
        for (column, there), here in pairs
        if there != here
    ]
    if differing:
        raise Conflict(f"{name} is here already with other content: {'; '.join(differing)}")


def _short(value: SqlValue) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


@contextmanager
def opened(state_dir: Path, *, dry_run: bool) -> Iterator[Target]:
    """Open the database for one transaction; it is committed if the block ends without exception.

    A dry run rolls back, and makes no database where there is none. Raises AlreadyRunning while a
    daemon serves the directory, and Refused where its state is in another store.
    """
    paths = Paths(state_dir, state_dir)
    # Else what is empty, or of before a move, would be taken for all there is.
    programs.require_own_store(state_dir)
    with ExitStack() as held:
        # Nothing is locked for a database in memory, and no directory is made.
        if dry_run and not paths.database.exists():
            store = open_writer(Path(":memory:"))
        else:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            held.callback(DirectoryLock(state_dir).release)
            store = open_writer(paths.database)
        held.callback(store.close)
        store.run("BEGIN IMMEDIATE")
        # A child may come before its parent, so references are looked at in the end.
        store.run("PRAGMA defer_foreign_keys = ON")
        target = Target(store)
        try:
            yield target
            store.run("ROLLBACK" if dry_run else "COMMIT")
        finally:
            if store.in_transaction:
                store.run("ROLLBACK")
