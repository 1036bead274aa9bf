"""How a seat ends: given up, or by the end of its process, which had no say in it.

A worker whose process is gone would stay in the state it was in, perhaps `running`, for ever, and
whoever waits for it would wait for nothing. So the end of a process is made known like anything
that the process could have said itself: as an event of the worker's own stream, since who follows
the worker looks there, and as an entry of its controller's, where everything stands that was done
to its workers. What it asked is canceled, since nobody is there who could take the answer,
unless it was to be kept for the next process (`approval.request(keep)`).

An end is heard of in several ways, and each may come late: from a pidfd, at a start that finds the
process gone, from the next one that attaches and finds the seat held by nobody alive. So each names
the seat by its epoch, and one that has ended already is left alone (`runtime.exited`).

A worker that is stopped stays so, whatever becomes of its process. The seat goes first in all of
this: what is written about the worker afterwards is about one whose seat is free.
"""

from msgspec import Raw

from penholder_daemon.core import journal, seats, streams
from penholder_daemon.core.effects import CloseWorker, ForgetProcess
from penholder_daemon.core.seats import Seat
from penholder_daemon.core.store import to_json
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.approvals import records as approvals
from penholder_daemon.rooms.workers import records as workers
from penholder_protocol.nouns import Worker


def lose_all(tx: Tx, why: str) -> int:
    """End every seat as if its process had exited; returns how many."""
    occupied = seats.occupied(tx)
    for seat in occupied:
        worker = workers.find(tx, seat.worker_id)
        if worker is None:
            seats.leave(tx, seat)
        else:
            _end_seat(tx, worker, seat, why, f"{why}: process {seat.process.pid} lost its seat")
    return len(occupied)


def lose(tx: Tx, worker: Worker, seat: Seat) -> None:
    """The seated process died."""
    pid = seat.process.pid
    _end_seat(
        tx,
        worker,
        seat,
        "the worker's process exited",
        f"process {pid} exited without runtime.detach",
    )


def _end_seat(tx: Tx, worker: Worker, seat: Seat, note: str, last_error: str) -> None:
    """The seat ended without the process having its say: the event, the approvals, the state."""
    leave(tx, worker, seat)
    what = {"runtime_epoch": seat.epoch, "runtime_pid": seat.process.pid}
    told = Raw(to_json({**what, "host_id": worker.host_id or None}))
    journal.append(tx, streams.worker(worker.worker_id), "runtime.exited", told)
    workers.note(tx, worker, "runtime.exited", **what)
    approvals.cancel_all(tx, worker, note=note)
    if worker.state != "stopped":
        workers.move(tx, worker, "error", last_error=last_error)
    workers.set_recovery(tx, worker.worker_id, "lost")


def leave(tx: Tx, worker: Worker, seat: Seat) -> None:
    """End a seat; its process is watched no more."""
    seats.leave(tx, seat)
    tx.after_commit(ForgetProcess(worker.worker_id, seat.epoch))
    if worker.state == "stopped":
        # A restart serves a stopped worker again while its process lives, for its last words.
        tx.after_commit(CloseWorker(worker.worker_id))
