"""Briefs: the tree of orders by which a board's goal is reached."""

from msgspec import Raw

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.board.records import trees
from penholder_daemon.rooms.board.records.tables import (
    BOARDS,
    BRIEFS,
    require_brief_of,
    require_workstream_of,
)
from penholder_protocol.errors import (
    BoardNotFound,
    BriefExists,
    BriefNotFound,
    StaleState,
    TreeTooLarge,
    WorkstreamNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Brief, BriefTree, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    NULL,
    BoardId,
    BriefId,
    BriefState,
    Cursor,
    JsonObject,
    Label,
    ListLimit,
    RetryCount,
    Tier,
    TreeDepth,
    WorkstreamId,
)

room = Room("brief")

_BOTH = (CONTROL, RUNTIME)


@room.mutation(
    sockets=_BOTH, errors=(BoardNotFound, BriefNotFound, WorkstreamNotFound, BriefExists)
)
def create(
    tx: Tx,
    *,
    board_id: BoardId,
    brief_id: BriefId | None = None,
    parent_brief_id: BriefId | None = None,
    workstream_id: WorkstreamId | None = None,
    tier: Tier,
    role: Label,
    payload: JsonObject = EMPTY_OBJECT,
    retry_count: RetryCount = 0,
) -> Brief:
    """Make a brief, pending; if the board has one of this id, it is answered as it stands.

    Its parent and its workstream are of the same board.
    """
    BOARDS.require(tx, board_id)
    if parent_brief_id is not None:
        require_brief_of(tx, board_id, parent_brief_id)
    if workstream_id is not None:
        require_workstream_of(tx, board_id, workstream_id)
    made = Brief(
        brief_id=brief_id or tx.world.new_id("br_"),
        board_id=board_id,
        parent_brief_id=parent_brief_id,
        workstream_id=workstream_id,
        tier=tier,
        role=role,
        state="pending",
        payload=payload,
        result=NULL,
        retry_count=retry_count,
        created_at=tx.now,
        updated_at=tx.now,
    )
    standing = BRIEFS.find(tx, made.brief_id)
    if standing is not None and standing.board_id != board_id:
        raise BriefExists(f"another board has a brief {brief_id!r}", brief_id=made.brief_id)
    return standing or _insert(tx, made)


def _insert(tx: Tx, made: Brief) -> Brief:
    tx.store.run(
        f"INSERT INTO briefs ({BRIEFS.shape.columns})"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
        made.brief_id,
        made.board_id,
        made.parent_brief_id,
        made.workstream_id,
        made.tier,
        made.role,
        made.state,
        _text(made.payload),
        made.retry_count,
        made.created_at,
        made.updated_at,
    )
    return made


@room.query(sockets=_BOTH, errors=(BriefNotFound,))
def get(rx: Rx, *, brief_id: BriefId) -> Brief:
    """Return one brief."""
    return BRIEFS.require(rx, brief_id)


@room.query(sockets=_BOTH, errors=(BoardNotFound,))
def list_(
    rx: Rx,
    *,
    board_id: BoardId,
    state: BriefState | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Brief]:
    """List the briefs of a board, newest first."""
    return BRIEFS.page_of_board(rx, board_id, state, limit, cursor)


@room.mutation(sockets=_BOTH, errors=(BriefNotFound, StaleState))
def set_state(
    tx: Tx, *, brief_id: BriefId, state: BriefState, expected: BriefState | None = None
) -> Brief:
    """Put a brief into any state; `expected` makes it a compare-and-set."""
    return BRIEFS.set_state(tx, brief_id, state, expected)


@room.mutation(sockets=_BOTH, errors=(BriefNotFound,))
def set_result(tx: Tx, *, brief_id: BriefId, result: JsonObject) -> Brief:
    """Store what a brief came to; it is done."""
    BRIEFS.require(tx, brief_id)
    return BRIEFS.write(tx, brief_id, "result = ?, state = 'done'", _text(result))


@room.mutation(sockets=_BOTH, errors=(BriefNotFound,))
def retry(tx: Tx, *, brief_id: BriefId) -> Brief:
    """Count one more try of a brief; its state stays as it is."""
    BRIEFS.require(tx, brief_id)
    return BRIEFS.write(tx, brief_id, "retry_count = retry_count + 1")


@room.query(sockets=_BOTH, errors=(BoardNotFound, BriefNotFound, TreeTooLarge))
def tree(
    rx: Rx,
    *,
    board_id: BoardId,
    root_brief_id: BriefId | None = None,
    depth: TreeDepth | None = None,
) -> BriefTree:
    """Return a board's briefs as a tree, siblings oldest first, or the part under one brief.

    `depth` is how many levels below the uppermost are answered: 0 is those alone.
    """
    BOARDS.require(rx, board_id)
    if root_brief_id is not None:
        require_brief_of(rx, board_id, root_brief_id)
    return trees.grow(rx, board_id, root_brief_id, depth)


def _text(value: Raw) -> str:
    return bytes(value).decode()
