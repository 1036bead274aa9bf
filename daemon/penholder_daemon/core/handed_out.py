"""What a database has given out: epochs, numbers and versions that may never come again.

A backup that takes the place of a newer database knows nothing of what was given out since. Left as
it is, a holder that was replaced since would be the holder again, and the same would be given out a
second time: an epoch that somebody has passed on to another system; a position, so that a reader
with a cursor from before passes another entry over; a version, so that its reader takes another
state of a record for read.

So whatever takes the place of a database goes on above all that either of the two has given out. Of
the one in place it is read out before (`read`), and the other is lifted above it (`go_on_above`).
Epochs go up by one beyond that and nobody holds anything then, so that every holder from before is
fenced, also one that the backup itself knows. Who held a seat is handed over too: such a process
must hear FENCED, not that it may attach.

The database in place may be damaged; that is what backups are for. Then what it has given out is
not known, and what can still be read is no more than a lower bound. So numbers go up by a step that
nobody can have used up meanwhile, and to the time at least (`UNKNOWN_STEP`).
"""

import msgspec

from penholder_daemon.core import counters, fence, seats
from penholder_daemon.core.seats import Seat
from penholder_daemon.core.transaction import Rx, Tx

UNKNOWN_STEP = 1_000_000_000
"""How far to go on where it is not known: a billion entries are hundreds of gigabytes, so nobody
gives out as many between a backup and its restore. And since one backup may be restored twice, at
least to the time in microseconds, of which nobody gives out one each."""


class HandedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of it; `is_all` unless it could not be read, or not be trusted."""

    epochs: dict[str, int] = {}
    sequences: dict[str, int] = {}
    counters: dict[str, int] = {}
    seats: list[Seat] = []
    is_all: bool


def read(rx: Rx, *, is_all: bool) -> HandedOut:
    """Read it out of a database."""
    return HandedOut(
        epochs=fence.all_epochs(rx),
        sequences=counters.all_sequences(rx),
        counters=counters.all_values(rx),
        # Of a damaged database a seat may be above its own epoch.
        seats=seats.occupied(rx) if is_all else [],
        is_all=is_all,
    )


def go_on_above(tx: Tx, known: HandedOut) -> None:
    """Leave behind what this database and the other have given out; nobody holds anything then."""
    step, floor = _step(tx, known)
    # Epochs need a step in any case: the highest one is perhaps somebody's who is still there.
    fence.outdate_all(tx, known.epochs, step=step or 1, floor=floor)
    leave_room(tx, known)
    for seat in known.seats:
        seats.note_former(tx, seat)


def leave_room(tx: Tx, known: HandedOut) -> None:
    """Have numbers and the epochs of later holders go on above; who holds anything, holds it on."""
    step, floor = _step(tx, known)
    counters.lift_sequences(tx, known.sequences, step=step, floor=floor)
    counters.lift_values(tx, known.counters, step=step, floor=floor)


def _step(tx: Tx, known: HandedOut) -> tuple[int, int]:
    """Return by how much to go on, and what to reach at least."""
    if known.is_all:
        # The next number is above all of them by itself.
        return 0, 0
    # Of the clocks of hosts and of a server, any may be behind.
    return UNKNOWN_STEP, max(tx.world.now_ms(), tx.store.server_ms or 0) * 1000
