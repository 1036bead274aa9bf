"""The tables of boards, workstreams and briefs, and the one way in which a state is set."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from penholder_daemon.core import paging
from penholder_daemon.core.store import Shape, SqlValue, filters
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import (
    BoardNotFound,
    BriefNotFound,
    PenholderError,
    StaleState,
    WorkstreamNotFound,
)
from penholder_protocol.nouns import Board, Brief, Page, Workstream

RecordT = TypeVar("RecordT", Board, Workstream, Brief)


class Table(Generic[RecordT]):
    """One of the three tables: its records have an id, a state, and times of their making."""

    def __init__(
        self, record_type: type[RecordT], noun: str, not_found: type[PenholderError]
    ) -> None:
        """Know the table by the noun; the id is its noun too."""
        self.noun = noun
        self.shape: Shape[RecordT] = Shape(record_type)
        self._id = f"{noun}_id"
        self._not_found = not_found

    def select(self, rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, RecordT]]:
        """Yield records with their commit order."""
        sql = f"SELECT number, {self.shape.columns} FROM {self.noun}s WHERE {condition}"
        for row in rx.store.rows(sql, *values):
            yield int(str(row[0])), self.shape.read(row[1:])

    def page_of_board(
        self, rx: Rx, board_id: str, state: str | None, limit: int, cursor: str | None
    ) -> Page[RecordT]:
        """List what a board has, in a state or in any, newest first."""
        BOARDS.require(rx, board_id)
        wanted, values = filters("", board_id=board_id, state=state)
        newest = f"number < ?{wanted} ORDER BY number DESC"
        return paging.page(self.select(rx, newest, paging.before(cursor), *values), limit)

    def find(self, rx: Rx, record_id: str) -> RecordT | None:
        """Look a record up."""
        return next((found for _, found in self.select(rx, f"{self._id} = ?", record_id)), None)

    def require(self, rx: Rx, record_id: str) -> RecordT:
        """Return a record or raise what says that there is none."""
        found = self.find(rx, record_id)
        if found is None:
            raise self.missing(record_id)
        return found

    def missing(self, record_id: str) -> PenholderError:
        """Say that there is no such record, or none that is meant."""
        details = {self._id: record_id}
        return self._not_found(f"there is no {self.noun} {record_id!r} here", **details)

    def write(self, tx: Tx, record_id: str, assignments: str, *values: SqlValue) -> RecordT:
        """Change a record and return it."""
        tx.store.run(
            f"UPDATE {self.noun}s SET {assignments}, updated_at = ? WHERE {self._id} = ?",
            *values,
            tx.now,
            record_id,
        )
        return self.require(tx, record_id)

    def set_state(self, tx: Tx, record_id: str, state: str, expected: str | None) -> RecordT:
        """Put a record into any state; `expected` makes it a compare-and-set."""
        current = self.require(tx, record_id).state
        if expected is not None and current != expected:
            details = {self._id: record_id, "expected": expected, "current_state": current}
            raise StaleState(
                f"{self.noun} {record_id} is {current}, not {expected}", next_state=state, **details
            )
        return self.write(tx, record_id, "state = ?", state)

    def count_by_state(self, rx: Rx, board_id: str) -> dict[str, int]:
        """Count the records of a board by their states; what does not occur is left out."""
        rows = rx.store.rows(
            f"SELECT state, COUNT(*) FROM {self.noun}s WHERE board_id = ? GROUP BY state", board_id
        )
        return {str(state): int(str(count)) for state, count in rows}


BOARDS = Table(Board, "board", BoardNotFound)
WORKSTREAMS = Table(Workstream, "workstream", WorkstreamNotFound)
BRIEFS = Table(Brief, "brief", BriefNotFound)


def require_workstream_of(rx: Rx, board_id: str, workstream_id: str) -> None:
    """Raise WorkstreamNotFound unless the board has it."""
    if WORKSTREAMS.require(rx, workstream_id).board_id != board_id:
        raise WORKSTREAMS.missing(workstream_id)


def require_brief_of(rx: Rx, board_id: str, brief_id: str) -> None:
    """Raise BriefNotFound unless the board has it."""
    if BRIEFS.require(rx, brief_id).board_id != board_id:
        raise BRIEFS.missing(brief_id)
