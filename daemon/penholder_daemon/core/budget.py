"""What one mutation may cost the one writer, for whom everybody else waits.

Rows are counted as they are written, and the steps of SQLite's machine for what only reads, to
which each statement adds some for what it takes outside of that machine. At its budget a mutation
is refused, and its savepoint takes back what it wrote. The daemon's own work has no budget: it
comes in slices.
"""

from collections.abc import Iterator

from penholder_daemon.core.store import Row, SqlValue, Store
from penholder_protocol.errors import MutationTooLarge
from penholder_protocol.limits import MAX_BULK_ROWS, MAX_MUTATION_ROWS, MAX_MUTATION_STEPS

_STATEMENTS_BETWEEN = 8
"""Statements between two looks at the budget: most calls have fewer, and look once."""
_STEPS_OF_A_STATEMENT = 250
"""What it costs to have SQLite run even the least statement, in steps: some microseconds."""


class Metered:
    """Implements `Store` over another, for the mutations that callers ask for."""

    def __init__(self, store: Store) -> None:
        """Count for one mutation after another; `begin` begins each."""
        self._store = store
        self._row = store.row
        self._run = store.run
        self.begin(is_bulk=False)

    def begin(self, *, is_bulk: bool) -> None:
        """Count from now; what deletes in bulk may delete more, since each row costs less."""
        self._limit = "MAX_BULK_ROWS" if is_bulk else "MAX_MUTATION_ROWS"
        self._most_rows = MAX_BULK_ROWS if is_bulk else MAX_MUTATION_ROWS
        self._rows_before = self._store.changed_rows
        self._steps_before = self._store.steps
        self._statements = 0
        self._until_look = _STATEMENTS_BETWEEN

    def rows(self, sql: str, *values: SqlValue) -> Iterator[Row]:
        """Run a statement and yield its rows one by one."""
        self._until_look -= 1
        if not self._until_look:
            self.check()
        yield from self._store.rows(sql, *values)

    def row(self, sql: str, *values: SqlValue) -> Row | None:
        """Run a statement to its end and return its first row, if any."""
        self._until_look -= 1
        if not self._until_look:
            self.check()
        return self._row(sql, *values)

    def run(self, sql: str, *values: SqlValue) -> int:
        """Run a statement to its end and return how many rows it changed."""
        self._until_look -= 1
        if not self._until_look:
            self.check()
        return self._run(sql, *values)

    def probe(self) -> None:
        """Write something that changes nothing."""
        self._store.probe()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._store.in_transaction

    @property
    def changed_rows(self) -> int:
        """How many rows were ever changed."""
        return self._store.changed_rows

    @property
    def steps(self) -> int:
        """How many steps were ever taken."""
        return self._store.steps

    def check(self) -> None:
        """Raise MutationTooLarge over the budget; to be asked once more at the end of a call."""
        self._statements += _STATEMENTS_BETWEEN - self._until_look
        self._until_look = _STATEMENTS_BETWEEN
        if self._store.changed_rows - self._rows_before > self._most_rows:
            raise _too_large(self._limit, self._most_rows, "rows written")
        steps = self._store.steps - self._steps_before + self._statements * _STEPS_OF_A_STATEMENT
        if steps > MAX_MUTATION_STEPS:
            raise _too_large("MAX_MUTATION_STEPS", MAX_MUTATION_STEPS, "steps of reading")


def _too_large(limit: str, maximum: int, unit: str) -> MutationTooLarge:
    return MutationTooLarge(
        f"one call may cost {limit} ({maximum} {unit}), since everybody waits for the one writer;"
        " nothing of it was done: send it in parts, or narrow what it is about",
        limit=limit,
        maximum=maximum,
    )
