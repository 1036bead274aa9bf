"""How a store goes on where it holds another history than before (`core.history`).

All of it is one mutation, which is made before anything else is written on a server that was
connected to anew. Several daemons may come at once: each looks again under the lock of all who
write, so who comes second finds it done.

Who is fenced. Between the end of the one history and the beginning of the other somebody may have
become a holder, of whom nothing is known here; and whom it replaced is the holder here again. So
everybody is fenced, as after a restore, where commits are missing: a daemon knows of some, or has
just started and knows of nothing. A daemon that was there all along and misses nothing, as after a
failover to a synchronous standby, has only numbers go on above, and everybody keeps what he holds.
Another that misses something may come later: then everybody is fenced then, once.

Hosts stay as they are: their daemons are there, or come back, or their leases run out.
"""

import msgspec

from penholder_daemon.core import handed_out, history, journal
from penholder_daemon.core.history import Break
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.daemon.records import restoring
from penholder_daemon.rooms.daemon.records.restoring import NOTHING_KNOWN, Ended

_WHY = "the database is of another history, after a failover or a restore"


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How a store was found, and goes on."""

    pos: int
    """Where the journal stands now."""
    ended_pos: int | None = None
    """Where another history has ended, if that was noticed now."""
    ended: Ended | None = None
    """What was held by those that were fenced."""
    breaks: tuple[Break, ...]


def settle(tx: Tx, identity: str | None, known_pos: int | None) -> Settled:
    """Have a store go on under an identity; `known_pos`: see `history.is_owed`."""
    broken, ended = _go_on(tx, identity, known_pos)
    if identity is not None:
        history.note(tx.store, identity)
    return Settled(
        pos=journal.position(tx),
        ended_pos=None if broken is None else broken.ended_pos,
        ended=ended,
        breaks=tuple(history.breaks(tx.store)),
    )


def _go_on(
    tx: Tx, identity: str | None, known_pos: int | None
) -> tuple[Break | None, Ended | None]:
    """Return what was to be made good, if anything was, and what has ended for it."""
    pos = journal.position(tx)
    is_missing = known_pos is not None and known_pos > pos
    missed = None if known_pos is None else history.unfenced(tx.store, known_pos)
    is_another = is_missing or history.is_another(tx.store, identity)
    if not is_another and missed is None:
        return None, None
    fences = known_pos is None or is_missing or missed is not None
    if fences:
        handed_out.go_on_above(tx, NOTHING_KNOWN)
    else:
        handed_out.leave_room(tx, NOTHING_KNOWN)
    broken = missed
    if is_another:
        broken = Break(pos, journal.position(tx))
        history.note_break(tx.store, broken)
    assert broken is not None  # one of the two was there
    ended = None
    if fences:
        history.note_fenced(tx.store)
        ended = restoring.end_all(tx, _WHY)
    _tell(tx, broken, ended)
    return broken, ended


def _tell(tx: Tx, broken: Break, ended: Ended | None) -> None:
    held = {} if ended is None else msgspec.structs.asdict(ended)
    fenced = ended is not None
    what = {**broken._asdict(), "fenced": fenced, **held}
    journal.note(tx, "daemon", "daemon.history_began", **what)
