"""Boards themselves: the goal, its state, what happened, and the summary."""

from collections.abc import Iterator
from typing import cast

import msgspec
from msgspec import Raw

from penholder_daemon.core import journal, paging, streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import integer, to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.board.records.tables import (
    BOARDS,
    BRIEFS,
    WORKSTREAMS,
    require_brief_of,
)
from penholder_protocol.errors import BoardNotFound, BriefNotFound, CursorGone, StaleState
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Board, BoardEvent, BoardSummary, Entry, Finding, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    BoardEventKind,
    BoardId,
    BoardState,
    BriefId,
    Cursor,
    Goal,
    JsonObject,
    ListLimit,
    Sequence,
)

room = Room("board")

_BOTH = (CONTROL, RUNTIME)


class _Content(msgspec.Struct, frozen=True):
    """What the entry of an event holds as its data."""

    brief_id: str | None
    detail: Raw


_decode_content = msgspec.json.Decoder(_Content).decode


@room.mutation(sockets=_BOTH)
def create(tx: Tx, *, board_id: BoardId, goal: Goal) -> Board:
    """Make a board, pending; if there is one of this id, it is answered as it stands."""
    tx.store.run(
        "INSERT INTO boards (board_id, goal, state, created_at, updated_at)"
        " VALUES (?, ?, 'pending', ?, ?) ON CONFLICT (board_id) DO NOTHING",
        board_id,
        goal,
        tx.now,
        tx.now,
    )
    return BOARDS.require(tx, board_id)


@room.query(sockets=_BOTH, errors=(BoardNotFound,))
def get(rx: Rx, *, board_id: BoardId) -> Board:
    """Return one board."""
    return BOARDS.require(rx, board_id)


@room.query(sockets=_BOTH)
def list_(
    rx: Rx, *, limit: ListLimit = DEFAULT_LIST_LIMIT, cursor: Cursor | None = None
) -> Page[Board]:
    """List boards, newest first."""
    return BOARDS.newest_first(rx, limit, cursor)


@room.mutation(sockets=_BOTH, errors=(BoardNotFound, StaleState))
def set_state(
    tx: Tx, *, board_id: BoardId, state: BoardState, expected: BoardState | None = None
) -> Board:
    """Put a board into any state; `expected` makes it a compare-and-set."""
    return BOARDS.set_state(tx, board_id, state, expected)


@room.mutation(sockets=_BOTH, errors=(BoardNotFound, BriefNotFound))
def append_event(
    tx: Tx,
    *,
    board_id: BoardId,
    kind: BoardEventKind,
    brief_id: BriefId | None = None,
    detail: JsonObject = EMPTY_OBJECT,
) -> BoardEvent:
    """Add an event to the board's stream, about a brief or the whole board."""
    BOARDS.require(tx, board_id)
    if brief_id is not None:
        require_brief_of(tx, board_id, brief_id)
    content = Raw(to_json(_Content(brief_id, detail)))
    entry = journal.append(tx, streams.board(board_id), kind, content)
    # Counted here: a summary must neither read all events nor forget those that were pruned.
    tx.store.run(
        "INSERT INTO board_event_counts (board_id, kind, events) VALUES (?, ?, 1)"
        " ON CONFLICT (board_id, kind) DO UPDATE SET events = board_event_counts.events + 1",
        board_id,
        kind,
    )
    return _event(board_id, entry)


@room.query(sockets=_BOTH, errors=(BoardNotFound, CursorGone))
def events(
    rx: Rx,
    *,
    board_id: BoardId,
    after_seq: Sequence = 0,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[BoardEvent]:
    """List a board's events, oldest first, after a sequence number."""
    BOARDS.require(rx, board_id)
    after = paging.after(cursor, after_seq)
    return paging.page(_read(rx, board_id, after), limit)


@room.query(sockets=_BOTH, errors=(BoardNotFound,))
def summary(rx: Rx, *, board_id: BoardId) -> BoardSummary:
    """Return a board with how many workstreams and briefs are in which state, events of which kind.

    Events count also when retention has taken them.
    """
    board = BOARDS.require(rx, board_id)
    counts = rx.store.rows(
        "SELECT kind, events FROM board_event_counts WHERE board_id = ?", board_id
    )
    return BoardSummary(
        **msgspec.structs.asdict(board),
        workstreams_by_state=WORKSTREAMS.count_by_state(rx, board_id),
        briefs_by_state=BRIEFS.count_by_state(rx, board_id),
        events_by_kind={str(kind): integer(events) for kind, events in counts},
    )


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """Every event of a board is counted, and what a brief names is of its board and above."""
    return verify.query(
        rx,
        {
            "board_events_are_counted": (
                "SELECT s.name || ' has ' || s.last_seq || ' events, counted are '"
                " || COALESCE(SUM(c.events), 0) FROM streams s LEFT JOIN board_event_counts c"
                " ON 'board:' || c.board_id = s.name WHERE s.name >= 'board:' AND s.name < 'board;'"
                " GROUP BY s.stream_id HAVING s.last_seq <> COALESCE(SUM(c.events), 0)"
            ),
            "briefs_stay_on_their_board": (
                "SELECT 'brief ' || b.brief_id || ' reaches into another board' FROM briefs b"
                " LEFT JOIN briefs p ON p.brief_id = b.parent_brief_id"
                " LEFT JOIN workstreams w ON w.workstream_id = b.workstream_id"
                " WHERE p.board_id <> b.board_id OR w.board_id <> b.board_id"
            ),
            "briefs_hang_below_a_top": (
                "SELECT 'brief ' || brief_id || ' hangs below itself' FROM briefs WHERE number"
                " NOT IN (WITH RECURSIVE tree (number, board_id, brief_id) AS ("
                " SELECT number, board_id, brief_id FROM briefs WHERE parent_brief_id IS NULL"
                " UNION SELECT b.number, b.board_id, b.brief_id FROM tree JOIN briefs b"
                " ON b.board_id = tree.board_id AND b.parent_brief_id = tree.brief_id"
                ") SELECT number FROM tree)"
            ),
        },
    )


def _read(rx: Rx, board_id: str, after_seq: int) -> Iterator[tuple[int, BoardEvent]]:
    entries = journal.read_stream(rx, streams.board(board_id), after_seq)
    return ((entry.seq, _event(board_id, entry)) for entry in entries)


def _event(board_id: str, entry: Entry) -> BoardEvent:
    content = _decode_content(entry.data)
    return BoardEvent(
        event_id=entry.entry_id,
        pos=entry.pos,
        board_id=board_id,
        brief_id=content.brief_id,
        seq=entry.seq,
        kind=cast(BoardEventKind, entry.type),  # append_event takes no other
        detail=content.detail,
        created_at=entry.ts,
    )
