"""The table of commands, what their beginning and end mean for the run: the door for others."""

from collections.abc import Iterator

from penholder_daemon.core.room_left import is_full
from penholder_daemon.core.store import Shape, SqlValue
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs import records as runs
from penholder_daemon.rooms.runs import stream
from penholder_daemon.rooms.runs.records import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.errors import CommandNotFound, TooManyCommands
from penholder_protocol.limits import MAX_OPEN_COMMANDS
from penholder_protocol.nouns import Command
from penholder_protocol.nouns.words import CommandState, RunOutcome

OPEN = ("pending", "acknowledged")

_COMMAND = Shape(Command)
_STATES: dict[RunOutcome, CommandState] = {
    "completed": "completed",
    "failed": "failed",
    # Whether a failed command was blocked is said in the stream alone.
    "blocked": "failed",
    "canceled": "canceled",
}


def require(rx: Rx, command_id: str, run_id: str | None = None) -> Command:
    """Return a command, if need be of this run, or raise CommandNotFound."""
    found = select(rx, "command_id = ?1 AND (?2 IS NULL OR run_id = ?2)", command_id, run_id)
    for _, command in found:
        return command
    of_run = "" if run_id is None else f" of run {run_id}"
    raise CommandNotFound(f"there is no command {command_id!r}{of_run}", command_id=command_id)


def made_under(rx: Rx, run_id: str, key: str) -> Command | None:
    """Return what the run was asked under an idempotency key."""
    found = select(rx, "run_id = ? AND idempotency_key = ?", run_id, key)
    return next((command for _, command in found), None)


def select(rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, Command]]:
    """Yield commands with their numbers, by which lists of a run are sorted."""
    sql = f"SELECT {_COMMAND.columns} FROM commands WHERE {condition}"
    commands = map(_COMMAND.read, rx.store.rows(sql, *values))
    return ((command.seq, command) for command in commands)


def insert(tx: Tx, command: Command) -> None:
    """Store a new command."""
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


def begin(tx: Tx, run: RunHead, command: Command) -> None:
    """Have the run and its session take note of a new command."""
    if command.type != "interrupt":
        runs.set_active(tx, run.run_id, is_active=True)
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


def require_room(tx: Tx, run_id: str) -> None:
    """Raise TooManyCommands where a cancel of the run would have too many to end at once."""
    still_open = "commands WHERE run_id = ? AND state IN ('pending', 'acknowledged')"
    if is_full(tx, still_open, run_id, most=MAX_OPEN_COMMANDS):
        raise TooManyCommands(
            f"run {run_id} has MAX_OPEN_COMMANDS ({MAX_OPEN_COMMANDS}) commands that have not"
            " ended; let some of them end, or cancel them with command.cancel",
            run_id=run_id,
            limit="MAX_OPEN_COMMANDS",
            maximum=MAX_OPEN_COMMANDS,
        )


def cancel_open(tx: Tx, run: RunHead, reason: str) -> None:
    """Cancel what is still asked of a run that is canceled, in the order it was asked."""
    still_open = "run_id = ? AND state IN ('pending', 'acknowledged') ORDER BY seq"
    for _, command in list(select(tx, still_open, run.run_id)):
        end(tx, run, command, "canceled", "canceled", reason)


def end(
    tx: Tx,
    run: RunHead,
    command: Command,
    outcome: RunOutcome,
    failure_kind: str | None,
    message: str | None,
) -> None:
    """End a command that is open; the end of a turn is one for the session as well."""
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
    runs.set_active(tx, run.run_id, is_active=is_active)
    ending = sessions.Ending(
        run_id=run.run_id,
        run_is_active=is_active,
        other_is_active=runs.has_other_active(tx, run.session_id, run.run_id),
        turn_id=command_id,
        active_command_id=command_id or _active_command(tx, run.session_id, run.run_id),
        is_late=command_id is not None and run.is_terminal,
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
