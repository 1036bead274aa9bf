"""What a database goes through when a backup of it takes the place of a newer one.

Between the backup and now others have become holders, and readers have read on. The backup knows of
none of that. Put in place as it is, it would let holders write again that had long been replaced,
give out the same numbers for other things, and show as held what nobody holds any more.

So numbers go on above all that were ever given out (`handed_out`), which fences everybody; and then
everything that is held ends in an orderly way, as if its holder had been lost: owners are released,
seats are vacated with all that the end of a process brings, runs may be claimed by anybody, queue
tasks are pending without having used an attempt. Being fenced alone would not do: each holder is
refused then, but what it held would wait for it until some lease is over, or for ever.

The order matters. What ends here raises epochs itself and writes entries, so numbers are lifted
before: what is told of the ends is then after everything that a reader can have seen.
"""

import msgspec

from penholder_daemon.core import handed_out, journal, read_cursors
from penholder_daemon.core.counters import EPOCH_FLOOR
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.hosts import records as hosts
from penholder_daemon.rooms.queue.records import claiming as queue
from penholder_daemon.rooms.queue.records import tasks as queue_records
from penholder_daemon.rooms.runs.records import claiming as runs
from penholder_daemon.rooms.runtime import records as runtime
from penholder_daemon.rooms.sessions import records as sessions

_COUNTERS = (EPOCH_FLOOR, sessions.VERSIONS, queue_records.VERSIONS, read_cursors.RISES)
_WHY = "the database was restored from a backup"
_WHY_MOVED = "the database was moved to another store"


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How many holders have lost what they held."""

    owners: int
    seats: int
    runs: int
    queue_tasks: int


def go_on(tx: Tx, *, known: HandedOut, file: str) -> Ended:
    """Go on from a backup: `known` is what the database in its place has given out."""
    # Before it is lifted: up to here the backup holds everything.
    pos = journal.position(tx)
    # A counter that was not begun yet in the backup may have been since.
    begun = {**dict.fromkeys(_COUNTERS, 0), **known.counters}
    ended = _end_all(tx, msgspec.structs.replace(known, counters=begun), _WHY)
    journal.note(
        tx,
        "daemon",
        "daemon.restored",
        file=file,
        backup_pos=pos,
        known=known.is_all,
        **msgspec.structs.asdict(ended),
    )
    return ended


def go_on_elsewhere(tx: Tx, *, source: str, target: str) -> Ended:
    """Go on in a store into which all of another one was copied.

    What it holds is all that was ever given out. But whoever holds anything may go on with the
    store that was copied, if somebody starts a daemon on it, so nobody holds it in both.
    """
    ended = _end_all(tx, handed_out.read(tx, is_all=True), _WHY_MOVED)
    journal.note(
        tx,
        "daemon",
        "daemon.moved",
        source=source,
        target=target,
        **msgspec.structs.asdict(ended),
    )
    return ended


def _end_all(tx: Tx, known: HandedOut, why: str) -> Ended:
    """Fence everybody, and end all that is held in an orderly way."""
    handed_out.go_on_above(tx, known)
    ended = Ended(
        owners=controllers.release_all(tx),
        seats=runtime.lose_all(tx, why),
        runs=runs.void_all(tx),
        queue_tasks=queue.free_all(tx, why),
    )
    # After the ends, which name the host of each and may leave something for it.
    hosts.leave_all(tx)
    return ended
