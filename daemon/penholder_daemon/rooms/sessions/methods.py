"""Sessions as their readers see them: how far they are, and who has seen it.

The list is by attention: active sessions first, then what its reader has not read, then the rest,
each by latest activity. That order is a matter of the reader, so no index holds it; and the reader
changes it while it walks, by marking what it sees as read. Sorting what there is for every page
would read all sessions for each, and skip some of those that were not seen yet.

So the order is taken apart (`_RANKS`). One index has sessions by whether they are active and by
activity. Each rank is a part of it, walked in the order of the index; those two that are not active
go along the same part, one after the other, and each passes over what is the other's. What is
passed over is bounded (`paging.sift`), so a page may be empty and have a `next`.

And the walk is as of an instant. What had been read is asked of the time at which the walk began,
which its cursor holds (`_Place.began`, see `read_cursors`): what the reader marks on the way moves
nothing. A cursor also names the rank and the last session there, so a session that does not change
comes exactly once. One that becomes active, or ends, while pages are read may come twice or not at
all in this walk; the next one shows it.
"""

import re
from collections.abc import Collection, Iterator
from functools import partial
from typing import Literal

import msgspec

from penholder_daemon.core import access, counters, paging, read_cursors, verify
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.store import SqlValue, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.runs.records import runs, stream
from penholder_daemon.rooms.sessions import records
from penholder_daemon.rooms.sessions.records import SESSIONS
from penholder_protocol.errors import (
    CursorGone,
    InvalidParams,
    RunNotFound,
    SessionNotFound,
)
from penholder_protocol.limits import DEFAULT_LIST_LIMIT, DEFAULT_SESSIONS_LIMIT
from penholder_protocol.nouns import (
    Finding,
    Page,
    Session,
    SessionEvents,
    SessionRead,
    SessionSummary,
)
from penholder_protocol.nouns.words import (
    Attention,
    Cursor,
    ReaderId,
    RunEventLimit,
    RunId,
    Sequence,
    SessionId,
    SessionLimit,
    TypeName,
)

room = Room("session")

_BOTH = (CONTROL, RUNTIME)
_OUTPUT = frozenset({"assistant_message", "command_output", "diff", "error", "terminal_status"})
_READING = (SessionNotFound, RunNotFound, CursorGone, InvalidParams)
_COLUMNS = ", ".join(f"sessions.{name}" for name in Session.__struct_fields__)
_SEEN_BY = (
    "FROM sessions LEFT JOIN read_cursors c ON c.reader = ?"
    " AND c.subject = 'session:' || sessions.session_id"
)
_UNREAD = "COALESCE({read} < sessions.version, TRUE)"
_RANKS: tuple[tuple[Attention, int, str], ...] = (
    ("active", 1, "TRUE"),
    ("unread", 0, _UNREAD),
    ("read", 0, f"NOT {_UNREAD}"),
)
"""In the order of the list: which part of the index of activity each is, and what of that part.

`{read}` is what the reader had read when its walk through the list began: what it marks on the way
moves nothing.
"""
_ATTENDED: dict[str, tuple[Attention, ...]] = {
    "default": ("active", "unread"),
    "running": ("active",),
    "unread": ("unread",),
}
"""The lists that are a matter of attention; the others hold sessions of all ranks."""
_CURSOR = re.compile(r"([0-9]{1,18})\|([0-2])\|([^|]*)\|(.*)", re.DOTALL)
_ALL: tuple[Attention, ...] = ("active", "unread", "read")
ListedState = Literal["default", "all", "running", "unread", "terminal", "idle"]


@room.query(sockets=_BOTH, errors=(SessionNotFound,))
def get(rx: Rx, *, session_id: SessionId) -> Session:
    """Return one session."""
    return _require_readable(rx, session_id)


@room.query(sockets=_BOTH, errors=(SessionNotFound,))
def summary(rx: Rx, *, session_id: SessionId, reader_id: ReaderId | None = None) -> SessionSummary:
    """Return a session as a reader sees it; without a reader nothing is read."""
    session = _require_readable(rx, session_id)
    access.require_reader(rx, reader_id)
    read = None
    if reader_id is not None:
        read = read_cursors.version_read(rx, reader_id, records.subject(session_id))
    return _summary(session, reader_id, read)


