"""How a seat ends: given up, or by the end of its process, which had no say in it."""

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
    journal.append(tx, streams.worker(worker.worker_id), "runtime.exited", Raw(to_json(what)))
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
