"""The control socket, a runtime socket for each worker, and the connections that came through."""

import socket
from functools import partial
from pathlib import Path

import msgspec
import structlog
import trio

from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind
from penholder_daemon.core.world import Process
from penholder_daemon.shell.admission import Admission, refuse
from penholder_daemon.shell.connection import Connection
from penholder_daemon.shell.listeners import Listener, open_kept
from penholder_daemon.shell.outbox import Flusher
from penholder_daemon.shell.paths import Paths, UnusablePath
from penholder_daemon.shell.peers import Credentials, caller, credentials
from penholder_daemon.shell.services import Services
from penholder_daemon.shell.systemd.kept_sockets import CONTROL_NAME, KeptSockets, worker_name
from penholder_daemon.shell.transport import SocketTransport
from penholder_protocol import jsonrpc
from penholder_protocol.errors import Busy, PenholderError
from penholder_protocol.nouns import FencedNotice

log = structlog.get_logger()

_SWEEP_SECONDS = 5.0


class Sockets:
    """All that listens and all that is connected."""

    def __init__(
        self,
        paths: Paths,
        kept: KeptSockets,
        admission: Admission,
        nursery: trio.Nursery,
        flusher: Flusher,
    ) -> None:
        """Run listeners and connections in the nursery."""
        self._paths = paths
        self._kept = kept
        self._admission = admission
        self._nursery = nursery
        self._flusher = flusher
        self._listeners: dict[str | None, Listener] = {}
        self.connections: dict[Connection, None] = {}
        self._is_draining = False
        self._left = trio.Event()

    def serve_control(self, services: Services, sock: socket.socket) -> None:
        """Accept on the control socket, which was bound before anything else could fail."""
        self._listen(services, None, sock, self._paths.control_socket)

    def serve_worker(self, services: Services, worker_id: str) -> None:
        """Listen on a worker's socket; what keeps it from that is logged, the daemon goes on."""
        if worker_id in self._listeners:
            return
        path = self._paths.worker_socket(worker_id)
        try:
            sock = open_kept(self._kept, worker_name(worker_id), path)
            self._listen(services, worker_id, sock, path)
        except UnusablePath as error:
            log.error("a runtime socket cannot be served", worker_id=worker_id, reason=str(error))

    def _listen(
        self, services: Services, worker_id: str | None, sock: socket.socket, path: Path
    ) -> None:
        listener = Listener(sock, path, partial(self._accepted, services, worker_id))
        self._listeners[worker_id] = listener
        self._nursery.start_soon(listener.run)

    def close(self, worker_id: str, *, drop_connections: bool = False) -> None:
        """Accept no more on a worker's socket."""
        listener = self._listeners.pop(worker_id, None)
        if listener is not None:
            self._kept.give_up(worker_name(worker_id))
            listener.close()
        if drop_connections:
            for connection in self._of_worker(worker_id):
                connection.stop_reading()

    def close_all(self) -> None:
        """Accept no more anywhere, and read no more from anybody.

        Where a socket outlives this daemon, who connects from now on waits for the next one.
        """
        self._is_draining = True
        for worker_id, listener in self._listeners.items():
            name = CONTROL_NAME if worker_id is None else worker_name(worker_id)
            listener.close(keep_path=self._kept.outlives(name))
        self._listeners.clear()
        for connection in self.connections:
            connection.stop_reading()

    def tell_fenced(self, worker_id: str, epoch: int, old: Process, new: Process) -> None:
        """Tell the connections of a process that it lost its worker's seat."""
        notice = FencedNotice(worker_id=worker_id, current_epoch=epoch)
        line = jsonrpc.notification("runtime.fenced", msgspec.json.encode(notice))
        for connection in self._of_worker(worker_id):
            lineage = connection.caller.lineage
            if old in lineage and new not in lineage:
                connection.notify_line(line)

    def withdraw(self, stream: str, reader_id: str) -> None:
        """End what other workers have subscribed to of a stream that is this one's now."""
        for connection in list(self.connections):
            if connection.caller.worker_id not in (None, reader_id):
                connection.session.withdraw(stream)

    async def until_none_connected(self) -> None:
        """Wait until every connection has come to its end."""
        while self.connections:
            await self._left.wait()

    async def sweep(self) -> None:
        """End those that began a frame and never finished it."""
        while True:
            await trio.sleep(_SWEEP_SECONDS)
            for connection in self.connections:
                connection.check_patience()

    @property
    def served_workers(self) -> int:
        """How many runtime sockets accept."""
        return len([worker_id for worker_id in self._listeners if worker_id is not None])

    @property
    def subscription_count(self) -> int:
        """How many subscriptions there are."""
        return sum(connection.session.subscription_count for connection in self.connections)

    def _of_worker(self, worker_id: str) -> list[Connection]:
        return [each for each in self.connections if each.caller.worker_id == worker_id]

    def _accepted(self, services: Services, worker_id: str | None, sock: socket.socket) -> None:
        try:
            peer = credentials(sock)
            self._admission.admit(peer)
        except PenholderError as error:
            refuse(sock, error)
            return
        except OSError as error:
            log.debug("a peer was gone before it was known", reason=str(error))
            sock.close()
            return
        kind: SocketKind = CONTROL if worker_id is None else RUNTIME
        try:
            who = caller(sock, peer, kind, worker_id)
        except OSError as error:
            log.error("a peer cannot be looked at", pid=peer.pid, reason=str(error))
            self._admission.leave(peer)
            refuse(sock, Busy(f"the daemon cannot look at you now ({error.strerror}); try again"))
            return
        connection = Connection(SocketTransport(sock), who, services, self._flusher)
        self._nursery.start_soon(self._run, connection, peer)

    async def _run(self, connection: Connection, peer: Credentials) -> None:
        # Known from here on: before its run a connection has nothing to be told with.
        self.connections[connection] = None
        if self._is_draining:
            connection.stop_reading()
        try:
            await connection.run()
        except Exception as bug:
            log.error("a connection failed inside the daemon", pid=peer.pid, exc_info=bug)
        finally:
            self._admission.leave(peer)
            del self.connections[connection]
            self._left.set()
            self._left = trio.Event()
