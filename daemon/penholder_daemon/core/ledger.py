"""What a transaction adds to the journal and keeps under keys, before it is written.

An append is a row that nobody reads before the commit, but for who reads the journal in the same
transaction. So it waits here with those of its neighbours and is written with them, in one go, at
the end of the batch: a tenth of the work of writing each by itself. Its place is known at once: the
last number of its stream and the last position are held in memory, and go on from there.

One rule makes that safe: rows are true before any SQL that could see whether they are. Who runs a
statement that touches what waits here has it written first (`TransactionStore`), so no statement
can tell the difference, be it a room's own or one of a migration that nobody has thought of.

A call that is refused takes back what it added (`undo`), number by number. What is written already
goes with its savepoint, and then nothing is held any more; it is read anew.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

import msgspec

from penholder_daemon.core import newest, positions
from penholder_daemon.core.mirror import Mirror
from penholder_daemon.core.store import Known, Row, SqlValue, Store, integer

Kept: TypeAlias = tuple[str, bytes | None]
"""The hash of the params under a key, and the answer if it is kept."""
Key: TypeAlias = tuple[str, str, str]
"""Scope, method and the caller's key."""

TABLES = frozenset({"journal", "streams", "idempotency"})
"""Where what waits here is written to; who reads or writes them must find it there."""
POSITION_TABLES = frozenset({"journal", "journal_position"})
_ADD = (
    "INSERT INTO journal (pos, stream_id, seq, entry_id, ts, age_ms, type, turn_id, data, raw,"
    " request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_KEEP = (
    "INSERT INTO idempotency (scope, method, key, params_hash, answer, kept_ms)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_FIND = "SELECT params_hash, answer FROM idempotency WHERE scope = ? AND method = ? AND key = ?"


def read_kept(store: Store, key: Key) -> Kept | None:
    """Read what is kept under a key."""
    row = store.row(_FIND, *key)
    return None if row is None else _kept(row)


def _kept(row: Row) -> Kept:
    # The column of a STRICT table is a BLOB or null.
    return str(row[0]), row[1] if isinstance(row[1], bytes) else None


class Head(msgspec.Struct):
    """A stream and its last number, which grows here before it is written."""

    stream_id: int
    last_seq: int
    parent: str | None


def _head(row: Row) -> Head:
    stream_id, last_seq, parent = row
    return Head(integer(stream_id), integer(last_seq), None if parent is None else str(parent))


_HEAD = Known("SELECT stream_id, last_seq, parent FROM streams WHERE name = ?", _head)


class Ledger:
    """Rows of the journal and kept answers that wait for the end of their batch."""

    def __init__(self, store: Store, mirror: Mirror, open_stream: Callable[[str], None]) -> None:
        """Write to a store; `open_stream` makes a stream, as any other statement is run."""
        self._store = store
        self._mirror = mirror
        self._open_stream = open_stream
        self._position: int | None = None
        self._rows: list[Row] = []
        self._heads: list[Head] = []
        """Of each row, in the same order."""
        self._answers: dict[Key, tuple[SqlValue, ...]] = {}
        self._marked = (0, 0)
        self.is_torn = False
        """Whether writing has failed, so that nothing more can come of this transaction."""
        self.added = 0
        """How many changes of rows were ever asked for here."""
        self.wrote = 0
        """How many of the store's own changes they came to."""

    @property
    def position(self) -> int:
        """The position that was given last, as far as it is known here; else 0."""
        return self._position or 0

    # --- adding -------------------------------------------------------------------------------
    def place(self, stream: str) -> tuple[int, Head]:
        """Return the next position and the head of a stream; a new stream is made.

        Nothing is counted on before something is added: who fails in between leaves no gap.
        """
        head = self._mirror.get(_HEAD, (stream,))
        if head is None:
            self._open_stream(stream)
            head = self._mirror.get(_HEAD, (stream,))
            assert head is not None  # it was made just now
        if self._position is None:
            self._position = positions.last(self._store)
        return self._position + 1, head

    def add(self, pos: int, head: Head, row: Row) -> None:
        """Add a row of the journal at the place that was given last."""
        self._position = pos
        head.last_seq += 1
        self._rows.append(row)
        self._heads.append(head)
        self.added += 2  # the row and its stream's number

    def keep(self, key: Key, kept: Kept, kept_ms: int) -> None:
        """Keep an answer under a key that has none."""
        self._answers[key] = (*key, *kept, kept_ms)
        self.added += 1

    def kept(self, key: Key) -> Kept | None:
        """Return what is kept under a key."""
        waiting = self._answers.get(key)
        return read_kept(self._store, key) if waiting is None else _kept(waiting[3:5])

    # --- writing ------------------------------------------------------------------------------
    def mark(self) -> None:
        """A call begins; what waits by now is its neighbours'."""
        self._marked = len(self._rows), len(self._answers)

    def settle(self) -> None:
        """Write all that waits."""
        self._write(len(self._rows), len(self._answers))

    def settle_neighbours(self) -> None:
        """Write what waited when the call began, and leave its own."""
        self._write(*self._marked)

    def _write(self, rows: int, answers: int) -> None:
        if not rows and not answers:
            return
        # Should it fail amid them, some are written and nobody knows which: the batch is lost.
        self.is_torn = True
        before = self._store.changed_rows
        if rows:
            added = self._rows[:rows]
            self._store.run_many(_ADD, added)
            # Of a stream's rows the last one tells how far it is counted.
            counted = newest.counts((row[1], row[2], row[6]) for row in added)
            self._store.run_many(newest.COUNT, counted)
            del self._rows[:rows], self._heads[:rows]
        if answers:
            keys = list(islice(self._answers, answers))
            self._store.run_many(_KEEP, [self._answers.pop(key) for key in keys])
        self.wrote += self._store.changed_rows - before
        self._marked = 0, 0
        self.is_torn = False

    def undo(self) -> None:
        """Take back what the call has added, none of which is written."""
        rows, answers = self._marked
        for head in self._heads[rows:]:
            head.last_seq -= 1
        if self._position is not None:
            self._position -= len(self._rows) - rows
        del self._rows[rows:], self._heads[rows:]
        for key in list(self._answers)[answers:]:
            del self._answers[key]

    def forget(self) -> None:
        """Hold nothing: what waited is lost with its transaction, or may have been taken back."""
        self._rows, self._heads, self._answers = [], [], {}
        self._marked = 0, 0
        self._position = None
        self.is_torn = False

    def differences(self) -> Iterator[str]:
        """Compare the position with what is stored; to be asked while nothing waits."""
        # Not asked for where none is held: after a fault there may be nobody to answer.
        if self._position is None:
            return
        stored = positions.last(self._store)
        if self._position != stored:
            yield f"the journal's position is {stored}, and was held for {self._position}"
