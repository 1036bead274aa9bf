"""From a blackboard: its runs become boards, with workstreams, briefs and events.

Such a program keeps one database a run; each is moved by itself, into the same Penholder.
"""

from collections import Counter

import msgspec

from penholder_daemon.core import streams
from penholder_daemon.core.store import to_json
from penholder_daemon.moving.entries import Streams
from penholder_daemon.moving.source import Program, Source
from penholder_daemon.moving.target import Columns, Target
from penholder_daemon.moving.values import json_object, utc
from penholder_protocol.nouns.words import (
    AgentId,
    BoardEventKind,
    BoardId,
    BoardState,
    BriefId,
    BriefState,
    EventId,
    Goal,
    Label,
    RetryCount,
    Tier,
    WorkstreamId,
    WorkstreamState,
)


class _Run(msgspec.Struct):
    run_id: BoardId
    goal: Goal
    status: BoardState
    created_at: str
    updated_at: str


class _Workstream(msgspec.Struct):
    workstream_id: WorkstreamId
    run_id: BoardId
    name: Label
    tier: Tier
    status: WorkstreamState
    owner_agent_id: AgentId | None
    created_at: str
    updated_at: str


class _Brief(msgspec.Struct):
    brief_id: BriefId
    run_id: BoardId
    parent_brief_id: BriefId | None
    workstream_id: WorkstreamId | None
    tier: Tier
    role: Label
    status: BriefState
    payload: str | None
    result: str | None
    retry_count: RetryCount
    created_at: str
    updated_at: str


class _Event(msgspec.Struct):
    event_id: EventId
    run_id: BoardId
    brief_id: BriefId | None
    kind: BoardEventKind
    detail: str | None
    created_at: str


PROGRAM = Program(
    "a blackboard",
    {"runs": _Run, "workstreams": _Workstream, "briefs": _Brief, "events": _Event},
)


def move(source: Source, target: Target) -> None:
    """Carry everything over; raises Refused or Conflict."""
    _move_runs(source, target)
    _move_workstreams(source, target)
    _move_briefs(source, target)
    _move_events(source, target)


def _move_runs(source: Source, target: Target) -> None:
    for each in source.rows("runs", _Run, "rowid"):
        with source.naming("runs", each.run_id):
            row: Columns = {
                "board_id": each.run_id,
                "goal": each.goal,
                "state": each.status,
                "created_at": utc(each.created_at),
                "updated_at": utc(each.updated_at),
            }
        target.put("boards", ("board_id",), row)


def _move_workstreams(source: Source, target: Target) -> None:
    for each in source.rows("workstreams", _Workstream, "rowid"):
        with source.naming("workstreams", each.workstream_id):
            row: Columns = {
                "workstream_id": each.workstream_id,
                "board_id": each.run_id,
                "name": each.name,
                "tier": each.tier,
                "state": each.status,
                "owner_agent_id": each.owner_agent_id,
                "created_at": utc(each.created_at),
                "updated_at": utc(each.updated_at),
            }
        target.put("workstreams", ("workstream_id",), row)


def _move_briefs(source: Source, target: Target) -> None:
    parents: dict[str, str | None] = {}
    for each in source.rows("briefs", _Brief, "rowid"):
        with source.naming("briefs", each.brief_id):
            result = None if each.result is None else json_object(each.result, "result")
            row: Columns = {
                "brief_id": each.brief_id,
                "board_id": each.run_id,
                "parent_brief_id": each.parent_brief_id,
                "workstream_id": each.workstream_id,
                "tier": each.tier,
                "role": each.role,
                "state": each.status,
                "payload": json_object(each.payload, "payload"),
                "result": result,
                "retry_count": each.retry_count,
                "created_at": utc(each.created_at),
                "updated_at": utc(each.updated_at),
            }
        target.put("briefs", ("brief_id",), row)
        parents[each.brief_id] = each.parent_brief_id
    _check_tree(source, target, parents)


def _check_tree(source: Source, target: Target, parents: dict[str, str | None]) -> None:
    """Refuse a brief whose ancestors do not end in a root: the program itself never checked."""
    rooted: set[str] = set()
    for brief_id in parents:
        path: dict[str, None] = {}
        above: str | None = brief_id
        while above is not None and above not in rooted:
            if above in path:
                raise source.refuse("briefs", brief_id, f"{above!r} is an ancestor of itself")
            if above not in parents and not _is_here(target, above):
                raise source.refuse("briefs", brief_id, f"there is no brief {above!r} above it")
            path[above] = None
            above = parents.get(above)
        rooted |= set(path)


def _is_here(target: Target, brief_id: str) -> bool:
    return target.store.row("SELECT 1 FROM briefs WHERE brief_id = ?", brief_id) is not None


def _move_events(source: Source, target: Target) -> None:
    written = Streams(target)
    seqs: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for each in source.rows("events", _Event, "rowid"):
        seqs[each.run_id] += 1
        with source.naming("events", each.event_id):
            detail = msgspec.Raw(json_object(each.detail, "detail"))
            entry: Columns = {
                "entry_id": each.event_id,
                "ts": utc(each.created_at),
                "type": each.kind,
                "turn_id": None,
                # As the board room writes it.
                "data": to_json({"brief_id": each.brief_id, "detail": detail}),
                "raw": None,
            }
        if written.put(streams.board(each.run_id), seqs[each.run_id], entry):
            counts[each.run_id, each.kind] += 1
    written.close()
    for (board_id, kind), events in counts.items():
        target.store.run(
            "INSERT INTO board_event_counts (board_id, kind, events) VALUES (?, ?, ?)"
            " ON CONFLICT (board_id, kind) DO UPDATE SET events = events + excluded.events",
            board_id,
            kind,
            events,
        )
