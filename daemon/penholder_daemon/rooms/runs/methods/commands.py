"""What is asked of a run: turns, steers and interrupts, each ended once."""

from collections.abc import Iterator

from penholder_daemon.core import streams, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.idempotency import payload_hash
from penholder_daemon.core.method import Waiting
from penholder_daemon.core.registry import Room
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import commands, endings, runs
from penholder_protocol.errors import (
    CommandNotFound,
    Fenced,
    FenceRequired,
    IdempotencyConflict,
    InvalidParams,
    RunNotFound,
    RunTerminal,
    TooManyCommands,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_WAIT_MS
from penholder_protocol.nouns import Command, Finding, LeaseProof, Page
from penholder_protocol.nouns.words import (
    EMPTY_OBJECT,
    CommandId,
    CommandLimit,
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


@room.mutation(
    sockets=(CONTROL,),
    errors=(RunNotFound, RunTerminal, IdempotencyConflict, InvalidParams, TooManyCommands),
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
    run = runs.require(tx, run_id)
    hashed = payload_hash(payload)
    # Before the state of the run: what was done under the key was done, also if the run has ended.
    made = None if idempotency_key is None else commands.made_under(tx, run_id, idempotency_key)
    if made is not None:
        return _same(made, type, hashed)
    if run.is_terminal:
        raise RunTerminal(
            f"run {run_id} is {run.state} and takes no more commands; create another run",
            run_id=run_id,
            current_state=run.state,
        )
    commands.require_room(tx, run_id)
    command = Command(
        command_id=tx.world.new_id("cmd_"),
        run_id=run_id,
        seq=runs.next_command_seq(tx, run_id),
        type=type,
        state="pending",
        payload=payload,
        payload_hash=hashed,
        idempotency_key=idempotency_key,
        created_at=tx.now,
        updated_at=tx.now,
        acknowledged_at=None,
    )
    commands.insert(tx, command)
    commands.begin(tx, run, command)
    return command


def _same(made: Command, type_: str, hashed: str) -> Command:
    if (made.type, made.payload_hash) != (type_, hashed):
        raise IdempotencyConflict(
            f"key {made.idempotency_key!r} of run {made.run_id} made command {made.command_id}"
            " of another type or payload; use a new key for a new command",
            run_id=made.run_id,
            command_id=made.command_id,
        )
    return made


@room.query(sockets=_BOTH, errors=(CommandNotFound,))
def get(rx: Rx, *, command_id: CommandId) -> Command:
    """Return one command."""
    command = commands.require(rx, command_id)
    runs.require_readable(rx, command.run_id)
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
    runs.require_readable(rx, run_id)
    return commands.COMMANDS.oldest_first(rx, limit, cursor, after=after_seq, run_id=run_id)


@room.wait(sockets=_BOTH, errors=(RunNotFound,))
def next_(
    rx: Rx,
    *,
    run_id: RunId,
    timeout_ms: WaitMs = DEFAULT_WAIT_MS,  # noqa: ARG001 - the shell keeps the time
) -> Waiting[Command | None]:
    """Return the run's oldest pending command as soon as there is one; null once it has ended."""
    run = runs.require_readable(rx, run_id)
    pending = "run_id = ? AND state = 'pending' ORDER BY seq LIMIT 1"
    found = None if run.is_terminal else commands.COMMANDS.first(rx, pending, run_id)
    return Waiting(
        found,
        ready=run.is_terminal or found is not None,
        streams=(streams.run(run_id),),
    )


@room.mutation(sockets=_BOTH, errors=_GUARDED)
def ack(tx: Tx, *, command_id: CommandId, lease: LeaseProof | None = None) -> Command:
    """Say that the runner has a command; one that is not pending stays as it is."""
    command = commands.require(tx, command_id)
    runs.require_writable(tx, command.run_id, lease)
    tx.store.run(
        "UPDATE commands SET state = 'acknowledged', acknowledged_at = ?1, updated_at = ?1"
        " WHERE command_id = ?2 AND state = 'pending'",
        tx.now,
        command_id,
    )
    return commands.require(tx, command_id)


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
    command = commands.require(tx, command_id)
    run = runs.require_writable(tx, command.run_id, lease)
    if command.state in commands.OPEN:
        if command.type == "turn":
            endings.change_thread(tx, run, thread_id, turn_id)
        endings.end_command(tx, run, command, outcome, failure_kind, failure_message)
    return commands.require(tx, command_id)


@room.mutation(sockets=(CONTROL,), errors=(CommandNotFound,))
def cancel(tx: Tx, *, command_id: CommandId, reason: Text = "cancel requested") -> Command:
    """Cancel a command, whoever holds its run; one that has ended stays as it is."""
    command = commands.require(tx, command_id)
    if command.state in commands.OPEN:
        run = runs.require(tx, command.run_id)
        endings.end_command(tx, run, command, "canceled", "canceled", reason)
    return commands.require(tx, command_id)


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """No command has a number that its run has not given yet."""
    return verify.query(
        rx,
        {
            "commands_numbered_by_their_runs": (
                "SELECT 'command ' || command_id || ' of run ' || run_id || ' has number ' || seq"
                " FROM commands JOIN runs USING (run_id) WHERE seq > last_command_seq"
            )
        },
    )
