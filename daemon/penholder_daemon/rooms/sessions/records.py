"""The table of sessions and what runs do to it, for other rooms as well.

A session is made by the first run that names it, and is what people look at: several runs, one
after another or side by side, are one conversation. It holds nothing of its own but what its runs
and their commands say to it. So nothing here decides what happens to a run; each function notes one
event of a run, and is called by the room of runs in the transaction of that event.

What is hard is the end. "The session is over" must become true with the last thing that goes on,
whichever that is: a turn ends while another is open, a run ends with turns still open, another run
of the same session goes on, or a turn's end is told after its run has ended long ago. So who ends
something first looks what else is active, and says so in one record (`Ending`); `ended` then
decides in one statement. The outcome is that of the end which made it terminal, and an end clears
as active only what names it: the session may have moved on to another run.

Its version, one counter over all sessions, rises when there is something new to see: not on claims,
heartbeats or events. Those come often, and each would make a session unread again that somebody has
just read. `last_activity_at` follows events without it, for the order of lists.
"""

import msgspec
from msgspec import Raw

from penholder_daemon.core import counters
from penholder_daemon.core.store import Shape
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.values import read_members
from penholder_protocol.errors import (
    SessionBackendMismatch,
    SessionNotFound,
    TenantPolicyDenied,
)
from penholder_protocol.limits import MAX_PROMPT_TITLE_CHARACTERS, MAX_TITLE_CHARACTERS
from penholder_protocol.nouns import Session, SessionRef
from penholder_protocol.nouns.words import NULL, RunOutcome

SESSIONS = Table(
    Shape(Session),
    "session",
    SessionNotFound,
    "; the first run that names one makes it",
    number="version",
)
VERSIONS = "sessions"
"""The counter of versions."""


def require(rx: Rx, session_id: str) -> Session:
    """Return a session or raise SessionNotFound."""
    return SESSIONS.require(rx, session_id)


def join(
    tx: Tx, ref: SessionRef, *, run_id: str, tenant_id: str, project_id: str, backend_profile: str
) -> None:
    """Have a new run belong to a session, which is made if there is none and never changes hands.

    Raises TenantPolicyDenied or SessionBackendMismatch.
    """
    row = tx.store.row(
        "SELECT tenant_id, project_id, backend_profile FROM sessions WHERE session_id = ?",
        ref.session_id,
    )
    if row is None:
        _make(tx, ref, run_id, tenant_id, project_id, backend_profile)
        return
    if row[:2] != (tenant_id, project_id):
        raise TenantPolicyDenied(
            f"session {ref.session_id} belongs to another tenant or project",
            session_id=ref.session_id,
        )
    if row[2] != backend_profile:
        raise SessionBackendMismatch(
            f"session {ref.session_id} belongs to backend profile {row[2]!s}",
            session_id=ref.session_id,
            backend_profile=str(row[2]),
        )
    tx.store.run(
        "UPDATE sessions SET last_run_id = ?, updated_at = ? WHERE session_id = ?",
        run_id,
        tx.now,
        ref.session_id,
    )


def _make(
    tx: Tx, ref: SessionRef, run_id: str, tenant_id: str, project_id: str, backend_profile: str
) -> None:
    metadata = Raw(b"{}") if ref.metadata == NULL else ref.metadata
    tx.store.run(
        "INSERT INTO sessions (session_id, tenant_id, project_id, backend_profile,"
        " conversation_id, thread_id, metadata, version, state, last_run_id, last_event_seq,"
        " title, last_activity_at, created_at, updated_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'idle', ?, 0, ?, ?, ?, ?, ?)",
        ref.session_id,
        tenant_id,
        project_id,
        backend_profile,
        ref.conversation_id,
        ref.thread_id,
        bytes(metadata).decode(),
        _next_version(tx),
        run_id,
        _title_in(metadata),
        tx.now,
        tx.now,
        tx.now,
        ref.expires_at,
    )


def touch(tx: Tx, session_id: str, event_seq: int) -> None:
    """Note an event of one of its runs."""
    tx.store.run(
        "UPDATE sessions SET last_event_seq = ?, last_activity_at = ?, updated_at = ?"
        " WHERE session_id = ?",
        event_seq,
        tx.now,
        tx.now,
        session_id,
    )


def run_claimed(tx: Tx, session_id: str, run_id: str) -> None:
    """One of its runs was claimed: it is running."""
    tx.store.run(
        "UPDATE sessions SET state = 'running', active_run_id = ?1, last_run_id = ?1,"
        " updated_at = ?2 WHERE session_id = ?3",
        run_id,
        tx.now,
        session_id,
    )


def turn_made(tx: Tx, session_id: str, run_id: str, command_id: str, payload: Raw) -> None:
    """A turn was asked for: it is running and has no outcome; the first prompt is its title."""
    tx.store.run(
        "UPDATE sessions SET state = 'running', active_run_id = ?1, last_run_id = ?1,"
        " active_command_id = ?2, last_command_id = ?2, outcome = NULL, failure_kind = NULL,"
        " title = COALESCE(title, ?3), version = ?4, updated_at = ?5 WHERE session_id = ?6",
        run_id,
        command_id,
        _beginning_of_prompt(payload),
        _next_version(tx),
        tx.now,
        session_id,
    )


