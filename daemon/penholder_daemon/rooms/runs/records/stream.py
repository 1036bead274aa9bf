"""The stream of a run: what was appended to it, and the phases that it says by itself."""

from collections.abc import Collection, Iterator

from msgspec import Raw

from penholder_daemon.core import journal, streams
from penholder_daemon.core.fence import Arguments
from penholder_daemon.core.redaction import redact
from penholder_daemon.core.store import to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records.runs import RunHead
from penholder_daemon.rooms.sessions import records as sessions
from penholder_protocol.errors import Denied, InvalidParams, ValueTooLarge
from penholder_protocol.limits import MAX_RUN_EVENT_BYTES
from penholder_protocol.nouns import Entry, RunEvent

_EVENT_TYPES = (
    "backend_status",
    "assistant_message",
    "user_message",
    "tool_call",
    "tool_result",
    "command_output",
    "diff",
    "usage",
    "error",
)
_OWN_PREFIX = "x."
"""How types begin that callers make up."""


def check_type(arguments: Arguments) -> None:
    """Refuse types that callers may not append, before anything stored is looked at."""
    type_ = str(arguments["type"])
    if type_ == "terminal_status":
        raise Denied("terminal_status is the daemon's own; run.finish makes one", type=type_)
    made_up = type_.startswith(_OWN_PREFIX) and len(type_) > len(_OWN_PREFIX)
    if type_ not in _EVENT_TYPES and not made_up:
        raise InvalidParams(
            f"param `type` is one of {', '.join(_EVENT_TYPES)}, or begins with {_OWN_PREFIX}",
            param="type",
        )


def append(tx: Tx, run: RunHead, type_: str, payload: Raw) -> RunEvent:
    """Add an entry without its secrets; the run's session follows."""
    # The limit is of what is stored: replacing a secret can make it longer than what came.
    stored = redact(payload)
    if len(bytes(stored)) > MAX_RUN_EVENT_BYTES:
        raise ValueTooLarge(
            f"an event of run {run.run_id} is over MAX_RUN_EVENT_BYTES ({MAX_RUN_EVENT_BYTES}"
            " bytes)",
            limit="MAX_RUN_EVENT_BYTES",
            maximum=MAX_RUN_EVENT_BYTES,
        )
    entry = journal.append(tx, streams.run(run.run_id), type_, stored)
    if run.session_id is not None:
        sessions.touch(tx, run.session_id, entry.seq)
    return _event(run.run_id, entry)


def note_phase(tx: Tx, run: RunHead, phase: str, **said: object) -> None:
    """Add an entry that the run makes by itself."""
    append(tx, run, "backend_status", Raw(to_json({"phase": phase, **said})))


def note_end(
    tx: Tx, run: RunHead, outcome: str, failure_kind: str | None, message: str | None
) -> None:
    """Add the entry that says how the run ended."""
    said = {"outcome": outcome, "failure_kind": failure_kind, "message": message}
    append(tx, run, "terminal_status", Raw(to_json(said)))


def read(rx: Rx, run_id: str, after_seq: int) -> Iterator[tuple[int, RunEvent]]:
    """Yield events after a number, oldest first; raises CursorGone."""
    entries = journal.read_stream(rx, streams.run(run_id), after_seq)
    return ((entry.seq, _event(run_id, entry)) for entry in entries)


def read_types(
    rx: Rx, run_id: str, after_seq: int, types: Collection[str]
) -> tuple[Iterator[tuple[int, RunEvent]], int, bool]:
    """Look for events of some types as `journal.read_types` does; raises CursorGone."""
    entries, up_to, more = journal.read_types(rx, streams.run(run_id), after_seq, types)
    return ((entry.seq, _event(run_id, entry)) for entry in entries), up_to, more


def _event(run_id: str, entry: Entry) -> RunEvent:
    return RunEvent(
        event_id=entry.entry_id,
        run_id=run_id,
        seq=entry.seq,
        pos=entry.pos,
        type=entry.type,
        payload=entry.data,
        created_at=entry.ts,
    )
