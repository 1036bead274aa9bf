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


def _of_run(each: _Workstream) -> dict[str, str | None]:
    return {"runs": each.run_id}


def _of_workstream(each: _Brief) -> dict[str, str | None]:
    return {"runs": each.run_id, "workstreams": each.workstream_id}


def _of_run_and_brief(each: _Event) -> dict[str, str | None]:
    return {"runs": each.run_id, "briefs": each.brief_id}


def _board(each: _Run) -> Columns:
    return {
        "board_id": each.run_id,
        "goal": each.goal,
        "state": each.status,
        "created_at": utc(each.created_at),
        "updated_at": utc(each.updated_at),
    }


def _move_runs(source: Source, target: Target) -> None:
    for _each, row in source.rows("runs", _Run, "rowid", _board):
        target.put("boards", ("board_id",), row)


def _workstream(each: _Workstream) -> Columns:
    return {
        "workstream_id": each.workstream_id,
        "board_id": each.run_id,
        "name": each.name,
        "tier": each.tier,
        "state": each.status,
        "owner_agent_id": each.owner_agent_id,
        "created_at": utc(each.created_at),
        "updated_at": utc(each.updated_at),
    }


def _move_workstreams(source: Source, target: Target) -> None:
    for _each, row in source.rows("workstreams", _Workstream, "rowid", _workstream, needs=_of_run):
        target.put("workstreams", ("workstream_id",), row)


def _brief(each: _Brief) -> Columns:
    return {
        "brief_id": each.brief_id,
        "board_id": each.run_id,
        "parent_brief_id": each.parent_brief_id,
        "workstream_id": each.workstream_id,
        "tier": each.tier,
        "role": each.role,
        "state": each.status,
        "payload": json_object(each.payload, "payload"),
        "result": None if each.result is None else json_object(each.result, "result"),
        "retry_count": each.retry_count,
        "created_at": utc(each.created_at),
        "updated_at": utc(each.updated_at),
    }


def _move_briefs(source: Source, target: Target) -> None:
    # All of them first: a parent may come after its child.
    found = list(source.rows("briefs", _Brief, "rowid", _brief, needs=_of_workstream))
    rooted = _rooted(source, target, {each.brief_id: each.parent_brief_id for each, _ in found})
    for each, row in found:
        if each.brief_id in rooted:
            target.put("briefs", ("brief_id",), row)


def _rooted(source: Source, target: Target, parents: dict[str, str | None]) -> set[str]:
    """Refuse a brief whose ancestors do not end in a root: the program itself never checked.

    Returns the others.
    """
    # What is known to end in a root is not walked again: each brief is walked over once.
    rooted: set[str] = set()
    for brief_id in parents:
        path: dict[str, None] = {}
        above: str | None = brief_id
        why = ""
        while above is not None and above not in rooted and not why:
            if above in path:
                why = f"{above!r} is an ancestor of itself"
            elif above not in parents and not _is_here(target, above):
                why = f"there is no brief {above!r} above it"
            path[above] = None
            above = parents.get(above)
        if why:
            source.refuse("briefs", brief_id, why)
        else:
            rooted |= set(path)
    return rooted


def _is_here(target: Target, brief_id: str) -> bool:
    return target.store.row("SELECT 1 FROM briefs WHERE brief_id = ?", brief_id) is not None


def _entry(each: _Event) -> Columns:
    detail = msgspec.Raw(json_object(each.detail, "detail"))
    return {
        "entry_id": each.event_id,
        "ts": utc(each.created_at),
        "type": each.kind,
        "turn_id": None,
        # As the board room writes it.
        "data": to_json({"brief_id": each.brief_id, "detail": detail}),
        "raw": None,
    }


def _move_events(source: Source, target: Target) -> None:
    written = Streams(target, source.skipping)
    seqs: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    for each, entry in source.rows("events", _Event, "rowid", _entry, needs=_of_run_and_brief):
        seqs[each.run_id] += 1
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
