"""The table of commands, what their beginning and end mean for the run, for other rooms as well."""

from collections.abc import Iterator

from penholder_daemon.core.room_left import is_full
from penholder_daemon.core.store import Shape
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import runs, stream
from penholder_daemon.rooms.runs.records.runs import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.errors import CommandNotFound, TooManyCommands
from penholder_protocol.limits import MAX_OPEN_COMMANDS
from penholder_protocol.nouns import Command
from penholder_protocol.nouns.words import CommandState

OPEN = ("pending", "acknowledged")

COMMANDS = Table(Shape(Command), "command", number="seq")
"""Lists are those of one run, in the order in which it was asked."""


def require(rx: Rx, command_id: str, run_id: str | None = None) -> Command:
    """Return a command, if need be of this run, or raise CommandNotFound."""
    # The first half finds one row at most, so the second may be said in a way that no index serves.
    is_meant = "command_id = ?1 AND (run_id = ?2 OR ?2 IS NULL)"
    command = COMMANDS.first(rx, is_meant, command_id, run_id)
    if command is not None:
        return command
    of_run = "" if run_id is None else f" of run {run_id}"
    raise CommandNotFound(f"there is no command {command_id!r}{of_run}", command_id=command_id)


def made_under(rx: Rx, run_id: str, key: str) -> Command | None:
    """Return what the run was asked under an idempotency key."""
    return COMMANDS.first(rx, "run_id = ? AND idempotency_key = ?", run_id, key)


def insert(tx: Tx, command: Command) -> None:
    """Store a new command."""
    tx.store.run(
        f"INSERT INTO commands ({COMMANDS.shape.columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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


def open_of(rx: Rx, run_id: str) -> Iterator[Command]:
    """Yield what is still asked of a run, in the order in which it was asked."""
    still_open = "run_id = ? AND state IN ('pending', 'acknowledged') ORDER BY seq"
    return (command for _, command in COMMANDS.select(rx, still_open, run_id))


def has_open_turn(rx: Rx, run_id: str) -> bool:
    """Tell whether a turn is still asked of a run."""
    row = rx.store.row(
        "SELECT 1 FROM commands WHERE run_id = ? AND state IN ('pending', 'acknowledged')"
        " AND type = 'turn' LIMIT 1",
        run_id,
    )
    return row is not None


def set_state(tx: Tx, command_id: str, state: CommandState) -> None:
    """Write that a command has ended."""
    tx.store.run(
        "UPDATE commands SET state = ?, updated_at = ? WHERE command_id = ?",
        state,
        tx.now,
        command_id,
    )
