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

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from penholder_daemon.core import kept_answers, newest, places, positions
from penholder_daemon.core.kept_answers import Kept, Key
from penholder_daemon.core.mirror import Mirror
from penholder_daemon.core.store import (
    Known,
    Row,
    RowsRefused,
    SqlValue,
    Store,
    Write,
    integer,
)

TABLES = frozenset({"journal", "streams", "idempotency"})
"""Where what waits here is written to; who reads or writes them must find it there."""
HELD_TABLES = frozenset({"journal", "journal_position", "idempotency", "idempotency_noted"})
"""Of what is in these something is held here; who writes them makes it another."""
_ADD = (
    "INSERT INTO journal (pos, stream_id, seq, entry_id, ts, age_ms, type, turn_id, data, raw,"
    " request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


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
        self._late_keys: set[Key] | None = None
        """Those that are written and not noted (`kept_answers`); None while that is not known."""
        self._marked = (0, 0)
        self.is_torn = False
        """Whether writing has failed, so that nothing more can come of this transaction."""
        self.added = 0
        """How many changes of rows were ever asked for here."""
        self.wrote = 0
        """How many of the store's own changes they came to."""

    # --- adding -------------------------------------------------------------------------------
    def place(self, stream: str) -> tuple[int, Head]:
        """Return the next position and the head of a stream; a new stream is made.

        Nothing is counted on before something is added: who fails in between leaves no gap.
        """
        head = self._mirror.get(_HEAD, stream)
        if head is None:
            self._open_stream(stream)
            head = self._mirror.get(_HEAD, stream)
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
        if waiting is not None:
            return kept_answers.kept(waiting[3:5])
        if self._late_keys is None:
            self._late_keys = kept_answers.late_keys(self._store)
        look = kept_answers.find if key in self._late_keys else kept_answers.find_noted
        return look(self._store, key)

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
        for sql, values in self._take(rows, answers):
            self._store.run_many(sql, values)
        self.wrote += self._store.changed_rows - before
        self.is_torn = False

    def _take(self, rows: int, answers: int) -> list[Write]:
        """Return what is to be written of so many, which wait no more."""
        writes: list[Write] = []
        if rows:
            added = self._rows[:rows]
            # Of a stream's rows the last one tells how far it is counted.
            counted = newest.counts((row[1], row[2], row[6]) for row in added)
            writes += (_ADD, added), (newest.COUNT, counted)
            del self._rows[:rows], self._heads[:rows]
        if answers:
            keys = list(islice(self._answers, answers))
            writes.append((kept_answers.KEEP, [self._answers.pop(key) for key in keys]))
            if self._late_keys is not None:
                self._late_keys.update(keys)
        self._marked = 0, 0
        return writes

    def commit(self) -> None:
        """Write all that waits and make the transaction durable, in one go where a server is asked.

        There each step is a trip, which costs more than what is written in it.
        """
        if not self._store.is_shared:
            self.settle()
            self.note()
            self._store.run("COMMIT")
            return
        if self._is_to_be_noted:
            self.settle()
            self.note()
        try:
            writes = self._take(len(self._rows), len(self._answers))
            self._store.commit_with(writes, self._position)
        except RowsRefused:
            self.is_torn = True
            raise

    @property
    def _is_to_be_noted(self) -> bool:
        return self._is_to_be_placed or len(self._late_keys or ()) >= kept_answers.AT_ONCE

    @property
    def _is_to_be_placed(self) -> bool:
        placed = self._mirror.get(places.PLACED)
        return bool(self._position and self._position >= (placed or 0) + places.AT_ONCE)

    def note(self) -> None:
        """Note where entries and answers are, where many are not noted; all must be written."""
        if self._is_to_be_placed:
            places.place(self._store)
            self._mirror.forget(places.PLACED)
        if self._late_keys and len(self._late_keys) >= kept_answers.AT_ONCE:
            kept_answers.note(self._store)
            self._late_keys.clear()

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

    @property
    def position(self) -> int | None:
        """Up to where the journal is known."""
        return self._position

    def follow(self, pos: int, heads: Iterable[tuple[str, int]]) -> None:
        """Go on from where others have come to: to a position, and with numbers of streams."""
        self._position, self._late_keys = pos, None
        for name, last_seq in heads:
            head = self._mirror.held(_HEAD, name)
            if head is not None:
                head.last_seq = last_seq

    def forget(self) -> None:
        """Hold nothing: what waited is lost with its transaction, or may have been taken back."""
        self._rows, self._heads, self._answers = [], [], {}
        self._marked = 0, 0
        self._position = self._late_keys = None
        self.is_torn = False

    def differences(self) -> Iterator[str]:
        """Compare what is held with what is stored; to be asked while nothing waits."""
        # Not asked for where none is held: after a fault there may be nobody to answer.
        if self._position is not None and self._position != (stored := positions.last(self._store)):
            yield f"the journal's position is {stored}, and was held for {self._position}"
        held = self._late_keys
        if held is not None and held != (late := kept_answers.late_keys(self._store)):
            yield f"the keys {late ^ held!r} are held for noted and are not, or not and are"
