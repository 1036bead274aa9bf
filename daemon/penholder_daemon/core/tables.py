"""A table of records with ids: how they are read, found, listed and changed, once for all rooms."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from penholder_daemon.core import paging
from penholder_daemon.core.store import Shape, SqlValue, filters, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import PenholderError, StaleState
from penholder_protocol.nouns import Page

RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class Table(Generic[RecordT]):
    """Rows of one table as records; lists go by the column `number`, which is their commit order.

    A room with lists of its own (the queue's by rank, those of sessions by version) names another.
    """

    def __init__(
        self,
        shape: Shape[RecordT],
        noun: str,
        not_found: type[PenholderError] | None = None,
        hint: str = "",
        *,
        name: str | None = None,
        number: str = "number",
    ) -> None:
        """Know the table by its noun: it is called `<noun>s` and its key `<noun>_id`.

        `hint` is what `not_found` says of a record beside that it is not there. Without that error
        nobody may ask for a record by its id.
        """
        self.shape = shape
        self.noun = noun
        self.name = name or f"{noun}s"
        self._key = f"{noun}_id"
        self._not_found = not_found
        self._hint = hint
        self._select = f"SELECT {number}, {shape.columns} FROM {self.name} WHERE"
        self._number = number

    def select(self, rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, RecordT]]:
        """Yield records with the number of each."""
        for row in rx.store.rows(f"{self._select} {condition}", *values):
            yield integer(row[0]), self.shape.read(row[1:], rx.world)

    def first(self, rx: Rx, condition: str, *values: SqlValue) -> RecordT | None:
        """Return the first record of a condition, if there is one."""
        return next((record for _, record in self.select(rx, condition, *values)), None)

    def find(self, rx: Rx, record_id: str) -> RecordT | None:
        """Look a record up by its id."""
        return self.first(rx, f"{self._key} = ?", record_id)

    def require(self, rx: Rx, record_id: str) -> RecordT:
        """Return a record, or raise what says that there is none."""
        found = self.find(rx, record_id)
        if found is None:
            raise self.missing(record_id)
        return found

    def missing(self, record_id: str) -> PenholderError:
        """Say that there is no such record, or none that is meant."""
        assert self._not_found is not None  # such tables are not asked so
        details = {self._key: record_id}
        return self._not_found(f"there is no {self.noun} {record_id!r}{self._hint}", **details)

    def newest_first(
        self, rx: Rx, limit: int, cursor: str | None, **wanted: SqlValue
    ) -> Page[RecordT]:
        """Make a page of those with these values; None of a column is any."""
        # Only the columns that are asked for are named, so that an index of theirs serves the list.
        condition, values = filters("", **wanted)
        newest = f"{self._number} < ?{condition} ORDER BY {self._number} DESC"
        return paging.page(self.select(rx, newest, paging.before(cursor), *values), limit)

    def oldest_first(
        self, rx: Rx, limit: int, cursor: str | None, *, after: int = 0, **wanted: SqlValue
    ) -> Page[RecordT]:
        """Make a page in the other direction; the cursor goes before `after`."""
        condition, values = filters("", **wanted)
        oldest = f"{self._number} > ?{condition} ORDER BY {self._number}"
        return paging.page(self.select(rx, oldest, paging.after(cursor, after), *values), limit)

    def write(self, tx: Tx, record_id: str, assignments: str, *values: SqlValue) -> RecordT:
        """Change a record and return it, or raise what says that there is none."""
        row = tx.store.row(
            f"UPDATE {self.name} SET {assignments}, updated_at = ? WHERE {self._key} = ?"
            f" RETURNING {self.shape.columns}",
            *values,
            tx.now,
            record_id,
        )
        if row is None:
            raise self.missing(record_id)
        return self.shape.read(row, tx.world)


def require_state(
    noun: str, record_id: str, current: str, expected: str | None, **details: str
) -> None:
    """Compare a state before it is set; raises StaleState unless it is the `expected`, if any."""
    if expected is not None and current != expected:
        told = {f"{noun}_id": record_id, "expected": expected, "current_state": current, **details}
        raise StaleState(f"{noun} {record_id} is {current}, not {expected}", **told)
