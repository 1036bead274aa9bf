"""Leases: a holder that must renew, by a clock that stands still while it could not be heard.

A lease says that a holder which is not heard of for so long may be replaced. That is fair only if
it could have been heard. When the daemon itself was away (its loop or writer stalled, the machine
suspended, the disk full, the process down), the holder may have sent its renewal in time, and a
deadline by any ordinary clock would take from all holders at once what none of them has given up.

So deadlines are on a scale of their own (see `durations`), from which such time is taken out:

- A stall, a gap of more than LEASE_STALL_MS in the beat of loop or writer, moves all deadlines by
  its length. A shorter gap is what any machine has, and counts.
- At every start and after every suspend nobody knows how long it was that nobody could renew. Then
  each lease gets its full time anew (`renew_all`), which is why its length is stored beside it.
- Where several hosts share the store that is so for what one of them could not hear: it renews what
  was held over it. What none could hear is no time of the scale (`server_clock`).
- A call that had to wait for its turn is judged as of when it was heard (`Rx.heard_ms`): it may be
  the holder's own, whose lease ran out while it stood in the queue.

What it costs: a dead holder is replaced later by as much. Nothing is lost by that, since whether a
holder may write is never asked of its lease but of its fence.
"""

from penholder_daemon.core import durations, hosts
from penholder_daemon.core.store import Store, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import World
from penholder_protocol.limits import LEASE_STALL_MS


def grant(tx: Tx, subject: str, lease_ms: int | None) -> str | None:
    """Start or renew a lease (None: none) and return when it ends, by the wall clock."""
    if lease_ms is None:
        drop(tx, subject)
        return None
    # From now on, not from when the call was heard: a lease has its full length once it is told.
    deadline_ms = durations.lease_start(tx.world) + lease_ms
    tx.store.run(
        "INSERT INTO leases (subject, lease_ms, deadline_ms, host_id) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (subject) DO UPDATE SET lease_ms = excluded.lease_ms,"
        " deadline_ms = excluded.deadline_ms, host_id = excluded.host_id",
        subject,
        lease_ms,
        deadline_ms,
        tx.world.host_id,
    )
    return durations.lease_ends_at(tx.world, deadline_ms)


def drop(tx: Tx, subject: str) -> None:
    """End a lease; its holder, if any, holds without one."""
    tx.store.run("DELETE FROM leases WHERE subject = ?", subject)


def is_expired(rx: Rx, subject: str) -> bool:
    """Tell whether there is a lease and it ran out."""
    row = rx.store.row("SELECT deadline_ms FROM leases WHERE subject = ?", subject)
    return row is not None and durations.lease_now(rx) >= integer(row[0])


def renew_all(store: Store, world: World) -> None:
    """Give every lease its full time anew; inside a transaction of the caller's."""
    store.run("UPDATE leases SET deadline_ms = ? + lease_ms", durations.lease_start(world))


def renew_own(store: Store, world: World) -> None:
    """Do so for leases that were renewed over this host: whom others hear, they have heard."""
    store.run(
        f"UPDATE leases SET deadline_ms = ? + lease_ms WHERE {hosts.HERE}",
        durations.lease_start(world),
        world.host_id,
    )


class Beat:
    """Notices that one part of the daemon, loop or writer, was away too long to hear anybody."""

    def __init__(self, world: World) -> None:
        """Count from now."""
        self._world = world
        self._seen_ms = world.monotonic_ms()

    def look(self) -> int:
        """Tell of a stall that lasts till now, if there is one; returns what now is."""
        now_ms = self._world.monotonic_ms()
        if now_ms - self._seen_ms > LEASE_STALL_MS:
            self._world.clocks.stalled(self._seen_ms, now_ms)
        return now_ms

    def beat(self) -> None:
        """Note that this part goes on now."""
        # From the instant that was looked at: what passes in between would be in no gap.
        self._seen_ms = self.look()


class SuspendDetector:
    """Notices that the machine was suspended: only one of two clocks went on."""

    def __init__(self, world: World) -> None:
        """Count from now."""
        self._world = world
        self._apart_ms = self._difference_ms()

    def _difference_ms(self) -> int:
        return self._world.boottime_ms() - self._world.monotonic_ms()

    def was_suspended(self) -> bool:
        """Tell, once, whether it was since the last look."""
        before_ms, self._apart_ms = self._apart_ms, self._difference_ms()
        return self._apart_ms - before_ms > LEASE_STALL_MS
