"""The seat of a worker: which process it is, from attaching to its end."""

from typing import Literal

from msgspec import Raw

from penholder_daemon.core import fence, journal, seats, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_daemon.core.effects import CloseWorker, FenceOff, ForgetProcess, WatchProcess
from penholder_daemon.core.registry import Room
from penholder_daemon.core.seats import Seat
from penholder_daemon.core.store import to_json
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import Process
from penholder_daemon.rooms.approvals import records as approvals
from penholder_daemon.rooms.workers import records
from penholder_protocol.errors import (
    Denied,
    Fenced,
    NotAttached,
    PeerNotVisible,
    TooManySeats,
    WorkerAttached,
    WorkerNotFound,
    WorkerStopped,
)
from penholder_protocol.nouns import Attachment, RuntimeStatus, Worker
from penholder_protocol.nouns.words import Pid, Text, WorkerId

room = Room("runtime")


@room.mutation(
    sockets=(RUNTIME,),
    seat=False,
    errors=(Denied, PeerNotVisible, WorkerAttached, WorkerStopped, WorkerNotFound, TooManySeats),
)
def attach(tx: Tx, *, takeover: bool = False, pid: Pid | None = None) -> Attachment:
    """Take the worker's seat for the calling process, or for an ancestor of it named by `pid`.

    The ancestor must be of the caller's session and not process 1. Descendants share the seat. It
    lasts until runtime.detach or the end of the process, not of the connection. The seated process
    again, or a descendant of it: the seat as it is, in the same epoch.
    """
    worker = records.require(tx, _own(tx))
    process = _process(tx, pid)
    if worker.state == "stopped":
        raise WorkerStopped(
            f"worker {worker.worker_id} is stopped and stays so; create another",
            worker_id=worker.worker_id,
        )
    seat = seats.current(tx, worker.worker_id)
    if seat is not None and seats.shared_by(tx, seat, process) and _is_alive(tx, seat):
        return Attachment(worker=worker, runtime_epoch=seat.epoch)
    if seat is None:
        seats.require_room(tx)
    else:
        _vacate(tx, worker, seat, takeover=takeover)
    return _sit_down(tx, process, replaced=seat)


def _own(tx: Tx) -> str:
    assert tx.caller.worker_id is not None  # served on runtime sockets only
    return tx.caller.worker_id


def _process(tx: Tx, pid: int | None) -> Process:
    """Find the process that is meant: what the kernel says of the caller, never what it says."""
    caller = tx.caller
    if not caller.is_visible:
        raise PeerNotVisible(
            "the calling process is in another pid namespace than the daemon, which cannot see it"
            " end; run both in one, such as both in the container or both outside"
        )
    if not caller.lineage:
        raise Denied(
            f"process {caller.pid} was gone before the daemon could look, or is hidden from it",
            pid=caller.pid,
        )
    if pid is None or pid == caller.pid:
        return caller.lineage[0]
    if caller.has_own_pids:
        raise PeerNotVisible(
            f"process {caller.pid} is in a pid namespace of its own, where {pid} means another"
            " process than here; leave `pid` out",
            pid=pid,
        )
    for process in caller.in_session:
        if process.pid == pid:
            return process
    raise Denied(f"process {pid} {_why_not(caller, pid)}", pid=pid)


def _why_not(caller: Caller, pid: int) -> str:
    if pid == 1:
        return "is everybody's ancestor and nobody's worker"
    if any(process.pid == pid for process in caller.lineage):
        return (
            f"is an ancestor of the calling process {caller.pid}, but of another session, so it may"
            " be a terminal or the controller itself; it can attach for itself"
        )
    return f"is not the calling process {caller.pid} nor an ancestor of it"


def _is_alive(tx: Tx, seat: Seat) -> bool:
    return tx.world.process_lives(seat.process, seat.boot_id)


def _vacate(tx: Tx, worker: Worker, seat: Seat, *, takeover: bool) -> None:
    """Make the seat free: its process is dead, or is taken over."""
    if not _is_alive(tx, seat):
        _lose(tx, worker, seat)
        return
    if not takeover:
        raise WorkerAttached(
            f"process {seat.process.pid} holds the seat of {worker.worker_id};"
            " attach with takeover to replace it",
            worker_id=worker.worker_id,
            pid=seat.process.pid,
            current_epoch=seat.epoch,
        )
    seats.leave(tx, seat)
    tx.after_commit(ForgetProcess(worker.worker_id, seat.epoch))