@room.query(sockets=_BOTH, errors=(InvalidParams,))
def list_(
    rx: Rx,
    *,
    state: ListedState = "default",
    backend_profile: TypeName | None = None,
    reader_id: ReaderId | None = None,
    limit: SessionLimit = DEFAULT_SESSIONS_LIMIT,
    cursor: Cursor | None = None,
) -> Page[SessionSummary]:
    """List sessions: active first, then unread, then by latest activity; ties by session_id.

    By default those that are active or unread. What the reader marks as read while it walks through
    the pages stays in its place until the end. A call looks through a part of the sessions: a page
    may be empty, with a `next`.
    """
    access.require_reader(rx, reader_id)
    filters, values = _filters(rx, state, backend_profile)
    start = _Place.of(cursor) or _Place(read_cursors.now(rx), 0)
    places = (
        each
        for rank in range(start.rank, len(_RANKS))
        if _RANKS[rank][0] in _ATTENDED.get(state, _ALL)
        for each in _places(rx, rank, start, reader_id, filters, values)
    )
    found = paging.sift(places, partial(_summary_at, rx, reader_id), limit)
    items, last = found
    return Page(items=items, next=None if last is None else last.cursor)


@room.query(sockets=_BOTH, errors=_READING)
def trace(
    rx: Rx,
    *,
    session_id: SessionId,
    run_id: RunId | None = None,
    after_seq: Sequence = 0,
    limit: RunEventLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> SessionEvents:
    """List events of one run of a session, oldest first: of its active run, else of its last."""
    return _events(rx, session_id, run_id, after_seq, limit, cursor, types=None)


@room.query(sockets=_BOTH, errors=_READING)
def output(
    rx: Rx,
    *,
    session_id: SessionId,
    run_id: RunId | None = None,
    after_seq: Sequence = 0,
    limit: RunEventLimit = DEFAULT_LIST_LIMIT,
    cursor: Cursor | None = None,
) -> SessionEvents:
    """List events as session.trace does, but only what a person would read; so counts the limit.

    A call looks through a part of a long run: a page may be empty, with a `next`.
    """
    return _events(rx, session_id, run_id, after_seq, limit, cursor, types=_OUTPUT)


@room.mutation(sockets=_BOTH, errors=(SessionNotFound,))
def mark_read(tx: Tx, *, session_id: SessionId, reader_id: ReaderId) -> SessionRead:
    """Note that a reader has seen a session as it stands."""
    session = _require_readable(tx, session_id)
    access.require_reader(tx, reader_id)
    version = read_cursors.advance(tx, reader_id, records.subject(session_id), session.version)
    return SessionRead(
        session_id=session_id, reader_id=reader_id, session_version=version, read_at=tx.now
    )


@room.check
def check(rx: Rx) -> Iterator[Finding]:
    """No version is ahead of the counter, and what is active is the session's own."""
    return verify.query(
        rx,
        {
            "session_versions": (
                "SELECT 'session ' || session_id || ' has version ' || version FROM sessions"
                f" WHERE version > {counters.current(rx, records.VERSIONS)}"
            ),
            "sessions_with_runs_of_their_own": (
                "SELECT 'session ' || s.session_id || ' names run ' || r.run_id FROM sessions s"
                " JOIN runs r ON r.run_id IN (s.active_run_id, s.last_run_id)"
                " WHERE r.session_id IS DISTINCT FROM s.session_id"
            ),
        },
    )


# --- who may read -----------------------------------------------------------------------------
def _require_readable(rx: Rx, session_id: str) -> Session:
    """Return a session; a worker reaches those of which it has claimed a run."""
    session = records.require(rx, session_id)
    access.require_session(rx, session_id, partial(_has_claimed_in, rx, session_id))
    return session


def _has_claimed_in(rx: Rx, session_id: str, runner_id: str) -> bool:
    row = rx.store.row(
        f"SELECT 1 FROM sessions WHERE session_id = ? AND {runs.CLAIMED_IN_SESSION}",
        session_id,
        runner_id,
    )
    return row is not None


# --- lists ------------------------------------------------------------------------------------
class _Place(msgspec.Struct, frozen=True):
    """Where a list goes on: after this session of this rank, as of the instant of its beginning."""

    began: int
    rank: int
    active_at: str | None = None
    session_id: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> "_Place | None":
        """Read a cursor back; None if there is none."""
        if cursor is None:
            return None
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            raise paging.foreign_cursor()
        began, rank, active_at, session_id = found.groups()
        return cls(int(began), int(rank), active_at, session_id)

    @property
    def cursor(self) -> str:
        """The text that `of` reads."""
        return f"{self.began}|{self.rank}|{self.active_at}|{self.session_id}"


def _filters(rx: Rx, state: str, backend_profile: str | None) -> tuple[str, list[SqlValue]]:
    parts: list[str] = []
    values: list[SqlValue] = []
    if state in ("terminal", "idle"):
        parts.append("state = ?")
        values.append(state)
    if backend_profile is not None:
        parts.append("backend_profile = ?")
        values.append(backend_profile)
    if rx.caller.worker_id is not None:
        parts.append(runs.CLAIMED_IN_SESSION)
        values.append(rx.caller.worker_id)
    return "".join(f" AND {part}" for part in parts), values


def _places(
    rx: Rx,
    rank: int,
    start: _Place,
    reader_id: str | None,
    filters: str,
    values: list[SqlValue],
) -> Iterator[tuple[_Place, bool]]:
    """Say of the sessions of one part, from where the list goes on, whether they are of a rank."""
    _, is_active, of_rank = _RANKS[rank]
    wanted = of_rank.format(read=read_cursors.version_at("c", start.began))
    after, given = "", list[SqlValue]()
    if rank == start.rank and start.active_at is not None:
        # The two columns go in different directions, so rows cannot be compared as one. The first
        # condition follows from the second, but it alone lets the index begin at the place.
        after = " AND last_activity_at <= ? AND (last_activity_at < ? OR sessions.session_id > ?)"
        given = [start.active_at, start.active_at, start.session_id]
    # What is wanted stands among the columns, not in the condition: each place must be told of, so
    # that those that are passed over count.
    rows = rx.store.rows(
        f"SELECT last_activity_at, sessions.session_id, {wanted}{filters} {_SEEN_BY}"
        f" WHERE is_active = {is_active}{after}"
        " ORDER BY last_activity_at DESC, sessions.session_id",
        *values,
        reader_id,
        *given,
    )
    for active_at, session_id, is_wanted in rows:
        yield _Place(start.began, rank, str(active_at), str(session_id)), bool(is_wanted)


def _summary_at(rx: Rx, reader_id: str | None, place: _Place) -> SessionSummary:
    row = rx.store.row(
        f"SELECT c.version, {_COLUMNS} {_SEEN_BY} WHERE sessions.session_id = ?",
        reader_id,
        place.session_id,
    )
    assert row is not None  # its place was just found
    read, *columns = row
    version = None if read is None else integer(read)
    return _summary(SESSIONS.shape.read(tuple(columns)), reader_id, version)


def _summary(session: Session, reader_id: str | None, read: int | None) -> SessionSummary:
    ids = (session.active_run_id, session.active_command_id)
    # As the column `is_active` says it, by which lists go.
    active = session.state == "running" or ids != (None, None)
    unread = not active and (read is None or read < session.version)
    return SessionSummary(
        **msgspec.structs.asdict(session),
        session_path=f"{session.tenant_id}/{session.project_id}/{session.session_id}",
        reader_id=reader_id,
        read_version=read,
        attention="active" if active else "unread" if unread else "read",
        unread=unread,
        active=active,
    )


# --- events -----------------------------------------------------------------------------------
def _events(
    rx: Rx,
    session_id: str,
    run_id: str | None,
    after_seq: int,
    limit: int,
    cursor: str | None,
    types: Collection[str] | None,
) -> SessionEvents:
    """Read a run's stream; a cursor holds the run too, since another may become active."""
    session = _require_readable(rx, session_id)
    if cursor is not None:
        run_id, after_seq = _run_and_seq(cursor, run_id)
    run_id = run_id or session.active_run_id or session.last_run_id
    assert run_id is not None  # a session is made by its first run
    _require_run(rx, session_id, run_id)
    if types is None:
        items, cut_at = paging.cut(stream.read(rx, run_id, after_seq), limit)
    else:
        found, up_to, more = stream.read_types(rx, run_id, after_seq, types)
        items, cut_at = paging.cut(found, limit)
        cut_at = up_to if cut_at is None and more else cut_at
    follows = None if cut_at is None else f"{cut_at}:{run_id}"
    return SessionEvents(session_id=session_id, run_id=run_id, items=items, next=follows)


def _run_and_seq(cursor: str, run_id: str | None) -> tuple[str, int]:
    seq, _, of_run = cursor.partition(":")
    # A cursor of one run says nothing of the numbers of another.
    if not of_run or run_id not in (None, of_run):
        raise paging.foreign_cursor()
    return of_run, paging.after(seq)


def _require_run(rx: Rx, session_id: str, run_id: str) -> None:
    run = runs.require(rx, run_id)
    if run.session_id != session_id:
        raise RunNotFound(f"session {session_id} has no run {run_id!r}", run_id=run_id)
    access.refuse_others(rx, run.claimed_by, run_id=run_id)
