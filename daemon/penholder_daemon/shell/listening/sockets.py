"""The control socket, a runtime socket for each worker, and the connections that came through.

Who connects is looked at in an order that costs a flood little: first what the kernel says with the
socket (`credentials`), then whether there is room (`Admission`), and only then its lineage, which
is a walk through /proc. Each refusal is a line that a client can read. What cannot be looked at for
want of descriptors is refused as busy, since it passes.

A connection is known here from its run on, and is counted off however it ends. What one meets
inside ends that one alone, and so it is with a listener; both are logged as the mistakes that they
are.

What is taken away under the daemon is served again (`tend`), but for what it closed itself. A
socket whose path is gone is of no use to anybody, also where systemd keeps it: it is given up and
bound anew.

At a stop nothing more is accepted. Where a socket outlives this daemon its path stays, and who
connects from now on waits for the next daemon in the socket's queue.
"""

import socket
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import structlog
import trio

from penholder_daemon.core.caller import CONTROL, RUNTIME, SocketKind
from penholder_daemon.core.history import Break
from penholder_daemon.core.world import Process
from penholder_daemon.shell.connections.connection import Connection
from penholder_daemon.shell.connections.hub import Hub
from penholder_daemon.shell.connections.services import Services
from penholder_daemon.shell.connections.transport import SocketTransport
from penholder_daemon.shell.disk.paths import Paths, UnusablePath
from penholder_daemon.shell.kernel.peers import Credentials, caller, credentials
from penholder_daemon.shell.listening.admission import Admission, refuse
from penholder_daemon.shell.listening.listeners import AcceptingSocket, open_kept
from penholder_daemon.shell.listening.worker_sockets import WorkerSockets
from penholder_daemon.shell.systemd.kept_sockets import CONTROL_NAME, KeptSockets
from penholder_protocol import jsonrpc
from penholder_protocol.errors import Busy, PenholderError
from penholder_protocol.nouns import FencedNotice

log = structlog.get_logger()