def _sit_down(tx: Tx, process: Process, replaced: Seat | None) -> Attachment:
    worker = records.require(tx, _own(tx))
    seat = seats.take(tx, worker.worker_id, process)
    records.note(
        tx,
        worker,
        "runtime.attached",
        runtime_epoch=seat.epoch,
        runtime_pid=process.pid,
        takeover=replaced is not None,
    )
    if worker.state in ("starting", "error"):
        records.move(tx, worker, "idle")
    records.set_recovery(tx, worker.worker_id, "attached")
    tx.after_commit(WatchProcess(worker.worker_id, seat.epoch, process))
    if replaced is not None:
        tx.after_commit(FenceOff(worker.worker_id, seat.epoch, replaced.process, process))
    return Attachment(worker=records.require(tx, worker.worker_id), runtime_epoch=seat.epoch)


@room.mutation(sockets=(RUNTIME,), errors=(NotAttached, Fenced, Denied, PeerNotVisible))
def detach(
    tx: Tx,
    *,
    state: Literal["idle", "stopped", "error"] = "idle",
    last_error: Text | None = None,
    pid: Pid | None = None,
) -> Worker:
    """Give the seat up and leave the worker in a state, whatever the table of states says.

    Approvals stay pending; a worker that was stopped stays stopped. Only the seated process gives
    the seat up, or a descendant that names it with `pid`, by the rule of runtime.attach; another
    descendant's detach changes nothing and answers the worker as it stands.
    """
    worker = records.require(tx, _own(tx))
    seat = seats.require(tx, worker.worker_id)
    process = _process(tx, pid)
    if process != seat.process:
        if seats.shared_by(tx, seat, process):
            return worker
        raise NotAttached(
            f"process {process.pid} does not hold the seat of {worker.worker_id}:"
            f" {seat.process.pid} does",
            worker_id=worker.worker_id,
            current_epoch=seat.epoch,
        )
    _leave(tx, worker, seat)
    records.note(tx, worker, "runtime.detached", runtime_epoch=seat.epoch)
    if worker.state not in (state, "stopped"):
        records.move(tx, worker, state, last_error=last_error)
    elif worker.state == state != "stopped":
        records.write_state(tx, worker.worker_id, state, last_error)
    records.set_recovery(tx, worker.worker_id, "restartable")
    return records.require(tx, worker.worker_id)


@room.query(sockets=(CONTROL, RUNTIME), errors=(WorkerNotFound,))
def status(rx: Rx, *, worker_id: WorkerId) -> RuntimeStatus:
    """Tell which process holds the seat of a worker."""
    records.require_controller_id(rx, worker_id)
    seat = seats.current(rx, worker_id)
    return RuntimeStatus(
        worker_id=worker_id,
        attached=seat is not None,
        pid=None if seat is None else seat.process.pid,
        runtime_epoch=fence.current_epoch(rx, streams.worker(worker_id)),
        attached_at=None if seat is None else seat.attached_at,
    )


def lose_all(tx: Tx, why: str) -> int:
    """End every seat as if its process had exited; returns how many. The door for other rooms."""
    occupied = seats.occupied(tx)
    for seat in occupied:
        worker = records.find(tx, seat.worker_id)
        if worker is None:
            seats.leave(tx, seat)
        else:
            _end_seat(tx, worker, seat, why, f"{why}: process {seat.process.pid} lost its seat")
    return len(occupied)


@room.mutation(sockets=())
def exited(tx: Tx, *, worker_id: WorkerId, epoch: int) -> None:
    """Note that the process of a seat is gone; a seat that ended before is left alone."""
    seat = seats.current(tx, worker_id)
    if seat is None or seat.epoch != epoch:
        return
    worker = records.find(tx, worker_id)
    if worker is None:
        seats.leave(tx, seat)
        return
    _lose(tx, worker, seat)


def _lose(tx: Tx, worker: Worker, seat: Seat) -> None:
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
    _leave(tx, worker, seat)
    what = {"runtime_epoch": seat.epoch, "runtime_pid": seat.process.pid}
    journal.append(tx, streams.worker(worker.worker_id), "runtime.exited", Raw(to_json(what)))
    records.note(tx, worker, "runtime.exited", **what)
    approvals.cancel_all(tx, worker, note=note)
    if worker.state != "stopped":
        records.move(tx, worker, "error", last_error=last_error)
    records.set_recovery(tx, worker.worker_id, "lost")


def _leave(tx: Tx, worker: Worker, seat: Seat) -> None:
    """End a seat; its process is watched no more."""
    seats.leave(tx, seat)
    tx.after_commit(ForgetProcess(worker.worker_id, seat.epoch))
    if worker.state == "stopped":
        # A restart serves a stopped worker again while its process lives, for its last words.
        tx.after_commit(CloseWorker(worker.worker_id))
