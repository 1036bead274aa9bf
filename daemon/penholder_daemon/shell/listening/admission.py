"""Who may connect, and how many: refusals that a client can read.

A peer that is not let in could simply not be accepted, or be closed without a word. Then its client
could not tell a full daemon from a dead one. So it is accepted, told why in one line, and closed.

Three bounds hold at once: how many there are in all, how many of them one process has, and how many
must stay free for the control socket. A fleet that uses up everything must leave room for whoever
is to do something about it.
"""

import socket
from collections import Counter

from penholder_daemon.core.caller import CONTROL, SocketKind
from penholder_daemon.shell.kernel.descriptors import Capacity
from penholder_daemon.shell.kernel.peers import Credentials
from penholder_protocol import jsonrpc
from penholder_protocol.errors import Denied, PenholderError, TooManyConnections
from penholder_protocol.limits import MAX_CONNECTIONS_PER_PROCESS

_SENT_BYTES = 1 << 18
_FOR_CONTROL = 8
"""One of so many connections is kept for the control socket, whatever workers do."""


class Admission:
    """Counts open connections, in all and by peer process."""

    def __init__(self, allowed_uids: frozenset[int], capacity: Capacity) -> None:
        """Admit these users and as many connections as there is capacity for."""
        self._by_pid: Counter[int] = Counter()
        self.open = 0
        self.set_bounds(allowed_uids, capacity)

    def set_bounds(self, allowed_uids: frozenset[int], capacity: Capacity) -> None:
        """Admit these from now on; who is connected stays."""
        self._allowed_uids = allowed_uids
        self._too_few = capacity.too_few
        self._max_connections = max_connections = capacity.connections
        # No process alone can shut the others out, however few there may be.
        self._max_of_process = min(
            MAX_CONNECTIONS_PER_PROCESS, max_connections - max_connections // 4
        )

    def admit(self, peer: Credentials, kind: SocketKind) -> None:
        """Count a connection; raises Denied or TooManyConnections."""
        if peer.uid not in self._allowed_uids:
            raise Denied(
                f"uid {peer.uid} may not connect to this daemon: ask as its own user, or name the"
                " uid in allowed_uids of its configuration",
                uid=peer.uid,
            )
        kept = 0 if kind == CONTROL else self._max_connections // _FOR_CONTROL
        if self.open >= self._max_connections - kept:
            raise self._too_many("MAX_CONNECTIONS", self._max_connections - kept)
        if self._by_pid[peer.pid] >= self._max_of_process:
            raise self._too_many("MAX_CONNECTIONS_PER_PROCESS", self._max_of_process)
        self._by_pid[peer.pid] += 1
        self.open += 1

    def leave(self, peer: Credentials) -> None:
        """Count it off."""
        self.open -= 1
        self._by_pid[peer.pid] -= 1
        if not self._by_pid[peer.pid]:
            # Pids come and go: without this there would be an entry for each that ever connected.
            del self._by_pid[peer.pid]

    def _too_many(self, limit: str, maximum: int) -> TooManyConnections:
        if self._too_few is None:
            return TooManyConnections(
                f"no connection is left ({limit} = {maximum}); close some or come back later",
                limit=limit,
                maximum=maximum,
            )
        return TooManyConnections(
            f"no connection is left ({limit} = {maximum}, since the daemon's process may have only"
            f" {self._too_few} descriptors); close some, or raise that limit (`ulimit -n`,"
            " LimitNOFILE=) and start the daemon again",
            limit=limit,
            maximum=maximum,
            descriptors=self._too_few,
        )


def refuse(sock: socket.socket, error: PenholderError) -> None:
    """Say why and close; a new socket's buffer takes the line without waiting.

    What the peer has sent by then is taken first: the kernel would drop the line for it otherwise.
    """
    sock.setblocking(False)
    try:
        sock.send(jsonrpc.error(jsonrpc.NULL_ID, error) + b"\n")
        sock.recv(_SENT_BYTES)
    except OSError:
        # The peer did not wait for its refusal, or has sent nothing.
        return
    finally:
        sock.close()