class Sockets:
    """All that listens and all that is connected."""

    _services: Services

    def __init__(
        self,
        paths: Paths,
        kept: KeptSockets,
        admission: Admission,
        nursery: trio.Nursery,
        max_workers: int,
        make_ready: Callable[[], None],
        hub: Hub,
    ) -> None:
        """Run listeners and connections in the nursery; the hub reads what peers send.

        `make_ready` has the directory of sockets be there, and be this daemon's; raises
        UnusablePath.
        """
        self._paths = paths
        self._make_ready = make_ready
        self._kept = kept
        self._admission = admission
        self._nursery = nursery
        self._hub = hub
        self._control: AcceptingSocket | None = None
        self._why_no_control: str | None = None
        self.connections: dict[Connection, None] = {}
        self._is_draining = False
        self._left = trio.Event()
        self.workers = WorkerSockets(paths, kept, make_ready, self._listen, max_workers)

    def serve(self, services: Services, control: socket.socket) -> None:
        """Accept on the control socket; from now on workers may be served, too."""
        self._services = services
        self._control = self._listen(None, control)

    def _listen(self, worker_id: str | None, sock: socket.socket) -> AcceptingSocket:
        listener = AcceptingSocket(sock, partial(self._accepted, worker_id))
        self._nursery.start_soon(self._run_listener, worker_id, listener)
        return listener

    async def _run_listener(self, worker_id: str | None, listener: AcceptingSocket) -> None:
        try:
            await listener.run()
        except* Exception as bug:
            log.error("a listener failed inside the daemon", worker_id=worker_id, exc_info=bug)

    def drop_worker(self, worker_id: str, *, drop_connections: bool = False) -> None:
        """Accept no more on a worker's socket."""
        self.workers.close(worker_id)
        if drop_connections:
            for connection in self._of_worker(worker_id):
                connection.stop_reading()

    def close_all(self) -> None:
        """Accept no more anywhere, and read no more from anybody.

        Where a socket outlives this daemon, who connects from now on waits for the next one.
        """
        self._is_draining = True
        if self._control is not None:
            self._control.close(keep_path=self._kept.outlives(CONTROL_NAME))
        self.workers.close_all()
        for connection in self.connections:
            connection.stop_reading()

    def drop_all(self) -> None:
        """End every connection at once."""
        for connection in self.connections:
            connection.drop()

    def tend(self) -> None:
        """Serve anew what was removed under the daemon, as soon as that can be done."""
        if self._is_draining:
            return
        if self._control is None or not self._control.is_in_place:
            self._serve_control_again()
        self.workers.tend()

    def _serve_control_again(self) -> None:
        if self._control is not None:
            log.warning("the control socket was removed and is made again")
            # Kept by systemd, it would be passed on to the next start without a path.
            self._kept.give_up(CONTROL_NAME)
            self._control.close()
            self._control = None
        try:
            self._make_ready()
            sock = open_kept(self._kept, CONTROL_NAME, self._paths.control_socket)
        except (UnusablePath, OSError) as error:
            why = str(error)
            # Once, however often it is tried.
            if why != self._why_no_control:
                log.error("the control socket cannot be served", reason=why)
            self._why_no_control = why
            return
        self._control = self._listen(None, sock)
        if self._why_no_control is not None:
            log.info("the control socket is served again")
        self._why_no_control = None

    def tell_fenced(self, worker_id: str, epoch: int, old: Process, new: Process) -> None:
        """Tell the connections of a process that it lost its worker's seat."""
        notice = FencedNotice(worker_id=worker_id, current_epoch=epoch)
        line = jsonrpc.notification("runtime.fenced", msgspec.json.encode(notice))
        for connection in self._of_worker(worker_id):
            lineage = connection.caller.lineage
            # Who descends from the new one as well has the seat still: it is told nothing.
            if old in lineage and new not in lineage:
                connection.notify_line(line)

    def withdraw(self, stream: str, reader_id: str) -> None:
        """End what other workers have subscribed to of a stream that is this one's now."""
        for connection in list(self.connections):
            if connection.caller.worker_id not in (None, reader_id):
                connection.session.withdraw(stream)

    def end_lost_cursors(self, breaks: Sequence[Break]) -> None:
        """End subscriptions that have come to where a history ended, whoever they are of."""
        for connection in list(self.connections):
            connection.session.end_lost_cursors(breaks)

    async def until_none_connected(self) -> None:
        """Wait until every connection has come to its end."""
        while self.connections:
            await self._left.wait()

    def check_patience(self) -> None:
        """End those that began a frame and never finished it, or do not take what they are sent."""
        for connection in list(self._services.lingering):
            connection.check_patience()

    @property
    def subscription_count(self) -> int:
        """How many subscriptions there are."""
        return sum(connection.session.subscription_count for connection in self.connections)

    def _of_worker(self, worker_id: str) -> list[Connection]:
        return [each for each in self.connections if each.caller.worker_id == worker_id]

    def _accepted(self, worker_id: str | None, sock: socket.socket) -> None:
        kind: SocketKind = CONTROL if worker_id is None else RUNTIME
        try:
            peer = credentials(sock)
            self._admission.admit(peer, kind)
        except PenholderError as error:
            refuse(sock, error)
            return
        except OSError as error:
            log.debug("a peer was gone before it was known", reason=str(error))
            sock.close()
            return
        try:
            # Only of who is let in: it walks through /proc.
            who = caller(sock, peer, kind, worker_id)
        except OSError as error:
            log.error("a peer cannot be looked at", pid=peer.pid, reason=str(error))
            # It was counted, and there will be no connection whose end counts it off.
            self._admission.leave(peer)
            refuse(sock, Busy(f"the daemon cannot look at you now ({error.strerror}); try again"))
            return
        connection = Connection(SocketTransport(sock, self._hub), who, self._services)
        self._nursery.start_soon(self._run, connection, peer)

    async def _run(self, connection: Connection, peer: Credentials) -> None:
        # Known from here on: before its run a connection has nothing to be told with.
        self.connections[connection] = None
        if self._is_draining:
            connection.stop_reading()
        try:
            await connection.run()
        except* Exception as bug:
            log.error("a connection failed inside the daemon", pid=peer.pid, exc_info=bug)
        finally:
            self._admission.leave(peer)
            del self.connections[connection]
            # Whoever waits for the last one to leave looks again, and waits for the next event.
            self._left.set()
            self._left = trio.Event()
