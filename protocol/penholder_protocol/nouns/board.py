"""Records of the board room: a goal, its workstreams, its tree of briefs, its events."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import (
    BoardEventKind,
    BoardState,
    BriefState,
    JsonObject,
    OptionalObject,
    Position,
    Sequence,
    Time,
    WorkstreamState,
)


class Board(Record, frozen=True, kw_only=True):
    """One goal and everything that is done for it."""

    board_id: told.BoardId
    goal: str
    state: BoardState
    created_at: Time
    updated_at: Time


class BoardSummary(Board, frozen=True, kw_only=True):
    """A board and how much of it is where; what does not occur is left out."""

    workstreams_by_state: dict[str, int]
    briefs_by_state: dict[str, int]
    events_by_kind: dict[str, int]


class Workstream(Record, frozen=True, kw_only=True):
    """One strand of a board's work."""

    workstream_id: told.WorkstreamId
    board_id: told.BoardId
    name: str
    tier: int
    state: WorkstreamState
    owner_agent_id: told.AgentId | None
    created_at: Time
    updated_at: Time


class Brief(Record, frozen=True, kw_only=True):
    """One order in a board's tree of orders; `result` is null until there is one."""

    brief_id: told.BriefId
    board_id: told.BoardId
    parent_brief_id: told.BriefId | None
    workstream_id: told.WorkstreamId | None
    tier: int
    role: str
    state: BriefState
    payload: JsonObject
    result: OptionalObject
    retry_count: int
    created_at: Time
    updated_at: Time


class BriefNode(Brief, frozen=True, kw_only=True):
    """A brief with the briefs below it, oldest first."""

    children: list["BriefNode"]


class BriefTree(Record, frozen=True, kw_only=True):
    """Briefs without a parent, or the one that was asked for, each with those below it."""

    items: list[BriefNode]


class BoardEvent(Record, frozen=True, kw_only=True):
    """One entry of a board's stream; `seq` counts 1, 2, 3 … without a hole."""

    event_id: told.EventId
    pos: Position
    board_id: told.BoardId
    brief_id: told.BriefId | None
    seq: Sequence
    kind: BoardEventKind
    detail: JsonObject
    created_at: Time
