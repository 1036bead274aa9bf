"""The seat of a worker: which process it is, from attaching to its end.

Who may sit is decided by what the kernel says of the caller (see `seats`), so most of this is about
what it does not say. A peer that the daemon cannot see end must not sit, since its end would never
be noticed. A number in `pid` means a process of the caller's own namespace, which may be another
one here. A shell can only attach through a helper that it starts, so an ancestor may be named; but
one of another session may be a terminal or the controller, and process 1 is everybody's ancestor:
with that one as the holder every process would share the seat.

A seat that is held is given to another only if its process is dead, or on takeover. Whether it is
dead is asked here and now: that it was not told of yet says nothing.
"""

from typing import Literal

from penholder_daemon.core import fence, seats, streams
from penholder_daemon.core.caller import CONTROL, RUNTIME, Caller
from penholder_daemon.core.effects import FenceOff, ForgetProcess, WatchProcess
from penholder_daemon.core.registry import Room
from penholder_daemon.core.seats import Seat
from penholder_daemon.core.transaction import Rx, Tx
from penholder_daemon.core.world import Process
from penholder_daemon.rooms.runtime import records
from penholder_daemon.rooms.workers import records as workers
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
    worker = workers.require(tx, _own(tx))
    process = _process(tx, pid)
    if worker.state == "stopped":
        raise WorkerStopped(
            f"worker {worker.worker_id} is stopped and stays so; create another",
            worker_id=worker.worker_id,
        )
    seat = seats.current(tx, worker.worker_id)
    # A descendant of a dead process shares nothing any more; it sits down for itself.
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
        records.lose(tx, worker, seat)
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
    # Read anew: the end of the seat before may have moved it.
    worker = workers.require(tx, _own(tx))
    seat = seats.take(tx, worker.worker_id, process)
    workers.note(
        tx,
        worker,
        "runtime.attached",
        runtime_epoch=seat.epoch,
        runtime_pid=process.pid,
        takeover=replaced is not None,
    )
    if worker.state in ("starting", "error"):
        workers.move(tx, worker, "idle")
    workers.set_recovery(tx, worker.worker_id, "attached")
    tx.after_commit(WatchProcess(worker.worker_id, seat.epoch, process))
    if replaced is not None:
        tx.after_commit(FenceOff(worker.worker_id, seat.epoch, replaced.process, process))
    return Attachment(worker=workers.require(tx, worker.worker_id), runtime_epoch=seat.epoch)


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
    worker = workers.require(tx, _own(tx))
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
    records.leave(tx, worker, seat)
    workers.note(tx, worker, "runtime.detached", runtime_epoch=seat.epoch)
    if worker.state not in (state, "stopped"):
        workers.move(tx, worker, state, last_error=last_error)
    # In that state already: `move` would do nothing, but its turn is over all the same.
    elif worker.state == state != "stopped":
        workers.write_state(tx, worker.worker_id, state, last_error)
    workers.set_recovery(tx, worker.worker_id, "restartable")
    return workers.require(tx, worker.worker_id)


@room.query(sockets=(CONTROL, RUNTIME), errors=(WorkerNotFound,))
def status(rx: Rx, *, worker_id: WorkerId) -> RuntimeStatus:
    """Tell which process holds the seat of a worker."""
    workers.require_controller_id(rx, worker_id)
    seat = seats.current(rx, worker_id)
    return RuntimeStatus(
        worker_id=worker_id,
        attached=seat is not None,
        pid=None if seat is None else seat.process.pid,
        runtime_epoch=fence.current_epoch(rx, streams.worker(worker_id)),
        attached_at=None if seat is None else seat.attached_at,
    )


@room.mutation(sockets=())
def exited(tx: Tx, *, worker_id: WorkerId, epoch: int) -> None:
    """Note that the process of a seat is gone; a seat that ended before is left alone."""
    seat = seats.current(tx, worker_id)
    if seat is None or seat.epoch != epoch:
        return
    worker = workers.find(tx, worker_id)
    # Removed while its process went on: there is nobody to tell of it but the seat.
    if worker is None:
        seats.leave(tx, seat)
        return
    records.lose(tx, worker, seat)
