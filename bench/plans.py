"""How SQLite finds the rows of a call: through an index, however many there are.

The statements are those that the calls really run, caught as SQLite gets them. The tests use this
on a few rows, the benchmarks on as many as they have made: with them SQLite could choose otherwise.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import apsw

from penholder_daemon.core.store import SqlValue
from penholder_daemon.shell.store.database import WriterStore

_WALKS = (
    "SCAN q USING INDEX queue_tasks_in_order",
    "SCAN q USING COVERING INDEX queue_tasks_in_order",
    "SCAN CONSTANT ROW",
    "SCAN journal_position",
    "SCAN heads",
    "SCAN h",
    "SCAN p",
    "SCAN (subquery",
)
"""Walking an index in the list's own order, page by page, is what lists are for. The
rest are tables of one row, and positions as they are found (`core/backlog.py`)."""


class Plan:
    """One statement and how SQLite carries it out, step by step."""

    def __init__(self, store: WriterStore, sql: str, values: tuple[SqlValue, ...]) -> None:
        """Ask SQLite."""
        self.sql = sql
        self.steps = [str(row[3]) for row in store.rows(f"EXPLAIN QUERY PLAN {sql}", *values)]

    @property
    def uses_indexes(self) -> bool:
        """Whether it neither reads a table from end to end nor sorts what it has found."""
        return not any(
            (step.startswith("SCAN") and not step.startswith(_WALKS))
            or "TEMP B-TREE FOR ORDER BY" in step
            for step in self.steps
        )

    def __str__(self) -> str:
        """Show both."""
        return "\n  ".join([self.sql, *self.steps])


def plans(store: WriterStore, call: Callable[[], object]) -> list[Plan]:
    """Make a call and return the plans of the statements that looked for rows."""
    with _caught(store.connection) as caught:
        call()
    return [
        Plan(store, sql, values) for sql, values in caught if sql.startswith(("SELECT", "UPDATE"))
    ]


def steps(store: WriterStore, call: Callable[[], object]) -> int:
    """Make a call and count what SQLite's machine did for it, which no load of others changes."""
    counted = 0

    def count() -> bool:
        nonlocal counted
        counted += 1
        return False

    store.connection.set_progress_handler(count, 1, id=steps)
    try:
        call()
    finally:
        store.connection.set_progress_handler(None, id=steps)
    return counted


@contextmanager
def _caught(connection: apsw.Connection) -> Iterator[list[tuple[str, tuple[SqlValue, ...]]]]:
    """Catch every statement and its values."""
    caught: list[tuple[str, tuple[SqlValue, ...]]] = []

    def catch(_cursor: apsw.Cursor, sql: str, values: object) -> bool:
        assert values is None or isinstance(values, tuple)
        caught.append((sql, values or ()))
        return True

    connection.set_exec_trace(catch)
    try:
        yield caught
    finally:
        connection.set_exec_trace(None)
