"""How a run and its commands end, and what their session is told of it.

A run ends by its runner or is canceled; a command ends by its runner, is canceled, or is canceled
with its run. An end is written in its table, told to the session, and said in the run's stream. The
session is terminal when nothing keeps it going any more; each end of a turn and of a run is one
more version of it, also where a cancel ends several at once.
"""

from penholder_daemon.core import claims, streams
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import commands, runs, stream
from penholder_daemon.rooms.runs.records.runs import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.nouns import Command
from penholder_protocol.nouns.words import CommandState, RunOutcome

_STATES: dict[RunOutcome, CommandState] = {
    "completed": "completed",
    "failed": "failed",
    # Whether a failed command was blocked is said in the stream alone.
    "blocked": "failed",
    "canceled": "canceled",
}


def finish_run(
    tx: Tx, run: RunHead, outcome: RunOutcome, failure_kind: str | None, message: str | None
) -> None:
    """End a run; its open commands stay open."""
    runs.write_end(tx, run.run_id, outcome, failure_kind, message)
    # Not released: the last holder may still add to the stream what it has to say.
    claims.stop_clock(tx, streams.run(run.run_id))
    if run.session_id is not None:
        active_id = _active_command(tx, run.session_id, run.run_id)
        _tell(tx, run, run.session_id, outcome, failure_kind, active_id)
    stream.note_end(tx, run, outcome, failure_kind, message)


def cancel_run(tx: Tx, run: RunHead, reason: str) -> None:
    """Cancel a run and what is still asked of it, in the order in which it was asked."""
    # Read to the end first: each end changes the index that is read here.
    for command in list(commands.open_of(tx, run.run_id)):
        end_command(tx, run, command, "canceled", "canceled", reason)
    stream.note_phase(tx, run, "cancel-requested", reason=reason)
    finish_run(tx, run, "canceled", "canceled", reason)


def end_command(
    tx: Tx,
    run: RunHead,
    command: Command,
    outcome: RunOutcome,
    failure_kind: str | None,
    message: str | None,
) -> None:
    """End a command that is open; the end of a turn is one for the session as well."""
    state = _STATES[outcome]
    # Before the session is told: the turn that has ended must not count as open there.
    commands.set_state(tx, command.command_id, state)
    if command.type == "turn" and run.session_id is not None:
        turn_id = command.command_id
        _tell(tx, run, run.session_id, outcome, failure_kind, turn_id, turn_id=turn_id)
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


def _tell(
    tx: Tx,
    run: RunHead,
    session_id: str,
    outcome: RunOutcome,
    failure_kind: str | None,
    active_command_id: str | None,
    turn_id: str | None = None,
) -> None:
    """Tell the session of the end of a turn, or (without one) of the run itself."""
    is_of_run = turn_id is None
    goes_on = not is_of_run and not run.is_terminal and commands.has_open_turn(tx, run.run_id)
    runs.set_active(tx, run.run_id, is_active=goes_on)
    ending = sessions.Ending(
        run_id=run.run_id,
        run_is_active=goes_on,
        other_is_active=runs.has_other_active(tx, session_id, run.run_id),
        turn_id=turn_id,
        active_command_id=active_command_id,
        is_late=run.is_terminal and not is_of_run,
        outcome=outcome,
        failure_kind=failure_kind,
    )
    sessions.ended(tx, session_id, ending)


def _active_command(rx: Rx, session_id: str, run_id: str) -> str | None:
    """Return what the session holds for active if it is a command of this run."""
    command_id = sessions.active_command(rx, session_id)
    if command_id is None or commands.require(rx, command_id).run_id != run_id:
        return None
    return command_id


def change_thread(tx: Tx, run: RunHead, thread_id: str | None, turn_id: str | None) -> None:
    """Take the thread that the end of a turn or run gave, if it gave one and has a session."""
    if thread_id is None or run.session_id is None:
        return
    sessions.thread_changed(tx, run.session_id, thread_id, turn_id)
    stream.note_phase(
        tx,
        run,
        "session-updated",
        session_id=run.session_id,
        thread_id=thread_id,
        turn_id=turn_id,
    )