def steer_made(tx: Tx, session_id: str, run_id: str, command_id: str) -> None:
    """A steer was asked for: it is running; the active command stays."""
    tx.store.run(
        "UPDATE sessions SET state = 'running', active_run_id = ?1, last_run_id = ?1,"
        " last_command_id = ?2, version = ?3, updated_at = ?4 WHERE session_id = ?5",
        run_id,
        command_id,
        _next_version(tx),
        tx.now,
        session_id,
    )


def thread_changed(tx: Tx, session_id: str, thread_id: str, turn_id: str | None) -> None:
    """The backend named its thread; the turn that said so is kept in the metadata."""
    session = require(tx, session_id)
    # One level only: what else is in the metadata stays as it came.
    members = read_members(session.metadata)
    if turn_id is not None:
        members["last_turn_id"] = Raw(msgspec.json.encode(turn_id))
    tx.store.run(
        "UPDATE sessions SET thread_id = ?, metadata = ?, version = ?, updated_at = ?"
        " WHERE session_id = ?",
        thread_id,
        msgspec.json.encode(members).decode(),
        _next_version(tx),
        tx.now,
        session_id,
    )


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a turn command or of a run, as its session sees it."""

    run_id: str
    run_is_active: bool
    """Whether the run goes on: it has another open turn."""
    other_is_active: bool
    """Whether another run of the session goes on."""
    turn_id: str | None
    """The turn command that ended; None for the end of a run."""
    active_command_id: str | None
    """The command that is over with it, if the session holds it for active."""
    is_late: bool
    """Whether a turn ended after its run."""
    outcome: RunOutcome
    failure_kind: str | None


def ended(tx: Tx, session_id: str, ending: Ending) -> None:
    """Note an end: what names it is cleared, and once none is active the session is terminal.

    The outcome is that of the end which made it terminal. A turn that ends after its run did was
    told of by the run's end already: the session may have another run by now, and its outcome.
    """
    if ending.is_late:
        _ended_late(tx, session_id, ending)
        return
    goes_on = ending.run_is_active or ending.other_is_active
    tx.store.run(
        "UPDATE sessions SET"
        " active_run_id = CASE WHEN active_run_id = ?1 AND ?2 = 0 THEN NULL"
        " ELSE active_run_id END,"
        " active_command_id = CASE WHEN active_command_id = ?3 THEN NULL"
        " ELSE active_command_id END,"
        " state = CASE WHEN ?4 = 1 THEN state ELSE 'terminal' END,"
        " outcome = CASE WHEN ?4 = 1 THEN outcome ELSE ?5 END,"
        " failure_kind = CASE WHEN ?4 = 1 THEN failure_kind ELSE ?6 END,"
        " last_run_id = ?1, last_command_id = COALESCE(?10, last_command_id),"
        " version = ?7, updated_at = ?8 WHERE session_id = ?9",
        ending.run_id,
        int(ending.run_is_active),
        ending.active_command_id,
        int(goes_on),
        ending.outcome,
        ending.failure_kind,
        _next_version(tx),
        tx.now,
        session_id,
        ending.turn_id,
    )


def _ended_late(tx: Tx, session_id: str, ending: Ending) -> None:
    tx.store.run(
        "UPDATE sessions SET"
        " active_command_id = CASE WHEN active_command_id = ?1 THEN NULL"
        " ELSE active_command_id END,"
        " last_command_id = CASE WHEN last_run_id = ?2 THEN ?1 ELSE last_command_id END,"
        " version = ?3, updated_at = ?4 WHERE session_id = ?5",
        ending.turn_id,
        ending.run_id,
        _next_version(tx),
        tx.now,
        session_id,
    )


def active_command(rx: Rx, session_id: str) -> str | None:
    """Return which command the session says is active."""
    row = rx.store.row("SELECT active_command_id FROM sessions WHERE session_id = ?", session_id)
    return None if row is None or row[0] is None else str(row[0])


def subject(session_id: str) -> str:
    """Name a session where readers note what they have read."""
    return f"session:{session_id}"


def _next_version(tx: Tx) -> int:
    return counters.raise_(tx, VERSIONS)


def _title_in(metadata: Raw) -> str | None:
    title = _text(metadata, "title")
    return None if title is None else title.strip()[:MAX_TITLE_CHARACTERS] or None


def _beginning_of_prompt(payload: Raw) -> str | None:
    prompt = _text(payload, "prompt")
    return (
        None if prompt is None else " ".join(prompt.split())[:MAX_PROMPT_TITLE_CHARACTERS] or None
    )


def _text(value: Raw, name: str) -> str | None:
    """Return a member of an object if it is there and is text."""
    member = read_members(value).get(name, NULL)
    return msgspec.json.decode(member, type=str) if bytes(member)[:1] == b'"' else None
