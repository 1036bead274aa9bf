"""Seated processes, watched through their pidfd: the kernel tells the moment one exits."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import structlog
import trio

from penholder_daemon.core.world import Process
from penholder_daemon.shell.world import read_status
from penholder_protocol.limits import KILL_AFTER_MS

log = structlog.get_logger()
Exited = Callable[[str, int], None]


@dataclass(frozen=True)
class _Watched:
    epoch: int
    pidfd: int
    scope: trio.CancelScope


class ProcessWatcher:
    """One pidfd for each held seat; `exited(worker_id, epoch)` is called when its process ends."""

    def __init__(self, nursery: trio.Nursery, exited: Exited) -> None:
        """Watch inside a nursery."""
        self._nursery = nursery
        self._exited = exited
        self._watched: dict[str, _Watched] = {}

    def watch(self, worker_id: str, epoch: int, process: Process) -> None:
        """Watch the process of a seat; one that is gone already is told at once."""
        self.forget(worker_id)
        pidfd = _open(process)
        if pidfd is None:
            self._exited(worker_id, epoch)
            return
        watched = _Watched(epoch, pidfd, trio.CancelScope())
        self._watched[worker_id] = watched
        self._nursery.start_soon(self._wait, worker_id, watched)

    def forget(self, worker_id: str, epoch: int | None = None) -> None:
        """Watch a seat no more (of this epoch, if given)."""
        watched = self._watched.get(worker_id)
        if watched is not None and epoch in (None, watched.epoch):
            del self._watched[worker_id]
            watched.scope.cancel()

    def end(self, worker_id: str) -> None:
        """SIGTERM the process of a seat, and SIGKILL it if it is there a while later."""
        watched = self._watched.get(worker_id)
        if watched is not None:
            self._nursery.start_soon(self._end, worker_id, os.dup(watched.pidfd))

    async def _wait(self, worker_id: str, watched: _Watched) -> None:
        try:
            with watched.scope:
                await trio.lowlevel.wait_readable(watched.pidfd)
                log.info("a worker's process exited", worker_id=worker_id, epoch=watched.epoch)
                self._exited(worker_id, watched.epoch)
        finally:
            trio.lowlevel.notify_closing(watched.pidfd)
            os.close(watched.pidfd)

    async def _end(self, worker_id: str, pidfd: int) -> None:
        try:
            if not _signal(pidfd, signal.SIGTERM):
                return
            with trio.move_on_after(KILL_AFTER_MS / 1000):
                await trio.lowlevel.wait_readable(pidfd)
                return
            log.warning("a worker's process ignored SIGTERM; it is killed", worker_id=worker_id)
            _signal(pidfd, signal.SIGKILL)
        finally:
            trio.lowlevel.notify_closing(pidfd)
            os.close(pidfd)


def _open(process: Process) -> int | None:
    """Open a handle on exactly this process: the start time is compared after opening."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    status = read_status(process.pid)
    if status is None or status[1] != process.started_ticks:
        os.close(pidfd)
        return None
    return pidfd


def _signal(pidfd: int, number: signal.Signals) -> bool:
    """Send a signal; False where there is nothing to wait for."""
    try:
        signal.pidfd_send_signal(pidfd, number)
    except ProcessLookupError:
        log.debug("the process was gone before the signal", signal=number.name)
        return False
    except PermissionError:
        log.warning("a worker's process is another user's and was not ended", signal=number.name)
        return False
    return True
