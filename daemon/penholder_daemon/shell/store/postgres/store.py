"""A connection to PostgreSQL as the store: one that writes, or one that only reads.

One writer at a time. Whoever writes takes a lock first that all writers take, and it is let go by
the end of the transaction. So positions and numbers are given in the order of commits, and nobody
can see a later one before an earlier one. Isolation is READ COMMITTED: under the lock nobody else
writes, and each statement sees all that was committed before the lock was had. The lock is asked
for in a statement of its own, since a statement sees what was committed before it began to wait.

Faults. A statement that fails makes the whole transaction fail here, but for what a savepoint can
take back. SQLite would go on. So where there is none the transaction is ended at once, and
`in_transaction` tells that it is lost. A connection that is lost takes its transaction with it, and
nothing was written; the next transaction connects anew. Only of a commit nobody knows, and then the
server is asked what became of that transaction (`finding_out`).

Another daemon, or a hand, may write between two transactions. Then nothing that was read in one is
taken for true in the next: `data_version` is another. Who writes has a number, and numbers come in
order. So nobody has written in between where a transaction has the number after that of the one
before, and that one was alone under way when it had got its own (`_note_number`): who came before
it would be among those under way, who came after it would have had the next number. A daemon that
has the database to itself reads its rows once, as over SQLite.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NoReturn, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from penholder_daemon.core.store import (
    Known,
    Row,
    RowsRefused,
    Since,
    SqlValue,
    StoreBusy,
    StoreFault,
    Touched,
    Write,
    integer,
)
from penholder_daemon.shell.store.postgres import connecting, counting, faults, pieces, serving
from penholder_daemon.shell.store.postgres.connecting import Connect
from penholder_daemon.shell.store.postgres.connection import Connection
from penholder_daemon.shell.store.postgres.dialect import comparable, translated
from penholder_daemon.shell.store.postgres.finding_out import OF_ANOTHER_LIFE, find_out
from penholder_daemon.shell.store.postgres.loop_waiting import on_thread
from penholder_daemon.shell.store.postgres.pen import BEGIN_TO_WRITE, FREE_PEN
from penholder_daemon.shell.store.postgres.touched import Catalogue
from penholder_daemon.shell.store.postgres.trips import Trip

T = TypeVar("T")

_STEPS_OF_A_ROW = 50
"""What a row that was read costs, in steps of SQLite's machine."""
_FIRST_PIECE = "SELECT 1 FROM blob_bytes WHERE blob_id = $1 AND at = 0 FOR KEY SHARE SKIP LOCKED"
_WRITES = ("INSERT", "UPDATE", "DELETE")
_NOT_ANSWERED = (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN)
"""In any other state the server has said, since the commit was sent, what it thinks of it."""


