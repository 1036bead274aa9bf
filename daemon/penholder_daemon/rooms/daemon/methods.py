"""The daemon itself: health, figures, the end."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import msgspec

from penholder_daemon.core import blobs, idempotency, journal, paging
from penholder_daemon.core import verify as verifying
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.method import Afterwards
from penholder_daemon.core.registry import Room
from penholder_daemon.core.rules import Rule
from penholder_daemon.core.session import Session
from penholder_daemon.core.store import StoreFault, integer
from penholder_daemon.core.streams import ALL, Selection
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.rooms.daemon.records import histories, pruning, restoring
from penholder_daemon.rooms.daemon.records.histories import Settled
from penholder_daemon.rooms.daemon.records.restoring import Ended
from penholder_protocol import __version__
from penholder_protocol.errors import InvalidParams
from penholder_protocol.nouns import (
    Backup,
    DaemonStatus,
    Finding,
    Health,
    Metrics,
    Pruned,
    Stopping,
    Verification,
)
from penholder_protocol.nouns.words import (
    Cursor,
    DrainMs,
    JsonObject,
    KeptBackups,
    Label,
    Milliseconds,
    Sequence,
    StreamNames,
)

room = Room("daemon")
T = TypeVar("T")

_DEFAULT_DRAIN_MS = 5000
_FORGET_EVERY_MS = 3_600_000
_FORGET_AT_ONCE = 10_000
"""Answers deleted in one transaction, which everybody else waits for."""
_FORGET_ON_MS = 1000


@room.local(sockets=(CONTROL, RUNTIME))
async def health(session: Session) -> Health:
    """Tell whether the store can be read (reachable) and written (ready)."""
    unreachable: str | None = None
    try:
        await session.read(journal.position)
    except StoreFault as fault:
        unreachable = str(fault)
    figures = session.daemon.figures()
    # The fault says how to go on, also where it is why reads fail.
    message = figures.store_fault or unreachable
    return Health(
        adapter=figures.adapter,
        ready=message is None,
        reachable=unreachable is None,
        migration_ready=True,
        migration_id=figures.migration_id,
        failure_kind=None if message is None else "store_failed",
        message=message,
    )


class _Counted(NamedTuple):
    """What only the store knows of the daemon's figures."""

    workers: dict[str, int]
    pos: int
    blob_bytes: int


@room.local(sockets=(CONTROL,))
async def status(session: Session) -> DaemonStatus:
    """Return the daemon in figures, also where the store cannot be read."""
    counted = await _look(session, _count)
    figures = msgspec.structs.asdict(session.daemon.figures())
    del figures["migration_id"], figures["adapter"]
    if isinstance(counted, StoreFault):
        figures["store_fault"] = figures["store_fault"] or str(counted)
        counted = _Counted({}, figures["pos"], 0)
    return DaemonStatus(
        version=__version__,
        boot_id=session.world.boot_id,
        **{**figures, **counted._asdict()},
    )


async def _look(session: Session, look: Callable[[Rx], T]) -> T | StoreFault:
    """Read; returns the fault where nothing can be read, which is when people ask for figures."""
    try:
        return await session.read(look)
    except StoreFault as fault:
        return fault


def _count(rx: Rx) -> _Counted:
    return _Counted(_workers(rx), journal.position(rx), blobs.used_bytes(rx))


def _workers(rx: Rx) -> dict[str, int]:
    rows = rx.store.rows("SELECT state, COUNT(*) FROM workers GROUP BY state ORDER BY state")
    return {str(state): integer(count) for state, count in rows}


@room.local(sockets=(CONTROL,))
async def metrics(session: Session) -> Metrics:
    """Return all figures in the text format of Prometheus."""
    found = await _look(session, lambda rx: (_workers(rx), blobs.kept(rx)))
    workers, kept = ({}, None) if isinstance(found, StoreFault) else found
    return Metrics(text=session.daemon.metrics(workers, kept))


@room.local(sockets=(CONTROL,))
async def config(session: Session) -> JsonObject:
    """Return the settings in force."""
    return session.daemon.config()


@room.local(sockets=(CONTROL,))
async def verify(session: Session, *, deep: bool = False) -> Verification:
    """Look for damage in the file and for broken invariants; `deep` reads all of every index."""
    findings = await session.daemon.verify(deep=deep)
    return Verification(ok=not findings, findings=findings)


