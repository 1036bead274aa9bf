"""A runtime socket for each worker that is not stopped, as far as that can be had.

What cannot be served, for want of descriptors or because something is in the way, is tried again
until it can; who is in `unserved` is counted where people look. To fail the call that made the
worker would be wrong: it is committed, and what is in the way may be gone in a moment.

A socket or directory that somebody removes under the daemon is noticed and made again. There may be
thousands, looked after twice a second, so they are not looked at one by one. The directory is asked
when it last changed, and only then are they. That time is coarse: two changes in one tick of the
kernel's clock look like one. So what was seen soon after a change is not trusted, and the next look
is a whole one again.

Nothing is put into the directory before it is known to be this daemon's own (`make_ready`): where
it was removed another daemon may have taken the path over, and its sockets must stay.
"""

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from socket import socket

import structlog

from penholder_daemon.shell.disk.paths import Paths, UnusablePath
from penholder_daemon.shell.listening.listeners import AcceptingSocket, open_kept
from penholder_daemon.shell.systemd.kept_sockets import KeptSockets, worker_name

log = structlog.get_logger()

_TRIES_AT_ONCE = 256
"""Workers that one round of tries takes; binding costs some ten microseconds."""
_SETTLED_SECONDS = 0.1
"""After this time a change of a directory cannot have the same time of change as an earlier one."""
_FULL = "as many are served as there are descriptors for"
Listen = Callable[[str, socket], AcceptingSocket]
"""Accepts for a worker on a socket, from now on."""


class WorkerSockets:
    """The runtime sockets, by worker."""

    def __init__(
        self,
        paths: Paths,
        kept: KeptSockets,
        make_ready: Callable[[], None],
        listen: Listen,
        most: int,
    ) -> None:
        """Serve so many workers at most; `make_ready` has the directory be there, and be ours."""
        self._paths = paths
        self._make_ready = make_ready
        self._kept = kept
        self._listen = listen
        self._most = most
        self._listeners: dict[str, AcceptingSocket] = {}
        self._unserved: dict[str, str] = {}
        """Workers to be served, and why they are not."""
        self._is_full = False
        self._seen: tuple[int, int] | None = None
        """The directory of sockets, and when it last changed, at the last look into it."""

    @property
    def served(self) -> int:
        """How many accept."""
        return len(self._listeners)

    @property
    def unserved(self) -> int:
        """How many should and do not."""
        return len(self._unserved)

    def serve(self, worker_id: str) -> None:
        """Listen on a worker's socket, now or as soon as it can be done."""
        if worker_id not in self._listeners:
            self._try(worker_id)

    def _try(self, worker_id: str) -> None:
        why = self._serve(worker_id)
        if why is None:
            self._unserved.pop(worker_id, None)
            return
        # One line says it of all for whom there is no room.
        is_news = self._unserved.get(worker_id) != why and (why is not _FULL or not self._is_full)
        self._is_full = why is _FULL
        if is_news:
            log.error("a runtime socket cannot be served", worker_id=worker_id, reason=why)
        self._unserved[worker_id] = why

    def _serve(self, worker_id: str) -> str | None:
        """Listen, or say why not."""
        if len(self._listeners) >= self._most:
            return _FULL
        try:
            # Each time: since the last one the directory may have become another's.
            self._make_ready()
            path = self._paths.worker_socket(worker_id)
            sock = open_kept(self._kept, worker_name(worker_id), path)
        except (UnusablePath, OSError) as error:
            return str(error)
        self._listeners[worker_id] = self._listen(worker_id, sock)
        return None

    def close(self, worker_id: str) -> None:
        """Accept no more on a worker's socket."""
        self._unserved.pop(worker_id, None)
        listener = self._listeners.pop(worker_id, None)
        if listener is not None:
            # Systemd holds the same socket: closed here alone, it would go on taking peers whom
            # nobody accepts.
            self._kept.give_up(worker_name(worker_id))
            listener.close()

    def close_all(self) -> None:
        """Accept no more on any; a socket that outlives this daemon keeps its path."""
        for worker_id, listener in self._listeners.items():
            listener.close(keep_path=self._kept.outlives(worker_name(worker_id)))
        self._listeners.clear()
        self._unserved.clear()

    def tend(self) -> None:
        """Serve anew what was removed, and try again what could not be served."""
        self._notice_removed()
        for worker_id in list(islice(self._unserved, _TRIES_AT_ONCE)):
            # Those that cannot be served go behind the others.
            why = self._unserved.pop(worker_id)
            self._unserved[worker_id] = why
            self._try(worker_id)

    def _notice_removed(self) -> None:
        if not self._has_changed():
            return
        lost = [each for each, listener in self._listeners.items() if not listener.is_in_place]
        for worker_id in lost:
            log.warning("a runtime socket was removed and is made again", worker_id=worker_id)
            self.close(worker_id)
            self._try(worker_id)

    def _has_changed(self) -> bool:
        """Ask the directory, which is cheap however many sockets there are."""
        seen = _state_of(self._paths.workers_dir)
        if seen is not None and seen == self._seen:
            return False
        is_settled = seen is not None and time.time_ns() - seen[1] > _SETTLED_SECONDS * 1e9
        self._seen = seen if is_settled else None
        return True


def _state_of(directory: Path) -> tuple[int, int] | None:
    try:
        found = directory.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