class PostgresStore:
    """Implements `Store` over one connection, which is made anew when it was lost."""

    def __init__(self, connect: Connect, catalogue: Catalogue) -> None:
        """Connect; raises StoreFault."""
        self._connect = connect
        self.catalogue = catalogue
        self._savepoints = 0
        self._changed_rows = self._steps = 0
        self._version = 0
        self._was_alone = False
        """Whether no other transaction that writes was under way in the last one."""
        self._transaction_id: int | None = None
        self._life: str | None = None
        self.transactions = 0
        """How many there were so far."""
        self.subtransactions = 0
        """How many savepoints this transaction has made so far."""
        self.sessions = 0
        """How many connections there were so far."""
        self.is_hurried = False
        """Whether the daemon is about to end, so that nothing is waited for."""
        self._open()

    def _open(self) -> None:
        self._was_alone = False
        self._is_connecting = True
        try:
            self.connection = self._connect_and_greet()
        except psycopg.Error as error:
            faults.refuse(error)  # connected, and lost again before it was ready for use
        finally:
            self._is_connecting = False
        self.sessions += 1
        self._cursor = connecting.cursor_of(self.connection)

    def _connect_and_greet(self) -> Connection:
        connection = on_thread(self._connect)
        try:
            self._greet(connection)
        except BaseException:
            connection.close()  # or the next transaction would begin over what was refused
            raise
        return connection

    def _greet(self, connection: Connection) -> None:
        """Ask and tell what a new session is to begin with; raises psycopg.Error or StoreFault."""
        self._life = connecting.life_of(connection)

    # --- transactions -------------------------------------------------------------------------
    def _begin(self) -> None:
        # All in one trip, and each a statement of its own: what sees what the lock was waited for.
        script = partial(self._run_script, BEGIN_TO_WRITE)
        _, [(_, number)], [(oldest,)] = self._begin_to_write(script)
        self._note_number(int(str(number)), int(str(oldest)))

    def _note_number(self, number: int, oldest: int) -> None:
        """Note the number of this transaction, and the lowest of those that are under way."""
        if not self._was_alone or number - 1 != self._transaction_id:
            self._version += 1
        self._was_alone = oldest == number
        self._transaction_id = number

    def _begin_to_write(self, begin: Callable[[], T]) -> T:
        try:
            return self._begin_by(begin)
        except StoreBusy:
            # Waited for as long as a transaction may last. The next one may have it.
            self.fetch(FREE_PEN)
            raise

    def _begin_by(self, begin: Callable[[], T]) -> T:
        """Begin a transaction; over a connection that was lost meanwhile a second time."""
        self.transactions += 1
        self.subtransactions = 0
        is_idle = self.connection.info.transaction_status is TransactionStatus.IDLE
        if not is_idle or self.connection.is_left_behind():
            # What is left of a transaction that could not be ended must not be committed with this.
            self.connection.close()
        is_new = self.connection.closed
        if is_new:
            self._open()
        try:
            return begin()
        except StoreFault:
            # Nothing has been asked for yet, so nothing can have been half done.
            if is_new or not self.connection.closed:
                raise
            self._open()
            return begin()

    def begin_writing(self, known_pos: int | None) -> Since | None:
        """Begin a transaction that writes; nobody says what others have done."""
        del known_pos
        self._begin()
        return None

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these and commit, all in one trip."""
        del pos
        self._changed_rows += sum(len(rows) for _, rows in writes)
        self._commit(writes)

    def _commit(self, writes: Sequence[Write] = ()) -> None:
        try:
            is_done = self._commit_in_one_trip(writes)
        except psycopg.Error as error:
            self._savepoints = 0
            is_answered = self.connection.info.transaction_status not in _NOT_ANSWERED
            if is_answered and not faults.is_of_the_line(error):
                self._refuse_commit(error)
            # It may still be open: an end that comes amid a pipeline leaves it in no order.
            self.connection.close()
            self._find_out(error)
            return
        self._savepoints = 0
        if not is_done:
            raise StoreFault("the transaction had failed, so that its commit took it back")

    def _refuse_commit(self, error: psycopg.Error) -> NoReturn:
        try:
            self._refuse(error)
        except psycopg.Error as mistake:
            raise RowsRefused(faults.words(mistake)) from mistake

    def _commit_in_one_trip(self, writes: Sequence[Write]) -> bool:
        trip = self._trip_with(writes)
        trip.add("COMMIT")
        trip.go()
        return trip.has_committed

    def _trip_with(self, writes: Sequence[Write]) -> Trip:
        trip = Trip(self.connection)
        for sql, rows in writes:
            trip.add_all(translated(sql).text, rows)
        return trip

    def _find_out(self, lost: psycopg.Error) -> None:
        noted, self._transaction_id = self._transaction_id, None
        became_of = partial(self._became_of, self._life)
        on_thread(lambda: find_out(lost, noted, became_of, lambda: not self.is_hurried))

    def _became_of(self, life: str | None, number: int) -> str:
        """Ask what became of a transaction of one life of the server, over a new connection."""
        self._open()
        [[status]] = self.fetch(f"SELECT pg_xact_status('{number}'::xid8)")
        is_same = life is not None and life == self._life
        return str(status) if is_same or status != "committed" else OF_ANOTHER_LIFE

    def _control(self, sql: str) -> bool:
        """Carry out what begins and ends transactions; False for everything else."""
        match sql.split():
            case ["BEGIN", *_]:
                self._begin()
            case ["COMMIT"]:
                self._commit()
            case ["ROLLBACK"]:
                self._execute(sql)
                self._savepoints = 0
            case ["SAVEPOINT", _]:
                self._execute(sql)
                self._savepoints += 1
                self.subtransactions += 1
            case ["RELEASE", _]:
                self._execute(sql)
                self._savepoints -= 1
            case _:
                return False
        return True

    # --- statements ---------------------------------------------------------------------------
    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows, some at a time."""
        statement = translated(sql)
        if not statement.is_read or statement.is_short:
            yield from self.fetch(statement.text, values)
            return
        yield from pieces.rows(self, statement.text, values)

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row."""
        found = self.fetch(translated(sql).text, values)
        return found[0] if found else None

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement to its end and return how many rows it changed."""
        if not values and self._control(sql):
            return 0
        before = self._changed_rows
        self.fetch(translated(sql).text, values)
        return self._changed_rows - before

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of values, all in one trip."""
        listed = list(rows)
        if not listed:
            return
        trip = Trip(self.connection)
        trip.add_each(translated(sql).text, listed)
        try:
            trip.go()
        except psycopg.Error as error:
            self._refuse(error)
        self._changed_rows += trip.changed_rows

    def _run_script(self, script: str) -> list[list[Row]]:
        try:
            return connecting.run_script(self.connection, script)
        except psycopg.Error as error:
            self._refuse(error)

    def _execute(self, text: str) -> None:
        # Not by a cursor: psycopg would have everything prepared anew after a rollback.
        try:
            self._send(text)
        except psycopg.Error as error:
            self._refuse(error)

    def _send(self, text: str) -> None:
        trip = Trip(self.connection)
        trip.add(text)
        trip.go()

    def fetch(self, text: str, values: Sequence[SqlValue] = ()) -> list[Row]:
        """Run a statement in PostgreSQL's words and return all its rows."""
        try:
            cursor = self._cursor.execute(text, comparable(text, values))
            found = cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            self._refuse(error)
        if (cursor.statusmessage or "").startswith(_WRITES):
            self._changed_rows += cursor.rowcount
        self._steps += _STEPS_OF_A_ROW * len(found)
        return found

    def _refuse(self, error: psycopg.Error) -> NoReturn:
        status = self.connection.info.transaction_status
        if status is TransactionStatus.INERROR and not self._savepoints:
            # Nothing can come of it any more; ended here, it is told from one that goes on.
            with suppress(psycopg.Error):
                self._send("ROLLBACK")
        if faults.is_of_the_line(error) or faults.is_of_the_session(error):
            self.connection.close()
        if self.connection.closed:
            self._savepoints = 0
        faults.refuse(error)

    # --- what is known of it ------------------------------------------------------------------
    def known(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what a foreseen read finds; nothing is kept of it here."""
        found = self.row(known.sql, *values)
        return None if found is None else known.read(found)

    def touched(self, sql: str, values: Sequence[SqlValue]) -> Touched:
        """Tell what a statement would read and write, as far as its words show."""
        del values  # no value changes that
        return self.catalogue.touched(sql)

    def differences(self) -> Iterator[str]:
        """Say nothing: nothing is held here."""
        return iter(())

    def probe(self) -> None:
        """Write a row again as it is."""
        self._execute("UPDATE schema_version SET version = version")

    def damage(self, *, deep: bool) -> Iterator[tuple[str, str]]:
        """Say nothing: pages and references are the server's to keep, and its tools' to check."""
        del deep
        return iter(())

    def holds_bytes(self, blob_id: str) -> bool:
        """Tell whether they are there, and stay; who is about to remove them is not waited for."""
        return bool(self.fetch(_FIRST_PIECE, (blob_id,)))

    def last_numbers(self) -> dict[str, int]:
        """Return the highest number that each table ever gave."""
        return {str(name): integer(number) for name, number in self.rows(counting.LAST)}

    def set_number(self, table: str, number: int) -> None:
        """Have a table's numbers go on above this one; nothing for one that is not here."""
        if table in self.catalogue.columns:
            self.run(counting.SET, table, number)

    @property
    def goes_in_order(self) -> bool:
        """No order is kept that a statement does not name at its end."""
        return False

    @property
    def is_shared(self) -> bool:
        """Daemons of several machines may keep their state in it."""
        return True

    @property
    def server_ms(self) -> int | None:
        """Nobody goes by the server's clock here."""
        return None

    def serving(self) -> frozenset[str]:
        """Return the ids of the hosts whose daemons hold the lock that they share."""
        return frozenset(serving.host_in(str(name)) for [name] in self.fetch(serving.WHO_SERVES))

    @property
    def is_waited_for(self) -> bool:
        """Whether it is the server's turn: it is connected to, or at work on a statement."""
        status = self.connection.info.transaction_status
        return self._is_connecting or status is TransactionStatus.ACTIVE

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open that can still be committed."""
        match self.connection.info.transaction_status:
            case TransactionStatus.INTRANS | TransactionStatus.ACTIVE:
                return True
            case TransactionStatus.INERROR:
                return self._savepoints > 0
            case _:
                return False

    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed over this connection."""
        return self._changed_rows

    @property
    def data_version(self) -> int:
        """Another number in each transaction before which others may have written."""
        return self._version

    @property
    def steps(self) -> int:
        """What was read, counted by its rows: the same on every machine."""
        return self._steps

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
