"""The daemon itself: health, figures, the end."""

import msgspec

from penholder_daemon.core import idempotency, journal
from penholder_daemon.core.caller import CONTROL, RUNTIME
from penholder_daemon.core.registry import Room
from penholder_daemon.core.session import Session
from penholder_daemon.core.store import StoreFault
from penholder_daemon.core.transaction import Rx, Tx
from penholder_protocol import __version__
from penholder_protocol.nouns import DaemonStatus, Health, Stopping
from penholder_protocol.nouns.words import DrainMs, IdempotencyKey

room = Room("daemon")

_DEFAULT_DRAIN_MS = 5000
_FORGET_EVERY_MS = 3_600_000
_FORGET_AT_ONCE = 10_000
"""Answers deleted in one transaction, which everybody else waits for."""
_FORGET_ON_MS = 1000


@room.local(sockets=(CONTROL, RUNTIME))
async def health(session: Session) -> Health:
    """Tell whether the store can be reached."""
    message: str | None = None
    try:
        await session.read(journal.position)
    except StoreFault as fault:
        message = str(fault)
    return Health(
        adapter="sqlite",
        ready=message is None,
        reachable=message is None,
        migration_ready=True,
        migration_id=session.figures().migration_id,
        failure_kind=None if message is None else "store_failed",
        message=message,
    )


@room.local(sockets=(CONTROL,))
async def status(session: Session) -> DaemonStatus:
    """Return the daemon in figures."""
    counts, pos = await session.read(_counts)
    figures = msgspec.structs.asdict(session.figures())
    del figures["migration_id"]
    return DaemonStatus(
        version=__version__, boot_id=session.world.boot_id, workers=counts, pos=pos, **figures
    )


def _counts(rx: Rx) -> tuple[dict[str, int], int]:
    rows = rx.store.rows("SELECT state, COUNT(*) FROM workers GROUP BY state ORDER BY state")
    return {str(state): int(str(count)) for state, count in rows}, journal.position(rx)


@room.local(sockets=(CONTROL,))
async def shutdown(
    session: Session,
    *,
    drain_ms: DrainMs = _DEFAULT_DRAIN_MS,
    idempotency_key: IdempotencyKey | None = None,  # noqa: ARG001 - asking twice is as once
) -> Stopping:
    """Have the daemon finish what it has, for at most `drain_ms`, and exit."""
    session.shut_down(drain_ms)
    return Stopping(stopping=True)


@room.mutation(sockets=(), timer=True)
def forget_old_answers(tx: Tx) -> int | None:
    """Delete idempotent answers past their retention; returns when to come again, in ms."""
    is_behind = idempotency.forget_old(tx, _FORGET_AT_ONCE) == _FORGET_AT_ONCE
    return tx.world.now_ms() + (_FORGET_ON_MS if is_behind else _FORGET_EVERY_MS)
