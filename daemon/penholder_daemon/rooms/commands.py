"""What is asked of a run: turns, steers and interrupts, each ended once."""

from collections.abc import Iterator

from penholder_daemon.core import paging, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.idempotency import payload_hash
from penholder_daemon.core.registry import Room, Waiting
from penholder_daemon.core.store import Shape, SqlValue
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs import records, stream
from penholder_daemon.rooms.runs.records import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.errors import (
    CommandNotFound,
    Fenced,
    FenceRequired,
    IdempotencyConflict,
    InvalidParams,
    RunNotFound,
    RunTerminal,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS
from penholder_protocol.nouns import Command, LeaseProof, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    CommandId,
    CommandLimit,
    CommandState,
    CommandType,
    Cursor,
    FailureKind,
    IdempotencyKey,
    JsonObject,
    RunId,
    RunOutcome,
    Sequence,
    Text,
    ThreadId,
    TurnId,
    WaitMs,
)

room = Room("command")

_BOTH = (CONTROL, RUNTIME)
_GUARDED = (CommandNotFound, FenceRequired, Fenced)
_COMMAND = Shape(Command)
_OPEN = ("pending", "acknowledged")
_STATES: dict[RunOutcome, CommandState] = {
    "completed": "completed",
    "failed": "failed",
    # Whether a failed command was blocked is said in the stream alone.
    "blocked": "failed",
    "canceled": "canceled",
}


# --- the door for other rooms ---------------------------------------------------------------
def require(rx: Rx, command_id: str, run_id: str | None = None) -> Command:
    """Return a command, if need be of this run, or raise CommandNotFound."""
    found = _select(rx, "command_id = ?1 AND (?2 IS NULL OR run_id = ?2)", command_id, run_id)
    for _, command in found:
        return command
    of_run = "" if run_id is None else f" of run {run_id}"
    raise CommandNotFound(f"there is no command {command_id!r}{of_run}", command_id=command_id)


def cancel_open(tx: Tx, run: RunHead, reason: str) -> None:
    """Cancel what is still asked of a run that is canceled, in the order it was asked."""
    still_open = "run_id = ? AND state IN ('pending', 'acknowledged') ORDER BY seq"
    for _, command in list(_select(tx, still_open, run.run_id)):
        _end(tx, run, command, "canceled", "canceled", reason)


def tell_session(
    tx: Tx,
    run: RunHead,
    outcome: RunOutcome,
    failure_kind: str | None,
    command_id: str | None,
) -> None:
    """Tell the run's session of the end of a turn, or (with no command) of the run itself."""
    if run.session_id is None:
        return
    is_active = command_id is not None and not run.is_terminal and _has_open_turn(tx, run.run_id)
    records.set_active(tx, run.run_id, is_active=is_active)
    ending = sessions.Ending(
        run_id=run.run_id,
        run_is_active=is_active,
        other_is_active=records.has_other_active(tx, run.session_id, run.run_id),
        command_id=command_id or _active_command(tx, run.session_id, run.run_id),
        outcome=outcome,
        failure_kind=failure_kind,
    )
    sessions.ended(tx, run.session_id, ending)


def _has_open_turn(rx: Rx, run_id: str) -> bool:
    row = rx.store.row(
        "SELECT 1 FROM commands WHERE run_id = ? AND state IN ('pending', 'acknowledged')"
        " AND type = 'turn' LIMIT 1",
        run_id,
    )
    return row is not None


def _active_command(rx: Rx, session_id: str, run_id: str) -> str | None:
    """Return what the session holds for active if it is a command of this run."""
    command_id = sessions.active_command(rx, session_id)
    if command_id is None or require(rx, command_id).run_id != run_id:
        return None
    return command_id


# --- methods ----------------------------------------------------------------------------------
@room.mutation(
    sockets=(CONTROL,),
    errors=(RunNotFound, RunTerminal, IdempotencyConflict, InvalidParams),
    keeps_key=True,
)
def create(
    tx: Tx,
    *,
    run_id: RunId,
    type: CommandType,  # noqa: A002 - wire name
    payload: JsonObject = EMPTY_OBJECT,
    idempotency_key: IdempotencyKey | None = None,
) -> Command:
    """Ask something of a run: a turn, a steer of the present turn, or an interrupt.

    The idempotency key counts for ever among the commands of the run: the command that was made
    under it is answered as it stands now.
    """
    run = records.require(tx, run_id)
    hashed = payload_hash(payload)
    made = None if idempotency_key is None else _made_under(tx, run_id, idempotency_key)
    if made is not None:
        return _same(made, type, hashed)
    if run.is_terminal:
        raise RunTerminal(
            f"run {run_id} is {run.state} and takes no more commands; create another run",
            run_id=run_id,
            current_state=run.state,
        )
    command = Command(
        command_id=tx.world.new_id("cmd_"),
        run_id=run_id,
        seq=_next_seq(tx, run_id),
        type=type,
        state="pending",
        payload=payload,
        payload_hash=hashed,
        idempotency_key=idempotency_key,
        created_at=tx.now,
        updated_at=tx.now,
        acknowledged_at=None,
    )
    _insert(tx, command)
    _begin(tx, run, command)
    return command


def _made_under(rx: Rx, run_id: str, key: str) -> Command | None:
    found = _select(rx, "run_id = ? AND idempotency_key = ?", run_id, key)
    return next((command for _, command in found), None)


def _same(made: Command, type_: str, hashed: str) -> Command:
    if (made.type, made.payload_hash) != (type_, hashed):
        raise IdempotencyConflict(
            f"key {made.idempotency_key!r} of run {made.run_id} made command {made.command_id}"
            " of another type or payload; use a new key for a new command",
            run_id=made.run_id,
            command_id=made.command_id,
        )
    return made


