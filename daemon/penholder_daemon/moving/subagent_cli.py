"""From subagent-cli: controllers with their owners, workers, events, approvals, handoffs.

Whoever owns a controller there goes on owning it: the epoch is the highest ever, and the active
owner's token, which stood there in the clear, is kept as its hash.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from penholder_daemon.core import streams
from penholder_daemon.core.store import to_json
from penholder_daemon.moving.entries import Streams
from penholder_daemon.moving.source import Program, Source
from penholder_daemon.moving.target import Columns, Target
from penholder_daemon.moving.values import json_as, json_object, json_or_none, utc, utc_or_none
from penholder_protocol.limits import MAX_INTEGER
from penholder_protocol.nouns import Option
from penholder_protocol.nouns.words import (
    ApprovalId,
    ControllerId,
    EventId,
    HandoffId,
    InstanceId,
    Label,
    Names,
    OptionId,
    Pid,
    SessionId,
    Text,
    Token,
    TurnId,
    TypeName,
    WorkerId,
    WorkerState,
)

_FromOne = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
_DEFAULT_OPTIONS = [
    Option(id="allow", alias="allow", label="Allow"),
    Option(id="deny", alias="deny", label="Deny"),
]
_OPTIONS = msgspec.json.Decoder(list[Option])
_PACKS = msgspec.json.Decoder(Names)


class _Controller(msgspec.Struct):
    controller_id: ControllerId
    label: Label
    workspace_key: Label
    created_at: str
    updated_at: str


class _Instance(msgspec.Struct):
    instance_id: InstanceId
    controller_id: ControllerId
    epoch: _FromOne
    token: Token
    pid: Pid | None
    is_active: Literal[0, 1]
    created_at: str
    released_at: str | None


class _Worker(msgspec.Struct):
    worker_id: WorkerId
    controller_id: ControllerId
    label: Label
    launcher: Label
    profile: Label
    packs_json: str
    cwd: Label
    session_id: SessionId | None
    state: WorkerState
    recovery_state: str
    created_at: str
    updated_at: str
    stopped_at: str | None
    last_error: Text | None
    runtime_pid: Pid | None = None
    runtime_socket: Text | None = None
    active_turn_id: TurnId | None = None


class _Event(msgspec.Struct):
    event_id: EventId
    worker_id: WorkerId
    event_seq: _FromOne
    ts: str
    event_type: TypeName
    turn_id: TurnId | None
    data_json: str
    raw_json: str | None


class _Approval(msgspec.Struct):
    request_id: ApprovalId
    worker_id: WorkerId
    turn_id: TurnId | None
    status: Literal["pending", "decided", "canceled"]
    kind: TypeName
    message: Text
    options_json: str
    created_at: str
    decided_at: str | None
    decision: Text | None
    selected_option_id: OptionId | None
    selected_alias: Text | None
    note: Text | None


class _Handoff(msgspec.Struct):
    snapshot_id: HandoffId
    worker_id: WorkerId
    controller_id: ControllerId
    source_turn_id: TurnId | None
    handoff_path: Label
    checkpoint_path: Label
    created_at: str


PROGRAM = Program(
    "subagent-cli",
    {
        "controllers": _Controller,
        "controller_instances": _Instance,
        "workers": _Worker,
        "worker_events": _Event,
        "approval_requests": _Approval,
        "handoff_snapshots": _Handoff,
    },
)


def move(source: Source, target: Target) -> None:
    """Carry everything over; raises Refused or Conflict."""
    _move_controllers(source, target)
    _move_instances(source, target)
    written = Streams(target, source.skipping)
    _move_workers(source, target, written)
    _move_events(source, written)
    written.close()
    _move_approvals(source, target)
    _move_handoffs(source, target)


def _of_controller(each: _Instance | _Worker) -> dict[str, str | None]:
    return {"controllers": each.controller_id}


def _of_worker(each: _Event | _Approval) -> dict[str, str | None]:
    return {"workers": each.worker_id}


def _of_both(each: _Handoff) -> dict[str, str | None]:
    return {"workers": each.worker_id, "controllers": each.controller_id}


def _controller(each: _Controller) -> Columns:
    return {
        "controller_id": each.controller_id,
        "label": each.label,
        "workspace_key": each.workspace_key,
        "created_at": utc(each.created_at),
        "updated_at": utc(each.updated_at),
    }


def _move_controllers(source: Source, target: Target) -> None:
    for _each, row in source.rows("controllers", _Controller, "created_at, rowid", _controller):
        target.put("controllers", ("controller_id",), row)


def _instance(each: _Instance) -> Columns:
    return {
        "instance_id": each.instance_id,
        "controller_id": each.controller_id,
        "epoch": each.epoch,
        "pid": each.pid,
        "is_active": each.is_active,
        "created_at": utc(each.created_at),
        "released_at": utc_or_none(each.released_at),
    }


def _move_instances(source: Source, target: Target) -> None:
    of_controller: dict[str, list[tuple[_Instance, Columns]]] = {}
    order = "created_at, epoch, rowid"
    found = source.rows("controller_instances", _Instance, order, _instance, _of_controller)
    for each, row in found:
        of_controller.setdefault(each.controller_id, []).append((each, row))
    for instances in of_controller.values():
        # The highest epoch counts, also where its owner is gone: here it may never be given again.
        newest = max((each for each, _ in instances), key=lambda each: each.epoch)
        for each, row in instances:
            if each.is_active and each is not newest:
                why = (
                    f"it is active under epoch {each.epoch}, though epoch {newest.epoch} was given"
                )
                source.refuse("controller_instances", each.instance_id, why)
            else:
                target.put("instances", ("instance_id",), row)
        _move_fence(target, newest)


def _move_fence(target: Target, newest: _Instance) -> None:
    # Hashed as core.fence does it.
    token_hash = hashlib.sha256(newest.token.encode()).hexdigest() if newest.is_active else None
    subject = streams.controller(newest.controller_id)
    row: Columns = {"subject": subject, "epoch": newest.epoch, "token_hash": token_hash}
    target.put("fences", ("subject",), row)


def _worker(each: _Worker) -> Columns:
    return {
        "worker_id": each.worker_id,
        "controller_id": each.controller_id,
        "label": each.label,
        "launcher": each.launcher,
        "profile": each.profile,
        "packs": to_json(json_as(_PACKS, each.packs_json, "packs_json")),
        "cwd": each.cwd,
        "env": "{}",
        # Every worker has a session here; the same one however often it is moved.
        "session_id": each.session_id or f"sess_{each.worker_id}",
        "endpoint_pid": each.runtime_pid,
        "runtime_socket": each.runtime_socket,
        "state": each.state,
        # Nobody has its seat here, whatever was attached there.
        "recovery_state": "lost" if each.recovery_state == "lost" else "restartable",
        "active_turn_id": each.active_turn_id,
        "created_at": utc(each.created_at),
        "updated_at": utc(each.updated_at),
        "stopped_at": utc_or_none(each.stopped_at),
        "last_error": each.last_error,
    }


def _move_workers(source: Source, target: Target, written: Streams) -> None:
    for each, row in source.rows(
        "workers", _Worker, "created_at, rowid", _worker, needs=_of_controller
    ):
        # A worker that is here has its stream already.
        if target.store.row("SELECT 1 FROM workers WHERE worker_id = ?", each.worker_id) is None:
            written.open_worker(each.worker_id, each.controller_id)
        target.put("workers", ("worker_id",), row)


# By time, and one worker's never against its own numbers, though its clock may have gone back.
_IN_ORDER = (
    "MAX(ts) OVER (PARTITION BY worker_id ORDER BY event_seq),"
    " MAX(rowid) OVER (PARTITION BY worker_id ORDER BY event_seq), event_seq"
)


def _entry(each: _Event) -> Columns:
    return {
        "entry_id": each.event_id,
        "ts": utc(each.ts),
        "type": each.event_type,
        "turn_id": each.turn_id,
        "data": json_object(each.data_json, "data_json"),
        "raw": json_or_none(each.raw_json, "raw_json"),
    }


def _move_events(source: Source, written: Streams) -> None:
    for each, entry in source.rows("worker_events", _Event, _IN_ORDER, _entry, needs=_of_worker):
        written.put(streams.worker(each.worker_id), each.event_seq, entry)


def _approval(each: _Approval) -> Columns:
    return {
        "request_id": each.request_id,
        "worker_id": each.worker_id,
        "turn_id": each.turn_id,
        "state": each.status,
        "kind": each.kind,
        "message": each.message,
        "options": to_json(_options(each.options_json)),
        "created_at": utc(each.created_at),
        "decided_at": utc_or_none(each.decided_at),
        "decision": each.decision,
        "selected_option_id": each.selected_option_id,
        "selected_alias": each.selected_alias,
        "note": each.note,
    }


def _move_approvals(source: Source, target: Target) -> None:
    for _each, row in source.rows(
        "approval_requests", _Approval, "created_at, rowid", _approval, needs=_of_worker
    ):
        target.put("approvals", ("request_id",), row)


def _options(text: str) -> list[Option]:
    options = json_as(_OPTIONS, text, "options_json") or _DEFAULT_OPTIONS
    if len({option.id for option in options}) < len(options):
        raise ValueError("options_json: two options have the same id")
    return options


def _handoff(each: _Handoff) -> Columns:
    return {
        "snapshot_id": each.snapshot_id,
        "worker_id": each.worker_id,
        "controller_id": each.controller_id,
        "source_turn_id": each.source_turn_id,
        "handoff_path": each.handoff_path,
        "checkpoint_path": each.checkpoint_path,
        "created_at": utc(each.created_at),
    }


def _move_handoffs(source: Source, target: Target) -> None:
    for _each, row in source.rows(
        "handoff_snapshots", _Handoff, "created_at, rowid", _handoff, needs=_of_both
    ):
        target.put("handoffs", ("snapshot_id",), row)
