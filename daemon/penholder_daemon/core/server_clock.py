"""The scales of durations where several hosts share a store: all go by the clock of its server.

Each host has clocks of its own, which may lie hours apart, and all of them judge the same leases
and due times. So each transaction begins with what the server's clock shows (`Store.server_ms`),
and with the mark: where the scales stood when that clock showed something earlier. What has passed
since is added. The clocks of this host only carry the scales on until the transaction ends.

The mark is also the beat of all hosts together: whoever writes, or has nothing to do, makes it anew
twice a second. A gap in it of more than LEASE_STALL_MS is time in which no host could write, so
nobody could renew a lease. It is no time of leases; a host alone does the same with its own stalls.

What time it is, is the server's to say, too (`Clocks.shared_wall_ms`): times of several hosts are
compared, as in "oldest first", and a host whose own clock is behind must not come first by that.

The server's clock may be set. That shows as a gap, or as one below nothing, and looks like a time
in which nobody was there. Who was there knows better: the scales are carried on by its own clock,
and what that says has passed is believed where the two differ by more than a second, or the
server's shows less than nothing. Who has just started knows nothing, and takes the gap for time.
While others beat there is no gap, and nobody's own clock is asked: it may be the one that stood
still, with its machine. So a step ahead that is no gap is taken for time.
"""

from penholder_daemon.core import durations, leases
from penholder_daemon.core.clocks import Clocks, Scales
from penholder_daemon.core.durations import Mark
from penholder_daemon.core.store import Known, Row, Store, integer
from penholder_daemon.core.world import World
from penholder_protocol.limits import LEASE_STALL_MS

SERVER = "server"
"""Stands for the boot in a mark that is of the server's clock."""
BEAT_MS = 500
_SET_MS = 1000
"""By how much the server's clock and one's own may differ before the server's has been set."""


def _later(mark: Mark, server_ms: int, passed_ms: int, leases_passed_ms: int) -> Mark:
    """Return where the scales stand when so much has passed since a mark."""
    return Mark(
        SERVER,
        server_ms,
        server_ms,
        mark.delays_ms + passed_ms,
        mark.ages_ms + passed_ms,
        (mark.leases_ms or 0) + leases_passed_ms,
    )


def _read(row: Row) -> Mark:
    boot_id, clock_ms, wall_ms, delays_ms, ages_ms, leases_ms = row
    return Mark(
        str(boot_id),
        integer(clock_ms),
        integer(wall_ms),
        integer(delays_ms),
        integer(ages_ms),
        None if leases_ms is None else integer(leases_ms),
    )


MARK = Known(
    "SELECT boot_id, boottime_ms, wall_ms, delays_ms, ages_ms, leases_ms FROM clock"
    " WHERE number = 1",
    _read,
)


def follow(store: Store, world: World, server_ms: int) -> None:
    """Find where the scales stand in a transaction that has begun, and beat if it is time to."""
    clocks, boottime_ms = world.clocks, world.boottime_ms()
    mark = store.known(MARK)
    if mark is None or mark.boot_id != SERVER:
        now = _first(store, mark, server_ms)
        _go_on_from(clocks, now, boottime_ms, world.monotonic_ms())
        # Their deadlines are of another clock.
        leases.renew_all(store, world)
        durations.put(store, now)
        return
    passed_ms = _passed(clocks, mark, server_ms, boottime_ms)
    is_gap = passed_ms > LEASE_STALL_MS
    now = _later(mark, server_ms, passed_ms, 0 if is_gap else passed_ms)
    _go_on_from(clocks, now, boottime_ms, world.monotonic_ms())
    if passed_ms >= BEAT_MS or server_ms - mark.clock_ms != passed_ms:
        durations.put(store, now)


def _passed(clocks: Clocks, mark: Mark, server_ms: int, boottime_ms: int) -> int:
    """Return what has passed since the mark."""
    passed_ms = server_ms - mark.clock_ms
    if 0 <= passed_ms <= LEASE_STALL_MS or clocks.shared_leases_ms is None:
        return max(0, passed_ms)
    assert clocks.scales is not None  # the two are found together
    own_ms = boottime_ms + clocks.scales.delays_ms - mark.delays_ms
    is_own = passed_ms < 0 or abs(passed_ms - own_ms) > _SET_MS
    return max(0, own_ms if is_own else passed_ms)


def _go_on_from(clocks: Clocks, now: Mark, boottime_ms: int, monotonic_ms: int) -> None:
    clocks.scales = Scales(now.delays_ms - boottime_ms, now.ages_ms - boottime_ms)
    clocks.shared_leases_ms = (now.leases_ms or 0) - monotonic_ms
    clocks.shared_wall_ms = now.clock_ms - boottime_ms


def _first(store: Store, mark: Mark | None, server_ms: int) -> Mark:
    """Return where they stand for whoever is the first to go by the server's clock."""
    youngest_ms = durations.youngest(store)
    if mark is None:
        return Mark(SERVER, server_ms, server_ms, server_ms, max(server_ms, youngest_ms), 0)
    # As over a boot: by what the wall clock says has passed, and ages stand still.
    passed_ms = max(0, server_ms - mark.wall_ms)
    ages_ms = max(mark.ages_ms, youngest_ms)
    return Mark(SERVER, server_ms, server_ms, mark.delays_ms + passed_ms, ages_ms, 0)
