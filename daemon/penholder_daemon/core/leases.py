"""Leases: a holder that must renew, by one clock, with fresh grace after a gap.

Deadlines are on the monotonic clock of this boot. At every start of the daemon, and whenever the
writer was not heard of for LEASE_STALL_MS (stalled or suspended), nobody could have renewed, so
every lease starts anew.
"""

from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import World
from penholder_protocol.limits import LEASE_STALL_MS


def grant(tx: Tx, subject: str, lease_ms: int | None) -> str | None:
    """Start or renew a lease (None: none) and return when it ends, by the wall clock."""
    if lease_ms is None:
        drop(tx, subject)
        return None
    expires_at = tx.world.time_from_ms(tx.world.now_ms() + lease_ms)
    tx.store.run(
        "INSERT INTO leases (subject, lease_ms, deadline_ms, expires_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (subject) DO UPDATE SET lease_ms = excluded.lease_ms,"
        " deadline_ms = excluded.deadline_ms, expires_at = excluded.expires_at",
        subject,
        lease_ms,
        tx.world.monotonic_ms() + lease_ms,
        expires_at,
    )
    return expires_at


def drop(tx: Tx, subject: str) -> None:
    """End a lease; its holder, if any, holds without one."""
    tx.store.run("DELETE FROM leases WHERE subject = ?", subject)


def is_expired(rx: Rx, subject: str) -> bool:
    """Tell whether there is a lease and it ran out."""
    row = rx.store.row("SELECT deadline_ms FROM leases WHERE subject = ?", subject)
    return row is not None and rx.world.monotonic_ms() >= int(str(row[0]))


def renew_all(store: Store, world: World) -> None:
    """Give every lease a fresh grace time; inside a transaction of the caller's."""
    for subject, lease_ms in list(store.rows("SELECT subject, lease_ms FROM leases")):
        store.run(
            "UPDATE leases SET deadline_ms = ?, expires_at = ? WHERE subject = ?",
            world.monotonic_ms() + int(str(lease_ms)),
            world.time_from_ms(world.now_ms() + int(str(lease_ms))),
            subject,
        )


class StallDetector:
    """Notices that the writer was away for so long that nobody could renew."""

    def __init__(self, world: World) -> None:
        """Count from now."""
        self._world = world
        self._seen_ms = world.monotonic_ms()

    def heard(self) -> bool:
        """Note that the writer runs now; True if it was away too long."""
        now_ms = self._world.monotonic_ms()
        was_away = now_ms - self._seen_ms > LEASE_STALL_MS
        self._seen_ms = now_ms
        return was_away
