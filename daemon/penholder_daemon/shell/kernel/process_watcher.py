"""Seated processes, watched through their pidfd: the kernel tells the moment one exits.

A missed heartbeat tells of a dead worker late, and of one that is only slow wrongly. A pidfd
becomes readable when its process has ended, and not before. It belongs to that very process: the
pid may come again, the descriptor never means another.

A descriptor may be wanting. A seat is then held by nobody who watches, which must not look like the
end of its process. So it is tried again every second, and until then the process counts as alive.

To end a process takes a handle of its own. The seat that asked for it may be given up, taken over
or forgotten while its process still has time to end, and the end is carried through all the same.
Who was told to end once is sent SIGTERM, then SIGKILL. A process of another user cannot be ended,
which is logged and harms nobody.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import structlog
import trio

from penholder_daemon.core.world import Process
from penholder_daemon.shell.kernel.procfs import open_exactly
from penholder_protocol.limits import KILL_AFTER_MS

log = structlog.get_logger()
Exited = Callable[[str, int], None]


_AGAIN_SECONDS = 1.0


@dataclass
class _Watched:
    epoch: int
    process: Process
    scope: trio.CancelScope
    pidfd: int | None = None
    """None until there was a descriptor for it."""


class ProcessWatcher:
    """One pidfd for each held seat; `exited(worker_id, epoch)` is called when its process ends."""

    def __init__(self, nursery: trio.Nursery, exited: Exited) -> None:
        """Watch inside a nursery."""
        self._nursery = nursery
        self._exited = exited
        self._watched: dict[str, _Watched] = {}

    def watch(self, worker_id: str, epoch: int, process: Process) -> None:
        """Watch the process of a seat; one that is gone already is told at once."""
        # Whoever took the seat over is the one to watch; the end of the one before concerns nobody
        # now.
        self.forget(worker_id)
        watched = _Watched(epoch, process, trio.CancelScope())
        if self._begin(worker_id, watched):
            self._watched[worker_id] = watched
            self._nursery.start_soon(self._wait, worker_id, watched)

    def forget(self, worker_id: str, epoch: int | None = None) -> None:
        """Watch a seat no more (of this epoch, if given)."""
        watched = self._watched.get(worker_id)
        # A seat that was given up may have been taken again meanwhile, under a higher epoch.
        if watched is not None and epoch in (None, watched.epoch):
            del self._watched[worker_id]
            watched.scope.cancel()

    def end(self, worker_id: str) -> None:
        """SIGTERM the process of a seat, and SIGKILL it if it is there a while later."""
        watched = self._watched.get(worker_id)
        if watched is not None:
            self._nursery.start_soon(self._end, worker_id, watched.process)

    def _begin(self, worker_id: str, watched: _Watched) -> bool:
        """Open the handle, now or when there is a descriptor; False if the process is gone."""
        try:
            watched.pidfd = open_exactly(watched.process)
        except OSError as error:
            log.error("a worker's process waits to be watched", worker_id=worker_id, error=error)
            # A descriptor is wanting, which says nothing about the process: it is watched a little
            # later.
            return True
        if watched.pidfd is None:
            self._exited(worker_id, watched.epoch)
        return watched.pidfd is not None

    async def _wait(self, worker_id: str, watched: _Watched) -> None:
        try:
            with watched.scope:
                while watched.pidfd is None:
                    await trio.sleep(_AGAIN_SECONDS)
                    # It was gone by then, which `_begin` has told.
                    if not self._begin(worker_id, watched):
                        return
                await trio.lowlevel.wait_readable(watched.pidfd)
                log.info("a worker's process exited", worker_id=worker_id, epoch=watched.epoch)
                self._exited(worker_id, watched.epoch)
        finally:
            if watched.pidfd is not None:
                _close(watched.pidfd)

    async def _end(self, worker_id: str, process: Process) -> None:
        """End a process through a handle of its own: the seat may be forgotten meanwhile."""
        pidfd = await _open_patiently(process)
        if pidfd is None:
            return
        try:
            if not _signal(pidfd, signal.SIGTERM):
                return
            # One that was stopped could not even see its SIGTERM.
            _signal(pidfd, signal.SIGCONT)
            with trio.move_on_after(KILL_AFTER_MS / 1000):
                await trio.lowlevel.wait_readable(pidfd)
                return
            log.warning("a worker's process ignored SIGTERM; it is killed", worker_id=worker_id)
            _signal(pidfd, signal.SIGKILL)
        finally:
            _close(pidfd)


async def _open_patiently(process: Process) -> int | None:
    """Open a handle, as soon as there is a descriptor for it; None if the process is gone."""
    while True:
        try:
            return open_exactly(process)
        except OSError as error:
            log.error("a worker's process waits to be ended", pid=process.pid, error=error)
        await trio.sleep(_AGAIN_SECONDS)


def _close(pidfd: int) -> None:
    # Before the number may mean something else: trio waits for descriptors by their numbers.
    trio.lowlevel.notify_closing(pidfd)
    os.close(pidfd)


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
