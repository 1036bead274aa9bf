"""What a start finds in the database before anything is served, however the last run ended.

A process may have ended while the daemon was away, so every seat that was held is looked at;
but for those of other hosts that share the store, whose processes cannot be seen from here.
"""

from dataclasses import dataclass

from penholder_daemon.core import durations, journal, seats
from penholder_daemon.core.caller import Caller
from penholder_daemon.core.seats import Seat
from penholder_daemon.core.store import Store
from penholder_daemon.core.transaction import Rx
from penholder_daemon.core.world import World
from penholder_daemon.rooms.workers import records as workers


@dataclass(frozen=True)
class Start:
    """Where the journal stands, and who was there before."""

    pos: int
    kept_seats: list[Seat]
    """Those whose process still lives."""
    lost_seats: list[Seat]
    """Those whose process ended while nobody watched it."""
    served_workers: list[str]
    """Those with a living process first, then the newest: there may be no room for all."""
    ending_workers: list[str]
    """Those whose process was being ended by force, and may never have had its signals."""


def look_back(store: Store, world: World, caller: Caller) -> Start:
    """See who was there before the restart; changes nothing."""
    durations.resume(store, world)
    rx = Rx(store, world, caller)
    kept: list[Seat] = []
    lost: list[Seat] = []
    for seat in seats.occupied_here(rx):
        (kept if world.process_lives(seat.process, seat.boot_id) else lost).append(seat)
    seated = [seat.worker_id for seat in kept]
    # A dict, since it keeps the first place of whoever comes twice.
    served = list(dict.fromkeys([*seated, *workers.served(rx)]))
    return Start(journal.position(rx), kept, lost, served, seats.to_be_ended(rx))
