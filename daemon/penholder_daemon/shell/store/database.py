"""SQLite through apsw: one connection that writes and checkpoints, some that only read.

Checkpoints. By itself SQLite checkpoints inside a commit, while everybody waits for the answer.
Here a hook in its place only notes how long the log is, and the writer moves it into the database
after answers have gone out (`checkpoint_if_due`). That never waits for readers. Waiting was tried:
beside a log over 64 MiB and one long reader a commit took five seconds. What a view still reads
stays for a later try; the breather sees to it that there is one that finds nobody.

A log that was moved as a whole begins anew, in a file that stays as large as it was. So it is cut
back when it is large and nobody reads at that moment (`_shrink`).

Nothing else in the process may open, copy or close the database, -wal or -shm file: closing any
descriptor of them would drop SQLite's POSIX locks (https://sqlite.org/howtocorrupt.html). That is
why their size is asked with stat.
"""

import array
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar, cast

import apsw

from penholder_daemon import migrations
from penholder_daemon.core.store import (
    Known,
    Row,
    SqlValue,
    StoreFault,
    Touched,
    Write,
    integer,
)
from penholder_daemon.shell.disk.database_files import file_bytes
from penholder_daemon.shell.store.backing import Clock
from penholder_daemon.shell.store.damage import Damage
from penholder_daemon.shell.store.log_moves import PAGE_BYTES, LogMoves
from penholder_daemon.shell.store.sqlite_faults import DAMAGES, refuse

T = TypeVar("T")

_MAY_REPLACE = re.compile(r"\bREPLACE\b", re.IGNORECASE)
_PROGRESS_STEPS = 100_000
"""Instructions of SQLite's machine between two calls of a progress handler: some milliseconds."""
_READER_STEPS = 5_000
"""The same for a reader, whose time is short: some tenths of a millisecond."""
_CHECKPOINT_PAGES = 2000
_LARGE_WAL_BYTES = 64 << 20
"""Past this readers are asked to hold back for a moment."""
_KEPT_WAL_BYTES = 8 << 20
"""What the log keeps of the disk when all of it has been moved."""
_MOST_OF_A_CHECK = 100
"""A damaged file may be damaged in every row; the first of them say enough."""
_AGAIN_SECONDS = 0.5
# Sooner than else: readers hold back for a moment, and the moment must be met.
_LARGE_AGAIN_SECONDS = 0.02
BUSY_MS = 5000


