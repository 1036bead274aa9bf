"""The tables of boards, workstreams and briefs; a state is set in one way in all of them."""

from typing import Generic, TypeVar

from penholder_daemon.core.store import Shape, integer
from penholder_daemon.core.tables import Table, require_state
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import BoardNotFound, BriefNotFound, WorkstreamNotFound
from penholder_protocol.nouns import Board, Brief, Page, Workstream

PartT = TypeVar("PartT", Board, Workstream, Brief)


class BoardTable(Table[PartT], Generic[PartT]):
    """One of the three tables; their records have states, and all but boards are of a board."""

    def page_of_board(
        self, rx: Rx, board_id: str, state: str | None, limit: int, cursor: str | None
    ) -> Page[PartT]:
        """List what a board has, in a state or in any, newest first."""
        BOARDS.require(rx, board_id)
        return self.newest_first(rx, limit, cursor, board_id=board_id, state=state)

    def set_state(self, tx: Tx, record_id: str, state: str, expected: str | None) -> PartT:
        """Put a record into any state; `expected` makes it a compare-and-set."""
        current = self.require(tx, record_id).state
        require_state(self.noun, record_id, current, expected, next_state=state)
        return self.write(tx, record_id, "state = ?", state)

    def count_by_state(self, rx: Rx, board_id: str) -> dict[str, int]:
        """Count the records of a board by their states; what does not occur is left out."""
        rows = rx.store.rows(
            f"SELECT state, COUNT(*) FROM {self.name} WHERE board_id = ?"
            " GROUP BY state ORDER BY state",
            board_id,
        )
        return {str(state): integer(count) for state, count in rows}


BOARDS = BoardTable(Shape(Board), "board", BoardNotFound, " here")
WORKSTREAMS = BoardTable(Shape(Workstream), "workstream", WorkstreamNotFound, " here")
BRIEFS = BoardTable(Shape(Brief), "brief", BriefNotFound, " here")


def require_workstream_of(rx: Rx, board_id: str, workstream_id: str) -> None:
    """Raise WorkstreamNotFound unless the board has it."""
    if WORKSTREAMS.require(rx, workstream_id).board_id != board_id:
        raise WORKSTREAMS.missing(workstream_id)


def require_brief_of(rx: Rx, board_id: str, brief_id: str) -> None:
    """Raise BriefNotFound unless the board has it."""
    if BRIEFS.require(rx, brief_id).board_id != board_id:
        raise BRIEFS.missing(brief_id)