@room.mutation(sockets=())
def compare_mirrors(tx: Tx) -> list[Finding]:
    """Look whether what the writer holds in memory is what is stored: a part of `verify`."""
    return list(verifying.mirrors(tx))


@room.local(sockets=(CONTROL,), errors=(InvalidParams,), acts=True)
async def backup(
    session: Session,
    *,
    path: Label | None = None,
    keep_last: KeptBackups | None = None,
) -> Backup:
    """Copy the database, while it serves, to a new file: verified, synced, mode 0600.

    Its blobs go to a directory beside it, with the same name and .blobs behind it.

    Without a path it goes to `backups` in the state directory under a name that tells the time,
    and `keep_last` removes all but the newest so many of that kind, once the new one is safe.
    """
    return await session.daemon.backup(path, keep_last)


@room.mutation(sockets=(CONTROL,), errors=(InvalidParams,), is_bulk=True)
def prune(
    tx: Tx,
    *,
    older_than_ms: Milliseconds | None = None,
    keep_last: Sequence | None = None,
    streams: StreamNames | None = None,
    dry_run: bool = False,
    cursor: Cursor | None = None,
) -> Pruned:
    """Delete the oldest entries of streams: those older than, and all but the last so many.

    Takes up to MAX_PRUNE entries at once, of up to MAX_PRUNE_STREAMS streams, and looks at up to
    MAX_PRUNE_LOOKS; `more` says that there may be more to take: pass `next` as `cursor`. Numbering
    goes on, and a cursor of a stream before what was taken gets CURSOR_GONE.
    """
    if older_than_ms is None and keep_last is None:
        raise InvalidParams("pass older_than_ms, keep_last or both: what may go?")
    where, values = Selection(streams or [ALL]).where_streams()
    rule = Rule(older_than_ms=older_than_ms, keep_last=keep_last)
    return pruning.prune(tx, rule, where, values, paging.after(cursor), dry_run=dry_run)


@room.mutation(sockets=(), timer=True)
def prune_by_policy(tx: Tx) -> int | None:
    """Prune as the settings say, a slice at a time; returns when to come again."""
    return pruning.by_policy(tx)


@room.local(sockets=(CONTROL,), acts=True)
async def shutdown(
    session: Session, *, drain_ms: DrainMs = _DEFAULT_DRAIN_MS
) -> Afterwards[Stopping]:
    """Have the daemon finish what it has, for at most `drain_ms`, and exit.

    Asked for with less time it shortens a stop that is underway. Sent again under a known key it
    stops nothing, not even a daemon that was started since.
    """
    return Afterwards(Stopping(stopping=True), partial(session.daemon.shut_down, drain_ms))


@room.mutation(sockets=())
def keep_answer(tx: Tx, *, method: str, key: str, params_hash: str, answer: bytes) -> None:
    """Keep what a call came to that the writer did not carry out."""
    idempotency.remember(tx, method, key, params_hash, answer)


@room.mutation(sockets=(), timer=True)
def forget_old_answers(tx: Tx) -> int | None:
    """Delete idempotent answers past their retention; returns when to come again."""
    # As many as were asked for: there may be more.
    is_behind = idempotency.forget_old(tx, _FORGET_AT_ONCE) == _FORGET_AT_ONCE
    return tx.world.boottime_ms() + (_FORGET_ON_MS if is_behind else _FORGET_EVERY_MS)


@room.mutation(sockets=())
def settle_history(tx: Tx, *, identity: str | None, known_pos: int | None) -> Settled:
    """Have a store that was connected to go on, as another history where it is one."""
    return histories.settle(tx, identity, known_pos)


@room.mutation(sockets=())
def restored(
    tx: Tx,
    *,
    known: HandedOut,
    file: str,
    lost_blobs: tuple[str, ...] = (),
    identity: str | None = None,
) -> Ended:
    """Go on from a backup: `known` is what the database in its place has given out."""
    blobs.forget_lost(tx, lost_blobs)
    return restoring.go_on(tx, known=known, file=file, identity=identity)


@room.mutation(sockets=())
def moved(tx: Tx, *, source: str, target: str) -> Ended:
    """Go on in a store into which all of another one was copied."""
    return restoring.go_on_elsewhere(tx, source=source, target=target)