class ApswStore:
    """Implements `Store` over one connection."""

    def __init__(self, connection: apsw.Connection, damage: Damage | None = None) -> None:
        """Wrap a connection; damage that is met is told to who may do something about it."""
        self.connection = connection
        self._damage = damage

    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows."""
        try:
            yield from self.connection.execute(sql, values)
        except apsw.Error as error:
            self._refuse(error)

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row."""
        try:
            # Its type is that of what may be bound; a blob that is read is bytes, no other buffer.
            found = cast("list[Row]", self.connection.execute(sql, values).fetchall())
        except apsw.Error as error:
            self._refuse(error)
        return found[0] if found else None

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement to its end and return how many rows it changed."""
        try:
            self.connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            self._refuse(error)
        return self.connection.changes()

    def known(self, known: Known[T], *values: SqlValue) -> T | None:
        """Return what a foreseen read finds; nothing is kept of it here."""
        found = self.row(known.sql, *values)
        return None if found is None else known.read(found)

    def differences(self) -> Iterator[str]:
        """Say nothing: nothing is held here."""
        return iter(())

    def run_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Run a statement once for each row of values."""
        try:
            self.connection.executemany(sql, rows).fetchall()
        except apsw.Error as error:
            self._refuse(error)

    def touched(self, sql: str, values: Sequence[SqlValue]) -> Touched:
        """Have SQLite say what a statement touches, rows that go with others included."""
        seen: dict[int, set[tuple[str, str]]] = {
            apsw.SQLITE_READ: set(),
            apsw.SQLITE_UPDATE: set(),
            apsw.SQLITE_INSERT: set(),
            apsw.SQLITE_DELETE: set(),
        }

        def note(action: int, table: str | None, column: str | None, *_: str | None) -> int:
            if action in seen:
                seen[action].add((table or "", column or ""))
            return apsw.SQLITE_OK

        cursor = self.connection.cursor()
        # It is prepared, of which the authorizer hears, and left before its first step.
        cursor.exec_trace = lambda *_: False
        self.connection.authorizer = note
        try:
            cursor.execute(sql, tuple(values), can_cache=False)
        except apsw.ExecTraceAbort:
            pass  # as was asked for
        except apsw.Error as error:
            self._refuse(error)
        finally:
            self.connection.authorizer = None
        read, updated, inserted, deleted = seen.values()
        if _MAY_REPLACE.search(sql):
            # SQLite tells nobody of the rows that give way.
            deleted |= inserted | updated
        return Touched(
            frozenset(read),
            frozenset(updated),
            frozenset(table for table, _ in inserted),
            frozenset(table for table, _ in deleted),
        )

    def _refuse(self, error: apsw.Error) -> NoReturn:
        if self._damage is not None:
            if self._damage.known is not None:
                # As likely as not it comes of that, also what looks like a mistake of ours.
                raise StoreFault(f"{error}; {self._damage.known}") from error
            if isinstance(error, DAMAGES):
                self._damage.met = str(error)
        refuse(error, self.connection.system_errno)

    def end_when(self, must_end: Callable[[], bool]) -> None:
        """Have a statement ended, with an error, as soon as a function says so."""
        self.connection.set_progress_handler(must_end, _READER_STEPS)

    def obey(self, clock: Clock) -> None:
        """Have a query ended, with an error, when its time is over."""
        self.end_when(clock.must_end)

    def begin_writing(self, known_pos: int | None) -> None:
        """Begin a transaction that writes; nobody says what others have done."""
        del known_pos
        self.run("BEGIN IMMEDIATE")

    def commit_with(self, writes: Sequence[Write], pos: int | None) -> None:
        """Run these, and commit the transaction."""
        del pos
        for sql, rows in writes:
            self.run_many(sql, rows)
        self.run("COMMIT")

    def probe(self) -> None:
        """Write the file's header again as it is."""
        # The value is the same, and yet a page is written: a commit after it tells whether that
        # works.
        self.run(f"PRAGMA user_version = {migrations.version(self)}")

    def last_numbers(self) -> dict[str, int]:
        """Return the highest number that each AUTOINCREMENT column ever gave, by table."""
        rows = self.rows("SELECT name, seq FROM sqlite_sequence")
        return {str(name): integer(number) for name, number in rows}

    def set_number(self, table: str, number: int) -> None:
        """Have a table's numbers go on above this one; nothing for a table that is not here."""
        sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
        if self.row(sql, table) is not None:
            # SQLite's own table has no key by which a row could be replaced.
            self.run("DELETE FROM sqlite_sequence WHERE name = ?", table)
            self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, number)

    def damage(self, *, deep: bool) -> Iterator[tuple[str, str]]:
        """Yield what SQLite finds damaged in its file, and references that lead nowhere."""
        check = "integrity_check" if deep else "quick_check"
        for row in self.rows(f"PRAGMA {check}({_MOST_OF_A_CHECK})"):
            if row[0] != "ok":
                yield check, str(row[0])
        for row in self.rows("PRAGMA foreign_key_check"):
            yield "foreign_keys", f"row {row[1]!s} of {row[0]!s} has no {row[2]!s}"

    def holds_bytes(self, blob_id: str) -> bool:
        """Say so: nobody else has this directory, and whoever puts and removes takes turns."""
        del blob_id  # it is the same of each
        return True

    @property
    def goes_in_order(self) -> bool:
        """SQLite keeps to the order of a CROSS JOIN, and to that of a recursion."""
        return True

    @property
    def is_shared(self) -> bool:
        """A file is one daemon's."""
        return False

    @property
    def server_ms(self) -> int | None:
        """There is no server."""
        return None

    def serving(self) -> frozenset[str]:
        """There is no server."""
        return frozenset()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.connection.in_transaction

    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed over this connection."""
        return self.connection.total_changes()

    @property
    def data_version(self) -> int:
        """Count what is committed, by whomever; known anew with each transaction."""
        return self.connection.data_version()

    @property
    def steps(self) -> int:
        """Nobody counts the steps of a reader."""
        return 0

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class WriterStore(ApswStore):
    """The one connection that writes; it also checkpoints, after answers have gone out."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Take checkpoints over from SQLite, which would run them inside a commit."""
        super().__init__(connection)
        self.log_moves = LogMoves()
        self._may_move: Callable[[], bool] = lambda: True
        self._has_moved: Callable[[], None] = lambda: None
        self._log = Path(f"{connection.filename}-wal")
        self._wal_pages = 0
        self._due_pages = _CHECKPOINT_PAGES
        self._is_behind = False
        """Whether the last checkpoint left something for a later one."""
        self._again_at = self._shrink_at = 0.0
        self._steps = 0
        self._progressed: Callable[[], None] | None = None
        # SQLite's own checkpoints hang on this very hook: with another one in its place there are
        # none.
        connection.set_wal_hook(self._note_wal)
        connection.set_progress_handler(self._step, _PROGRESS_STEPS)

    def _step(self) -> bool:
        # Counted here, judged in `Metered` between two statements; False lets this one go on.
        self._steps += _PROGRESS_STEPS
        if self._progressed is not None:
            self._progressed()
        return False

    @property
    def steps(self) -> int:
        """How many steps SQLite's machine ever took, counted in large pieces."""
        return self._steps

    def _note_wal(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._wal_pages = pages
        self.log_moves.committed(pages)
        return apsw.SQLITE_OK

    def wait_for_others(self, waits: bool) -> None:
        """Say whether what comes next waits for a lock that another has, or gives up at once."""
        self.connection.set_busy_timeout(BUSY_MS if waits else 0)

    def use_no_temporary_files(self) -> None:
        """Have in memory what a mutation can be taken back with, bounded as a mutation is.

        /var/tmp may be full, or none may be writable, which would be an I/O error.
        """
        self.run("PRAGMA temp_store = MEMORY")

    def keep_log_files(self) -> None:
        """Have -wal and -shm stay when the database is closed.

        A start on a disk without room or inodes for them could not even read without them.
        """
        on = array.array("i", [1])
        self.connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, on.buffer_info()[0])

    def empty_log_files(self) -> None:
        """Have closing leave an empty -wal: one with frames must not meet another database."""
        self.run("PRAGMA journal_size_limit = 0")

    def leave_log_files(self) -> None:
        """Have closing leave the -wal as it is, and move nothing of it into the database."""
        self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)

    def guard_checkpoints(self, may_move: Callable[[], bool], moved: Callable[[], None]) -> None:
        """Have checkpoints asked for before they are made, and told of whatever came of them."""
        self._may_move = may_move
        self._has_moved = moved

    def log_position(self) -> tuple[int, int]:
        """Return how many pages the log has and how many of them are moved, as SQLite knows."""
        try:
            return self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
        except apsw.Error as error:
            self._refuse(error)

    def watch_damage(self, damage: Damage) -> None:
        """Tell of damage that is met from now on."""
        self._damage = damage

    def report_progress(self, progressed: Callable[[], None]) -> None:
        """Have a function called again and again while a long statement runs."""
        self._progressed = progressed

    def checkpoint_is_due(self, now: float) -> bool:
        """Tell whether the log has grown enough to be moved, or what was left is tried again."""
        return self._wal_pages >= self._due_pages or (self._is_behind and now >= self._again_at)

    def checkpoint_if_due(self, now: float) -> bool:
        """Move the write-ahead log into the database when it has grown enough; never waits.

        What a view still reads cannot be moved, nor a log begin anew that anybody reads; it is
        tried again when more has come, or after a while. Returns whether the log is so large that
        readers should hold back: each is short, but with enough of them there is always one.
        """
        is_large = self._wal_pages * PAGE_BYTES > _LARGE_WAL_BYTES
        pause = _LARGE_AGAIN_SECONDS if is_large else _AGAIN_SECONDS
        if self.checkpoint_is_due(now):
            self._again_at = now + pause
            # As if something were left, should it fail: tried again after a while, not at once. A
            # full disk is full at the next commit, too.
            self._is_behind, self._due_pages = True, self._wal_pages + _CHECKPOINT_PAGES
            moved, left = self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._is_behind = left > 0
            # With something left the log goes on behind what it has: due when it has grown by so
            # much again. Else it begins anew, and counts from nothing.
            self._due_pages = _CHECKPOINT_PAGES + (moved + left if left else 0)
        # A log that is still read from cannot be cut back.
        if not self._is_behind and now >= self._shrink_at:
            self._shrink_at = now + pause
            self._shrink()
        return self._wal_pages * PAGE_BYTES > _LARGE_WAL_BYTES

    def _shrink(self) -> None:
        """Give the disk back what a large log took, if nobody reads it at this moment."""
        if file_bytes(self._log) <= _KEPT_WAL_BYTES:
            return
        # Cutting back waits for readers as long as this says.
        self.wait_for_others(False)
        self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _checkpoint(self, mode: int) -> tuple[int, int]:
        """Return how many pages of the log are moved, and how many are not."""
        if not self._may_move():
            return 0, 1
        try:
            pages, moved = self.connection.wal_checkpoint(mode=mode)
        # Somebody is in the way, which is nobody's fault: as if a page were left, so that it is
        # tried again.
        except (apsw.BusyError, apsw.LockedError):
            return 0, 1
        except apsw.Error as error:
            self._refuse(error)
        finally:
            self._has_moved()
        # The hook tells of commits only, and the next one may be long in coming.
        if mode == apsw.SQLITE_CHECKPOINT_TRUNCATE:
            self._wal_pages = 0
        return moved, max(0, pages - moved)


def sqlite_version() -> str:
    """Return the version of the SQLite in use."""
    return apsw.sqlite_lib_version()
