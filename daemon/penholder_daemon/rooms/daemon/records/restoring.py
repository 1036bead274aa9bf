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

from penholder_daemon.core import handed_out, history, journal, read_cursors
from penholder_daemon.core.counters import EPOCH_FLOOR
from penholder_daemon.core.handed_out import HandedOut
from penholder_daemon.core.history import Break
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.controllers import records as controllers
from penholder_daemon.rooms.hosts import records as hosts
from penholder_daemon.rooms.queue.records import claiming as queue
from penholder_daemon.rooms.queue.records import tasks as queue_records
from penholder_daemon.rooms.runs.records import claiming as runs
from penholder_daemon.rooms.runtime import records as runtime
from penholder_daemon.rooms.sessions import records as sessions

_COUNTERS = (EPOCH_FLOOR, sessions.VERSIONS, queue_records.VERSIONS, read_cursors.RISES)
NOTHING_KNOWN = HandedOut(is_all=False, counters=dict.fromkeys(_COUNTERS, 0))
"""What was given out where nobody can tell; of counters also those that are not begun here."""
_WHY = "the database was restored from a backup"
_WHY_MOVED = "the database was moved to another store"


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How many holders have lost what they held."""

    owners: int
    seats: int
    runs: int
    queue_tasks: int


def go_on(tx: Tx, *, known: HandedOut, file: str, identity: str | None = None) -> Ended:
    """Go on from a backup: `known` is what the database in its place has given out.

    Where a server keeps it, under the `identity` that it has now.
    """
    # Before it is lifted: up to here the backup holds everything.
    pos = journal.position(tx)
    # A counter that was not begun yet in the backup may have been since.
    begun = {**NOTHING_KNOWN.counters, **known.counters}
    handed_out.go_on_above(tx, msgspec.structs.replace(known, counters=begun))
    if identity is not None:
        history.note(tx.store, identity)
        history.note_break(tx.store, Break(pos, journal.position(tx)))
    history.note_fenced(tx.store)
    ended = end_all(tx, _WHY)
    hosts.leave_all(tx)
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
    handed_out.go_on_above(tx, handed_out.read(tx, is_all=True))
    # It is nobody's backup: whatever it is opened under is its own.
    history.forget(tx.store)
    ended = end_all(tx, _WHY_MOVED)
    hosts.leave_all(tx)
    journal.note(
        tx,
        "daemon",
        "daemon.moved",
        source=source,
        target=target,
        **msgspec.structs.asdict(ended),
    )
    return ended


def end_all(tx: Tx, why: str) -> Ended:
    """End all that is held in an orderly way, when everybody is fenced.

    What it leaves for hosts stays, unless those are left themselves.
    """
    return Ended(
        owners=controllers.release_all(tx),
        seats=runtime.lose_all(tx, why),
        runs=runs.void_all(tx),
        queue_tasks=queue.free_all(tx, why),
    )