def _next_seq(tx: Tx, run_id: str) -> int:
    row = tx.store.row(
        "UPDATE runs SET last_command_seq = last_command_seq + 1 WHERE run_id = ?"
        " RETURNING last_command_seq",
        run_id,
    )
    assert row is not None  # the run was found before
    return int(str(row[0]))


def _insert(tx: Tx, command: Command) -> None:
    tx.store.run(
        f"INSERT INTO commands ({_COMMAND.columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        command.command_id,
        command.run_id,
        command.seq,
        command.type,
        command.state,
        bytes(command.payload).decode(),
        command.payload_hash,
        command.idempotency_key,
        command.created_at,
        command.updated_at,
        command.acknowledged_at,
    )


def _begin(tx: Tx, run: RunHead, command: Command) -> None:
    """Have the run and its session take note of a new command."""
    if command.type != "interrupt":
        records.set_active(tx, run.run_id, is_active=True)
    if run.session_id is not None and command.type == "turn":
        sessions.turn_made(tx, run.session_id, run.run_id, command.command_id, command.payload)
    elif run.session_id is not None and command.type == "steer":
        sessions.steer_made(tx, run.session_id, run.run_id, command.command_id)
    stream.note_phase(
        tx,
        run,
        "command-created",
        command_id=command.command_id,
        command_type=command.type,
    )


@room.query(sockets=_BOTH, errors=(CommandNotFound,))
def get(rx: Rx, *, command_id: CommandId) -> Command:
    """Return one command."""
    command = require(rx, command_id)
    records.require_readable(rx, command.run_id)
    return command


@room.query(sockets=_BOTH, errors=(RunNotFound,))
def list_(
    rx: Rx,
    *,
    run_id: RunId,
    after_seq: Sequence = 0,
    limit: CommandLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> Page[Command]:
    """List a run's commands, oldest first; the `next` of a page goes before `after_seq`."""
    records.require_readable(rx, run_id)
    after = after_seq if cursor is None else paging.after(cursor)
    return paging.page(_select(rx, "run_id = ? AND seq > ? ORDER BY seq", run_id, after), limit)


@room.wait(sockets=_BOTH, errors=(RunNotFound,))
def next_(
    rx: Rx,
    *,
    run_id: RunId,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Command | None]:
    """Return the run's oldest pending command as soon as there is one; null once it has ended."""
    run = records.require_readable(rx, run_id)
    pending = "run_id = ? AND state = 'pending' ORDER BY seq LIMIT 1"
    found = None if run.is_terminal else next(_select(rx, pending, run_id), None)
    return Waiting(
        None if found is None else found[1],
        ready=run.is_terminal or found is not None,
        streams=(streams.run(run_id),),
    )


@room.mutation(sockets=_BOTH, errors=_GUARDED)
def ack(tx: Tx, *, command_id: CommandId, lease: LeaseProof | None = None) -> Command:
    """Say that the runner has a command; one that is not pending stays as it is."""
    command = require(tx, command_id)
    records.require_writable(tx, command.run_id, lease)
    tx.store.run(
        "UPDATE commands SET state = 'acknowledged', acknowledged_at = ?1, updated_at = ?1"
        " WHERE command_id = ?2 AND state = 'pending'",
        tx.now,
        command_id,
    )
    return require(tx, command_id)


@room.mutation(sockets=_BOTH, errors=_GUARDED)
def finish(
    tx: Tx,
    *,
    command_id: CommandId,
    outcome: RunOutcome,
    failure_kind: FailureKind | None = None,
    failure_message: Text | None = None,
    thread_id: ThreadId | None = None,
    turn_id: TurnId | None = None,
    lease: LeaseProof | None = None,
) -> Command:
    """End a command; one that has ended stays as it is.

    A thread that the end of a turn gives becomes its session's, with the turn that gave it.
    """
    command = require(tx, command_id)
    run = records.require_writable(tx, command.run_id, lease)
    if command.state in _OPEN:
        if command.type == "turn":
            stream.change_thread(tx, run, thread_id, turn_id)
        _end(tx, run, command, outcome, failure_kind, failure_message)
    return require(tx, command_id)


@room.mutation(sockets=(CONTROL,), errors=(CommandNotFound,))
def cancel(tx: Tx, *, command_id: CommandId, reason: Text = "cancel requested") -> Command:
    """Cancel a command, whoever holds its run; one that has ended stays as it is."""
    command = require(tx, command_id)
    if command.state in _OPEN:
        _end(tx, records.require(tx, command.run_id), command, "canceled", "canceled", reason)
    return require(tx, command_id)


def _end(
    tx: Tx,
    run: RunHead,
    command: Command,
    outcome: RunOutcome,
    failure_kind: str | None,
    message: str | None,
) -> None:
    state = _STATES[outcome]
    tx.store.run(
        "UPDATE commands SET state = ?, updated_at = ? WHERE command_id = ?",
        state,
        tx.now,
        command.command_id,
    )
    if command.type == "turn":
        tell_session(tx, run, outcome, failure_kind, command.command_id)
    stream.note_phase(
        tx,
        run,
        "command-terminal",
        command_id=command.command_id,
        state=state,
        outcome=outcome,
        failure_kind=failure_kind,
        message=message,
    )


def _select(rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, Command]]:
    sql = f"SELECT {_COMMAND.columns} FROM commands WHERE {condition}"
    commands = map(_COMMAND.read, rx.store.rows(sql, *values))
    return ((command.seq, command) for command in commands)
