"""The table of runs, who may write to them, and which are active, for other rooms as well."""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from penholder_daemon.core import access, claims, durations, streams
from penholder_daemon.core.store import Row, Shape, SqlValue, integer
from penholder_daemon.core.tables import Table
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol.errors import Fenced, FenceRequired, RunNotFound
from penholder_protocol.nouns import LeaseProof, Run, SessionRef
from penholder_protocol.nouns.words import EMPTY_OBJECT, NULL, RunOutcome, RunState

GUARDED = (RunNotFound, FenceRequired, Fenced)
"""What a mutation under a lease can give."""
CLAIMED_IN_SESSION = (
    "EXISTS (SELECT 1 FROM runs WHERE runs.session_id = sessions.session_id"
    " AND runs.claimed_by = ?)"
)
"""Says of `sessions` that a runner has claimed a run of it, also one that has ended since."""

_OPEN = ("pending", "claimed")
_FROM_SESSION = "r.session_ref, s.conversation_id, s.thread_id, s.expires_at, s.metadata"
_FROM = (
    "FROM runs r LEFT JOIN sessions s ON s.session_id = r.session_id"
    " LEFT JOIN leases l ON l.subject = 'run:' || r.run_id"
)


class RunHead(msgspec.Struct, frozen=True):
    """What must be known of a run before anything is written to it."""

    run_id: str
    session_id: str | None
    state: RunState
    claimed_by: str | None

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.state not in _OPEN


HEADS = Table(Shape(RunHead), "run", RunNotFound, "; run.list shows them, run.create makes one")
_RUN = Shape(
    Run,
    {"lease_expires_at": durations.lease_ends_at},
    **{
        **{name: f"r.{name}" for name in Run.__struct_fields__},
        # The session, which every run of it shares, is read beside it.
        "session_ref": "NULL",
        "lease_expires_at": "l.deadline_ms",
    },
)


def find(rx: Rx, run_id: str) -> RunHead | None:
    """Look a run up."""
    return HEADS.find(rx, run_id)


def require(rx: Rx, run_id: str) -> RunHead:
    """Return the head of a run or raise RunNotFound."""
    return HEADS.require(rx, run_id)


def require_readable(rx: Rx, run_id: str) -> RunHead:
    """Return the head of a run that the caller may read: a worker none that others claimed."""
    head = require(rx, run_id)
    access.refuse_others(rx, head.claimed_by, run_id=run_id)
    return head


def require_writable(tx: Tx, run_id: str, lease: LeaseProof | None) -> RunHead:
    """Return the head of a run that the caller may write to: it takes the lease while claimed."""
    head = require(tx, run_id)
    claims.require(
        tx,
        streams.run(run_id),
        lease,
        claimed_by=head.claimed_by,
        needed=head.state == "claimed",
        run_id=run_id,
    )
    return head


def read(rx: Rx, run_id: str) -> Run:
    """Return a run as it stands."""
    return next(run for _, run in select(rx, "r.run_id = ?", run_id))


def select(rx: Rx, condition: str, *values: SqlValue) -> Iterator[tuple[int, Run]]:
    """Yield runs with their commit order; the condition is about `runs r`."""
    sql = f"SELECT r.number, {_FROM_SESSION}, {_RUN.columns} {_FROM} WHERE {condition}"
    for row in rx.store.rows(sql, *values):
        run = _RUN.read(row[6:], rx.world)
        yield integer(row[0]), msgspec.structs.replace(run, session_ref=_session_ref(row[1:6]))


def _session_ref(row: Row) -> SessionRef | None:
    """Say what the session holds, and where it holds nothing what the run was given."""
    if row[0] is None:
        return None
    given = msgspec.json.decode(str(row[0]), type=SessionRef)
    conversation_id, thread_id, expires_at, metadata = map(str, row[1:])
    held = Raw(metadata.encode())
    return SessionRef(
        session_id=given.session_id,
        conversation_id=given.conversation_id if row[1] is None else conversation_id,
        thread_id=given.thread_id if row[2] is None else thread_id,
        expires_at=given.expires_at if row[3] is None else expires_at,
        metadata=held if held != EMPTY_OBJECT or given.metadata == NULL else given.metadata,
    )


def is_stream_of(rx: Rx, stream: str, runner_id: str) -> bool:
    """Tell whether a stream is that of a run which the runner has claimed."""
    kind, _, run_id = stream.partition(":")
    head = find(rx, run_id) if kind == "run" else None
    return head is not None and head.claimed_by == runner_id


def next_command_seq(tx: Tx, run_id: str) -> int:
    """Number a new command of the run; a number never comes again."""
    row = tx.store.row(
        "UPDATE runs SET last_command_seq = last_command_seq + 1 WHERE run_id = ?"
        " RETURNING last_command_seq",
        run_id,
    )
    assert row is not None  # the run was found before
    return integer(row[0])


def set_active(tx: Tx, run_id: str, *, is_active: bool) -> None:
    """Say whether the run keeps its session running."""
    tx.store.run("UPDATE runs SET is_active = ? WHERE run_id = ?", int(is_active), run_id)


def has_other_active(rx: Rx, session_id: str, run_id: str) -> bool:
    """Tell whether another run keeps the session running."""
    row = rx.store.row(
        "SELECT 1 FROM runs WHERE session_id = ? AND is_active = 1 AND run_id <> ? LIMIT 1",
        session_id,
        run_id,
    )
    return row is not None


def write_end(
    tx: Tx, run_id: str, outcome: RunOutcome, failure_kind: str | None, message: str | None
) -> None:
    """Write how a run ended; it keeps nothing going any more."""
    tx.store.run(
        "UPDATE runs SET state = ?, failure_kind = ?, failure_message = ?, is_active = 0,"
        " updated_at = ? WHERE run_id = ?",
        outcome,
        failure_kind,
        message,
        tx.now,
        run_id,
    )
