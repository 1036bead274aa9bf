"""One mutation of the daemon's own within the transaction in which a store is made ready for it.

What a move or a restore does to rooms is done by rooms: by the daemon's own mutation, through its
own committer. That begins and ends a transaction of its own, which here is a part of the open one.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from penholder_daemon.core import journal, verify
from penholder_daemon.core.commit import Committer
from penholder_daemon.core.method import Invocation
from penholder_daemon.core.own_calls import daemon_call, daemon_caller
from penholder_daemon.core.store import Row, SqlValue, Store, Write
from penholder_daemon.core.store_over import StoreOver
from penholder_daemon.core.transaction import Rx
from penholder_daemon.refusals import Refused
from penholder_daemon.rooms import build_registry
from penholder_daemon.rooms.daemon.records.restoring import Ended
from penholder_daemon.shell.kernel.world import RealWorld
from penholder_daemon.shell.settings import Settings
from penholder_protocol.errors import PenholderError


class LedOn(NamedTuple):
    """What became of a store that goes on from here."""

    pos: int
    """The position up to which it held everything."""
    goes_on_after: int
    ended: Ended


class _Within(StoreOver):
    """A store for a committer: its transaction is a part of the one that is open."""

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement, unless it begins or ends the transaction."""
        if sql == "COMMIT":
            return 0
        return self._store.run(sql, *values)

    def begin_writing(self, known_pos: int | None) -> None:
        """Begin nothing."""
        del known_pos

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these, and commit nothing."""
        del pos
        for sql, rows in writes:
            self._store.run_many(sql, rows)

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row, if any."""
        return self._store.row(sql, *values)

    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows one by one."""
        return self._store.rows(sql, *values)


def lead_on(store: Store, method: str, **arguments: object) -> LedOn:
    """Make a mutation in a transaction that is open; raises Refused where it came out unsound."""
    # No check asks where sockets would be.
    world = RealWorld(Path(), Settings().rules())
    caller = daemon_caller(os.geteuid(), os.getpid())
    registry = build_registry()
    rx = Rx(store, world, caller)
    pos = journal.position(rx)
    bugs: list[Exception] = []

    def keep_bug(_: Invocation | None, bug: Exception) -> None:
        bugs.append(bug)

    committer = Committer(_Within(store), world, registry, keep_bug)
    (answer,) = committer.run([daemon_call(registry.methods[method], caller, arguments)]).answers
    # A bug is answered as an internal error, whose reason only the log of a daemon would have.
    if bugs:
        raise bugs[0]
    if isinstance(answer, PenholderError):
        raise Refused(str(answer))
    for finding in verify.findings(rx, registry.rooms, deep=False):
        raise Refused(f"it would not be sound: {finding.check}: {finding.detail}")
    return LedOn(pos, journal.position(rx), msgspec.json.decode(answer, type=Ended))
