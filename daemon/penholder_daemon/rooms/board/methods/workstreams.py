"""Workstreams: the strands of a board's work."""

from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.board.records.tables import BOARDS, WORKSTREAMS
from penholder_protocol.errors import (
    BoardNotFound,
    StaleState,
    WorkstreamExists,
    WorkstreamNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT
from penholder_protocol.nouns import Page, Workstream
from penholder_protocol.nouns.words import (
    AgentId,
    BoardId,
    Cursor,
    Label,
    ListLimit,
    Tier,
    WorkstreamId,
    WorkstreamState,
)

room = Room("workstream")

_BOTH = (CONTROL, RUNTIME)


@room.mutation(sockets=_BOTH, errors=(BoardNotFound, WorkstreamExists))
def create(
    tx: Tx,
    *,
    board_id: BoardId,
    workstream_id: WorkstreamId | None = None,
    name: Label,
    tier: Tier,
    owner_agent_id: AgentId | None = None,
) -> Workstream:
    """Make a workstream, pending; if the board has one of this id, it is answered as it stands."""
    BOARDS.require(tx, board_id)
    made = Workstream(
        workstream_id=workstream_id or tx.world.new_id("ws_"),
        board_id=board_id,
        name=name,
        tier=tier,
        state="pending",
        owner_agent_id=owner_agent_id,
        created_at=tx.now,
        updated_at=tx.now,
    )
    standing = WORKSTREAMS.find(tx, made.workstream_id)
    if standing is not None and standing.board_id != board_id:
        raise WorkstreamExists(
            f"another board has a workstream {workstream_id!r}", workstream_id=made.workstream_id
        )
    return standing or _insert(tx, made)


def _insert(tx: Tx, made: Workstream) -> Workstream:
    tx.store.run(
        f"INSERT INTO workstreams ({WORKSTREAMS.shape.columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        made.workstream_id,
        made.board_id,
        made.name,
        made.tier,
        made.state,
        made.owner_agent_id,
        made.created_at,
        made.updated_at,
    )
    return made


@room.query(sockets=_BOTH, errors=(WorkstreamNotFound,))
def get(rx: Rx, *, workstream_id: WorkstreamId) -> Workstream:
    """Return one workstream."""
    return WORKSTREAMS.require(rx, workstream_id)


@room.mutation(sockets=_BOTH, errors=(WorkstreamNotFound, StaleState))
def set_state(
    tx: Tx,
    *,
    workstream_id: WorkstreamId,
    state: WorkstreamState,
    expected: WorkstreamState | None = None,
) -> Workstream:
    """Put a workstream into any state; `expected` makes it a compare-and-set."""
    return WORKSTREAMS.set_state(tx, workstream_id, state, expected)


@room.query(sockets=_BOTH, errors=(BoardNotFound,))
def list_(
    rx: Rx,
    *,
    board_id: BoardId,
    state: WorkstreamState | None = None,
    limit: ListLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Workstream]:
    """List the workstreams of a board, newest first."""
    return WORKSTREAMS.page_of_board(rx, board_id, state, limit, cursor)
