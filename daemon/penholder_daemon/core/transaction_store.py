"""The store as the mutations of a transaction see it: rows are true before any SQL.

Three things make the common call cheap, and none of them may be seen. What is asked at every call
is answered from memory (`Mirror`). What is only added waits for the end of the batch (`Ledger`).
And a savepoint, which costs as much as two statements, is made where a call first runs a statement
that it might have to take back; most calls that are refused, and the common call that succeeds,
come to none.

All SQL of a transaction passes here, and each statement is known by what it touches. Before one
that writes, or reads what the ledger holds, the neighbours' rows are written, the savepoint is
made, and the call's own rows are written: so a refusal takes back the call's, and theirs stay.

What anybody commits beside this store, over this connection or another, would make the mirror
wrong. SQLite counts commits: where a transaction begins with another number than the last one ended
with, all is forgotten (`begin`). A server's store says what others have done, so that what they
have not changed is still held.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from penholder_daemon.core import ledger
from penholder_daemon.core.ledger import Ledger
from penholder_daemon.core.mirror import Mirror
from penholder_daemon.core.store import Known, Row, Since, SqlValue, Store, StoreFault
from penholder_daemon.core.store_over import StoreOver

T = TypeVar("T")
_MOST_STATEMENTS = 4096
"""Texts that are known; those made for so many values each could be any number."""


@dataclass(frozen=True)
class _Statement:
    """What is to be done before a statement runs."""

    must_settle: bool
    changes_held: bool
    """Whether what the ledger holds may be another after it."""
    dependants: tuple[Known[object], ...]


class TransactionStore(StoreOver):
    """Implements `Store` for the mutations of one transaction after another."""

    def __init__(self, store: Store) -> None:
        """Begin with nothing known of what is stored."""
        super().__init__(store)
        self._mirror = Mirror(store)
        self.known = self._mirror.get  # type: ignore[method-assign]  # without a call more
        self.ledger = Ledger(store, self._mirror, self._open_stream)
        self._statements: dict[str, _Statement] = {}
        self._known_then = 0
        self._is_in_call = self._has_savepoint = False
        self._changed_rows: int | None = None
        """What the store has told of it; None once a statement has run since."""
        self._version_then = store.data_version
        self._changed_then: int | None = None

    # --- a transaction ------------------------------------------------------------------------
    def begin(self) -> None:
        """Begin a transaction."""
        self._changed_rows = None
        since = self._store.begin_writing(self.ledger.position)
        if self._store.data_version != self._version_then:
            self._follow(since)
        if since is not None:
            self._changed_then = since.changed
            for known, row in since.found:
                self._mirror.put(known, row)

    def _follow(self, since: Since | None) -> None:
        """Others have committed: hold what they have not changed, or nothing."""
        is_same = since is not None and since.changed == self._changed_then
        if since is None or since.heads is None or not is_same:
            self._forget()
        else:
            self.ledger.follow(since.pos, since.heads)

    def commit(self) -> None:
        """Write what waits, and make all of it durable."""
        self.ledger.commit()
        self._mirror.trim()
        self._version_then = self._store.data_version

    def roll_back(self) -> None:
        """Take the whole transaction back, if it is still there."""
        self.lose()
        if self._store.in_transaction:
            self._store.run("ROLLBACK")

    def roll_back_at_server(self) -> None:
        """Take it back where a server does so by itself, should the connection be lost."""
        with suppress(StoreFault):
            self.roll_back()

    def lose(self) -> None:
        """The transaction is lost: nothing waits and nothing is known any more."""
        self._is_in_call = False
        self._forget()

    def _forget(self) -> None:
        self.ledger.forget()
        self._mirror.clear()

    # --- a call -------------------------------------------------------------------------------
    def begin_call(self) -> None:
        """A call begins; `end_call` or `undo_call` ends it."""
        self._is_in_call = True
        self._has_savepoint = False
        self.ledger.mark()

    def end_call(self) -> None:
        """What the call did stays."""
        self._is_in_call = False
        if self._has_savepoint:
            self._store.run("RELEASE request")

    def undo_call(self) -> None:
        """Take back what the call did."""
        self._is_in_call = False
        if self._has_savepoint:
            # What it read of its own rows must not outlive them; its neighbours' are written.
            self._forget()
            self._store.run("ROLLBACK TO request")
            self._store.run("RELEASE request")
        else:
            self.ledger.undo()

    @property
    def is_open(self) -> bool:
        """Whether the transaction can still be committed."""
        return self._store.in_transaction and not self.ledger.is_torn

    # --- statements ---------------------------------------------------------------------------
    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows one by one."""
        self._prepare(sql, values)
        yield from self._store.rows(sql, *values)

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row, if any."""
        self._prepare(sql, values)
        return self._store.row(sql, *values)

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement to its end and return how many rows it changed."""
        self._prepare(sql, values)
        return self._store.run(sql, *values)

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of values."""
        listed = list(rows)
        if listed:
            self._prepare(sql, listed[0])
            self._store.run_many(sql, listed)

    def _prepare(self, sql: str, values: Sequence[SqlValue]) -> None:
        self._changed_rows = None
        statement = self._statements.get(sql)
        if statement is None or self._known_then != self._mirror.known:
            statement = self._look_at(sql, values)
        if statement.must_settle:
            self._make_true()
            if statement.changes_held:
                self.ledger.forget()
            for known in statement.dependants:
                self._mirror.forget(known)

    def _look_at(self, sql: str, values: Sequence[SqlValue]) -> _Statement:
        if self._known_then != self._mirror.known or len(self._statements) > _MOST_STATEMENTS:
            self._statements.clear()
            self._known_then = self._mirror.known
        touched = self._store.touched(sql, values)
        written = {table for table, _ in touched.updates} | touched.inserts | touched.deletes
        seen = written | {table for table, _ in touched.reads}
        statement = self._statements[sql] = _Statement(
            must_settle=bool(written or seen & ledger.TABLES),
            changes_held=bool(written & ledger.HELD_TABLES),
            dependants=self._mirror.dependants(touched),
        )
        return statement

    def _make_true(self) -> None:
        """Have all rows written; those of the call so that they can be taken back."""
        if self._is_in_call and not self._has_savepoint:
            self.ledger.settle_neighbours()
            self._store.run("SAVEPOINT request")
            self._has_savepoint = True
        self.ledger.settle()

    def _open_stream(self, name: str) -> None:
        self.run("INSERT INTO streams (name, last_seq) VALUES (?, 0)", name)

    # --- what is known of it ------------------------------------------------------------------
    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed, or are going to be."""
        if self._changed_rows is None:
            self._changed_rows = self._store.changed_rows
        return self._changed_rows - self.ledger.wrote + self.ledger.added

    def differences(self) -> Iterator[str]:
        """Compare what is held in memory with what is stored; what waits is written before."""
        self._make_true()
        yield from self._mirror.differences()
        yield from self.ledger.differences()
