"""Who is at the other end of a socket, as the kernel says it."""

import socket
import struct
from dataclasses import dataclass

from penholder_daemon.core.caller import Caller, SocketKind
from penholder_daemon.shell.world import lineage

_CREDENTIALS = struct.Struct("iII")


@dataclass(frozen=True)
class Credentials:
    """SO_PEERCRED: the peer when it connected."""

    pid: int
    uid: int
    gid: int


def credentials(sock: socket.socket) -> Credentials:
    """Ask the kernel who connected."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Credentials(*_CREDENTIALS.unpack(raw))


def caller(peer: Credentials, kind: SocketKind, worker_id: str | None) -> Caller:
    """Describe the peer; on a runtime socket with its lineage, by which seats are decided."""
    ancestry = lineage(peer.pid) if worker_id is not None else ()
    return Caller(kind, peer.uid, peer.pid, worker_id, ancestry)
