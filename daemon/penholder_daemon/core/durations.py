"""Durations on the daemon's own scales, which no jump of the wall clock moves.

A row holds an instant of a scale and, but for a lease's, never changes; what it is by the wall
clock is told when it is read. There are three scales, in milliseconds that only grow:

- delays, for what falls due (delays, backoffs, deadlines). They count CLOCK_BOOTTIME, suspends and
  restarts of the daemon included. Over a boot they go on by what the wall clock says has passed.
- ages, for what is kept so long (idempotency keys, entries). They count CLOCK_BOOTTIME too, but
  over a boot they stand still: only the wall clock could tell, and what is deleted is gone.
- leases, on CLOCK_MONOTONIC of this run, less the time in which nobody could be heard. They get
  their full time at every start, so they need not outlive one.

Where several hosts share the store all three go by the clock of its server (`server_clock`).

The first two begin at the wall clock of their first start, so that the instants of older rows,
which were the wall clock's, lie on them.
"""

from typing import NamedTuple

from penholder_daemon.core.clocks import Scales
from penholder_daemon.core.effects import WakeAt
from penholder_daemon.core.store import Store, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import World


def resume(store: Store, world: World, *, is_anew: bool = False) -> None:
    """Find where the scales stand, once in a run or anew; changes nothing stored."""
    clocks = world.clocks
    if clocks.scales is None or is_anew:
        boottime_ms, wall_ms = world.boottime_ms(), world.now_ms()
        clocks.wall_from_boottime.of(wall_ms - boottime_ms)
        delays_ms, ages_ms = _standing(store, world.boot_id, boottime_ms, wall_ms)
        clocks.scales = Scales(delays_ms - boottime_ms, ages_ms - boottime_ms)


def _standing(store: Store, boot_id: str, boottime_ms: int, wall_ms: int) -> tuple[int, int]:
    """Return what the scales of delays and ages show now."""
    row = store.row("SELECT boot_id, boottime_ms, wall_ms, delays_ms, ages_ms FROM clock")
    if row is None:
        return wall_ms, max(wall_ms, youngest(store))
    marked_boottime_ms, marked_wall_ms, delays_ms, ages_ms = (integer(value) for value in row[1:])
    if row[0] == boot_id and boottime_ms >= marked_boottime_ms:
        passed_ms = boottime_ms - marked_boottime_ms
        return delays_ms + passed_ms, ages_ms + passed_ms
    # Another boot, or a clock that was set back. The mark is made once a minute, so what was stored
    # last may be younger than it.
    return delays_ms + max(0, wall_ms - marked_wall_ms), max(ages_ms, youngest(store))


def youngest(store: Store) -> int:
    """Return the newest instant of the ages that is stored."""
    row = store.row(
        "SELECT COALESCE((SELECT age_ms FROM journal ORDER BY pos DESC LIMIT 1), 0),"
        " COALESCE((SELECT kept_ms FROM idempotency ORDER BY number DESC LIMIT 1), 0)"
    )
    assert row is not None  # it reads no table, so there is a row whatever is stored
    return max(integer(row[0]), integer(row[1]))


def mark(store: Store, world: World) -> None:
    """Store where the scales stand, for the start after this one; inside a transaction."""
    scales, clock_ms = _scales(world), world.boottime_ms()
    delays_ms, ages_ms = clock_ms + scales.delays_ms, clock_ms + scales.ages_ms
    put(store, Mark(world.boot_id, clock_ms, world.now_ms(), delays_ms, ages_ms, None))


class Mark(NamedTuple):
    """Where the scales stood when clocks showed something."""

    boot_id: str
    clock_ms: int
    """What CLOCK_BOOTTIME of that boot showed, or the clock of a server."""
    wall_ms: int
    delays_ms: int
    ages_ms: int
    leases_ms: int | None
    """None where leases are on the scale of one run."""


def put(store: Store, mark: Mark) -> None:
    """Store where the scales stand; there is one mark."""
    store.run(
        "INSERT INTO clock (number, boot_id, boottime_ms, wall_ms, delays_ms, ages_ms, leases_ms)"
        " VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET"
        " boot_id = excluded.boot_id, boottime_ms = excluded.boottime_ms,"
        " wall_ms = excluded.wall_ms, delays_ms = excluded.delays_ms, ages_ms = excluded.ages_ms,"
        " leases_ms = excluded.leases_ms",
        *mark,
    )


# --- what falls due -----------------------------------------------------------------------------
def due_after(tx: Tx, delay_ms: int) -> int:
    """Return the instant when a delay that begins now is over, to be stored.

    Where the scale stands is stored with it: the next boot counts from here.
    """
    if not tx.is_marked and tx.store.server_ms is None:
        mark(tx.store, tx.world)
        tx.is_marked = True
    return due_now(tx) + delay_ms


def due_now(rx: Rx) -> int:
    """Return the present on the scale of delays: what is at or before it has fallen due."""
    return rx.world.boottime_ms() + _scales(rx.world).delays_ms


def wake_at(world: World, due_ms: int) -> int:
    """Return when a timer is to look at what falls due then, by CLOCK_BOOTTIME."""
    return due_ms - _scales(world).delays_ms


def wake(tx: Tx, due_ms: int) -> None:
    """Have the timers look at what falls due then."""
    tx.after_commit(WakeAt(wake_at(tx.world, due_ms)))


def due_at(world: World, due_ms: int) -> str:
    """Tell by the wall clock as it is now when something falls due."""
    offset_ms = world.clocks.wall_from_boottime.of(world.now_ms() - world.boottime_ms())
    return world.time_from_ms(wake_at(world, due_ms) + offset_ms)


# --- how long something is kept -----------------------------------------------------------------
def age_now(world: World) -> int:
    """Return the present on the scale of ages, to be stored with what ages."""
    return world.boottime_ms() + _scales(world).ages_ms


def age_of(tx: Tx) -> int:
    """Return the same, as it is for all of a transaction."""
    if tx.age_ms is None:
        tx.age_ms = age_now(tx.world)
    return tx.age_ms


# --- leases -------------------------------------------------------------------------------------
def lease_now(rx: Rx) -> int:
    """Return the present on the scale of leases: when the call was heard, if it had to wait."""
    now_ms = rx.world.monotonic_ms()
    if rx.heard_ms is not None:
        now_ms = min(now_ms, rx.heard_ms)
    return now_ms + rx.world.clocks.leases_ms


def lease_start(world: World) -> int:
    """Return the present on the scale of leases, from which a lease counts."""
    return world.monotonic_ms() + world.clocks.leases_ms


def lease_ends_at(world: World, deadline_ms: int) -> str:
    """Tell by the wall clock as it is now when a lease ends."""
    offset_ms = world.clocks.wall_from_monotonic.of(world.now_ms() - world.monotonic_ms())
    return world.time_from_ms(deadline_ms - world.clocks.leases_ms + offset_ms)


def wake_for_lease(world: World, deadline_ms: int) -> int:
    """Return when a timer is to look at a lease that ends then, by CLOCK_BOOTTIME."""
    return world.boottime_ms() + max(0, deadline_ms - lease_start(world))


def _scales(world: World) -> Scales:
    scales = world.clocks.scales
    assert scales is not None, "durations.resume comes before all"
    return scales
