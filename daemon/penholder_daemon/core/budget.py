"""What one mutation may cost the one writer, for whom everybody else waits.

There is one writer, and a call that has begun is run to its end. So one large call is a pause for
all: a transaction of a hundred large claims took two seconds, and so did a dozen dry prunes. Limits
on the params of each method do not help, since what a call costs depends on what is stored, and
`tx.apply` multiplies it.

Time is no measure. The same call would pass on one machine and fail on another, or fail at times;
who sends it could not know what to make smaller. So what is counted is the work itself, which is
the same everywhere:

- rows, as they are written, with all that is kept beside them,
- steps of SQLite's machine, for what only reads, and for each statement some more
  (`_STEPS_OF_A_STATEMENT`): what it takes outside of that machine. Without those a thousand
  statements that find nothing would be free.

At its budget a mutation is refused, and its savepoint takes back what it wrote; its neighbours in
the batch stand. The budget is looked at every few statements, so it may be passed by what those
cost: one single statement is never cut off, and has to be bounded by a LIMIT of its own.

The daemon's own work has no budget. Nobody could send it again in parts; it comes in slices.
"""

from collections.abc import Iterator

from penholder_daemon.core.store import Row, SqlValue, Store
from penholder_daemon.core.store_over import StoreOver
from penholder_protocol.errors import MutationTooLarge
from penholder_protocol.limits import MAX_BULK_ROWS, MAX_MUTATION_ROWS, MAX_MUTATION_STEPS

_STATEMENTS_BETWEEN = 8
"""Statements between two looks at the budget: most calls have fewer, and look once."""
_STEPS_OF_A_STATEMENT = 250
"""What it costs to have SQLite run even the least statement, in steps: some microseconds."""


class Metered(StoreOver):
    """Implements `Store` over another, for the mutations that callers ask for."""

    def __init__(self, store: Store) -> None:
        """Count for one mutation after another; `begin` begins each."""
        super().__init__(store)
        # Looked up once: these stand on the way of every statement of every call.
        self._row = store.row
        self._run = store.run
        self.known = store.known  # type: ignore[method-assign]  # as it is, without a call more
        self.begin(is_bulk=False)

    def begin(self, *, is_bulk: bool) -> None:
        """Count from now; what deletes in bulk may delete more, since each row costs less."""
        self._limit = "MAX_BULK_ROWS" if is_bulk else "MAX_MUTATION_ROWS"
        self._most_rows = MAX_BULK_ROWS if is_bulk else MAX_MUTATION_ROWS
        # The store counts for ever, also what was taken back: a call remembers where it began.
        self._rows_before = self._store.changed_rows
        # Not asked for before the first statement: a call that has none takes no steps.
        self._steps_before: int | None = None
        self._statements = 0
        self._until_look = 1

    # The same three lines stand in each of these: a function for them would be one call more for
    # every statement.
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

    def check(self) -> None:
        """Raise MutationTooLarge over the budget; to be asked once more at the end of a call."""
        if self._store.changed_rows - self._rows_before > self._most_rows:
            raise _too_large(self._limit, self._most_rows, "rows written")
        if self._steps_before is None:
            if not self._until_look:
                self._steps_before = self._store.steps
                self._until_look = _STATEMENTS_BETWEEN - 1  # less the one that is about to run
            return
        # Those since the last look: at the end of a call it comes before the eighth.
        self._statements += _STATEMENTS_BETWEEN - self._until_look
        self._until_look = _STATEMENTS_BETWEEN
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
