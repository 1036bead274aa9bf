"""Seats: which process is a worker, and the fence of everything it writes.

On a runtime socket nothing is proven by a token. A token lies in an environment or a file, where
whoever can read it becomes the worker; a process cannot be copied. So the seat belongs to a
process, known by pid and start time: a pid comes again, the two together never do within a boot,
and the boot's id is kept beside them. Each new holder raises the epoch of `worker:<id>`.

Who is calling is the lineage that the kernel showed when the connection was made: the process and
its ancestors. It is read once. Ancestors can end afterwards but never be gained, so it stays good
for deciding whose seat the caller shares, without a look into /proc at each call.

Descendants share the seat of a process. Sharing is what lets the ways of starting a worker be put
together: under `penholder run` a program that attaches for itself is a descendant of the seated
process and gets the seat that it shares; it can write, and neither its detach nor its end takes
the seat from the process above. Whose parent had ended when it connected is no descendant.

Of those who do not hold the seat, two kinds are told apart, since they must do different things.
Who held it once, under a lower epoch, is FENCED: another has taken over, and it should end. Anybody
else is NOT_ATTACHED: it may attach. So is the last one that left, as nobody has come after it.

A seat ends when it is given up or when its process ends, never with a connection. The latter the
daemon hears from a pidfd. That a process is to be ended by force is kept with the seat
(`force_end`), so that it is carried through by the next run, should this one end before.
"""

import msgspec

from penholder_daemon.core import fence, streams
from penholder_daemon.core.hosts import HERE
from penholder_daemon.core.room_left import is_full
from penholder_daemon.core.store import Known, Row, integer
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import Process
from penholder_protocol.errors import NotAttached, TooManySeats


class Seat(msgspec.Struct, frozen=True):
    """One holding of a worker's seat; open while `ended_at` is None."""

    worker_id: str
    epoch: int
    process: Process
    boot_id: str
    attached_at: str
    ended_at: str | None


_COLUMNS = "worker_id, epoch, pid, started_ticks, boot_id, attached_at, ended_at"


def _seat(row: Row) -> Seat:
    worker_id, epoch, pid, started_ticks, boot_id, attached_at, ended_at = row
    return Seat(
        str(worker_id),
        integer(epoch),
        Process(integer(pid), integer(started_ticks)),
        str(boot_id),
        str(attached_at),
        None if ended_at is None else str(ended_at),
    )


_CURRENT = Known(f"SELECT {_COLUMNS} FROM seats WHERE worker_id = ? AND ended_at IS NULL", _seat)


def current(rx: Rx, worker_id: str) -> Seat | None:
    """Return who sits there now."""
    return rx.store.known(_CURRENT, worker_id)


def occupied(rx: Rx) -> list[Seat]:
    """Return all seats that are held, on any host."""
    sql = f"SELECT {_COLUMNS} FROM seats WHERE ended_at IS NULL"
    return [_seat(row) for row in rx.store.rows(sql)]


def occupied_here(rx: Rx) -> list[Seat]:
    """Return those whose processes are of this host, for the start of its daemon."""
    sql = f"SELECT {_COLUMNS} FROM seats WHERE ended_at IS NULL AND {HERE}"
    return [_seat(row) for row in rx.store.rows(sql, rx.world.host_id)]


def require_room(tx: Tx) -> None:
    """Raise TooManySeats where no process more can be watched."""
    most = tx.world.rules.max_seats
    if is_full(tx, f"seats WHERE ended_at IS NULL AND {HERE}", tx.world.host_id, most=most):
        raise TooManySeats(
            f"{most} processes are seated, more cannot be watched (MAX_SEATS, or what the"
            " descriptors of the daemon's process allow); let some of them end or detach",
            limit="MAX_SEATS",
            maximum=most,
        )


def note_former(tx: Tx, seat: Seat) -> None:
    """Know the holder of a seat that was taken in another database, so that it gets Fenced here."""
    tx.store.run(
        f"INSERT INTO seats ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (worker_id, epoch) DO NOTHING",
        seat.worker_id,
        seat.epoch,
        seat.process.pid,
        seat.process.started_ticks,
        seat.boot_id,
        seat.attached_at,
        tx.now,
    )


def take(tx: Tx, worker_id: str, process: Process) -> Seat:
    """Seat a process under a new epoch; the seat must be free."""
    # Without a token: the process itself is the proof.
    epoch = fence.raise_epoch(tx, streams.worker(worker_id), None)
    seat = Seat(worker_id, epoch, process, tx.world.boot_id, tx.now, None)
    tx.store.run(
        f"INSERT INTO seats ({_COLUMNS}, host_id) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
        worker_id,
        epoch,
        process.pid,
        process.started_ticks,
        seat.boot_id,
        seat.attached_at,
        tx.world.host_id,
    )
    return seat


def leave(tx: Tx, seat: Seat) -> None:
    """End a holding."""
    tx.store.run(
        "UPDATE seats SET ended_at = ? WHERE worker_id = ? AND epoch = ?",
        tx.now,
        seat.worker_id,
        seat.epoch,
    )


def force_end(tx: Tx, seat: Seat) -> None:
    """Remember, over restarts of the daemon, that the seated process is to be ended."""
    tx.store.run(
        "UPDATE seats SET end_forced = 1 WHERE worker_id = ? AND epoch = ?",
        seat.worker_id,
        seat.epoch,
    )


def to_be_ended(rx: Rx) -> list[str]:
    """Return the workers whose seated process a forced stop has not seen the end of, here."""
    sql = f"SELECT worker_id FROM seats WHERE ended_at IS NULL AND end_forced = 1 AND {HERE}"
    return [str(row[0]) for row in rx.store.rows(sql, rx.world.host_id)]


def require(rx: Rx, worker_id: str) -> Seat:
    """Let the call pass if the caller's process, or an ancestor of it, holds the seat.

    Who once held it gets Fenced, anybody else NotAttached; both name the current epoch.
    """
    seat = current(rx, worker_id)
    if seat is not None and _shares(rx, seat):
        return seat
    if any(_shares(rx, former) for former in _former(rx, worker_id)):
        raise fence.stale(rx, streams.worker(worker_id), worker_id=worker_id)
    raise NotAttached(
        f"process {rx.caller.pid} does not hold the seat of {worker_id}; call runtime.attach first",
        worker_id=worker_id,
        current_epoch=fence.current_epoch(rx, streams.worker(worker_id)),
    )


def shared_by(tx: Tx, seat: Seat, process: Process) -> bool:
    """Tell whether a process of the caller's lineage holds a seat, or descends from its holder."""
    lineage = tx.caller.lineage
    # Only from the named process upwards: one above the seated process does not share its seat.
    is_above = seat.process in lineage[lineage.index(process) :]
    return is_above and seat.boot_id == tx.world.boot_id


def _shares(rx: Rx, seat: Seat) -> bool:
    return seat.boot_id == rx.world.boot_id and seat.process in rx.caller.lineage


def _former(rx: Rx, worker_id: str) -> list[Seat]:
    """Return past holders whom a higher epoch replaced; after the last one left nobody is stale."""
    sql = f"SELECT {_COLUMNS} FROM seats WHERE worker_id = ? AND ended_at IS NOT NULL AND epoch < ?"
    epoch = fence.current_epoch(rx, streams.worker(worker_id))
    return [_seat(row) for row in rx.store.rows(sql, worker_id, epoch)]
