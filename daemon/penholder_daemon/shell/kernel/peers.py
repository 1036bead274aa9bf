"""Who is at the other end of a socket, as the kernel says it.

SO_PEERCRED gives the pid that the peer had when it connected. Until the daemon has accepted, that
process may be gone and its pid another's. The connection would be judged by the lineage of a
stranger, who may hold a seat. So to read /proc by that pid is not enough.

Where the kernel has SO_PEERPIDFD (Linux 6.5), its handle means the process that connected, for
ever. /proc is read by pid all the same, and believed only if the process is still there afterwards:
then the pid was its own all the time in between. Elsewhere a window remains, of which
docs/security.md tells.

A peer that is gone has no lineage and so no seat, which harms nobody. One in another pid namespace
has no number here, or another than it has there.
"""

import errno
import os
import signal
import socket
import struct
from dataclasses import dataclass

from penholder_daemon.core.caller import Caller, SocketKind
from penholder_daemon.shell.kernel.procfs import Ancestry, ancestry, has_own_pids

_CREDENTIALS = struct.Struct("iII")
# Python's socket module has no name for it.
_SO_PEERPIDFD = 77
# An older kernel, as against a peer that is gone.
_NOT_OFFERED = frozenset({errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EINVAL})
_GONE = frozenset({errno.ESRCH, errno.ENODATA})


@dataclass(frozen=True)
class Credentials:
    """SO_PEERCRED: the peer when it connected."""

    pid: int
    """0 where it has no number in the daemon's pid namespace."""
    uid: int
    gid: int


def credentials(sock: socket.socket) -> Credentials:
    """Ask the kernel who connected."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Credentials(*_CREDENTIALS.unpack(raw))


def caller(
    sock: socket.socket, peer: Credentials, kind: SocketKind, worker_id: str | None
) -> Caller:
    """Describe the peer, with its lineage, by which seats are decided and askers are spared.

    Raises OSError where the daemon lacks what it takes to look.
    """
    found = _ancestry_of_peer(sock, peer)
    return Caller(
        kind,
        peer.uid,
        peer.pid,
        worker_id,
        found.lineage,
        found.in_session,
        is_visible=peer.pid > 0,
        has_own_pids=bool(found.lineage) and has_own_pids(peer.pid),
    )


def _ancestry_of_peer(sock: socket.socket, peer: Credentials) -> Ancestry:
    """Read /proc, and believe it only if the peer was still there afterwards."""
    # It lives in a pid namespace that this process cannot look into.
    if peer.pid <= 0:
        return Ancestry()
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD, 4)
    except OSError as error:
        if error.errno in _NOT_OFFERED:
            return ancestry(peer.pid)
        if error.errno in _GONE:
            return Ancestry()
        # Anything else is what the daemon lacks, which must not look like a peer that is gone.
        raise
    (pidfd,) = struct.unpack("i", raw)
    try:
        found = ancestry(peer.pid)
        return found if _still_has_its_pid(pidfd) else Ancestry()
    finally:
        os.close(pidfd)


def _still_has_its_pid(pidfd: int) -> bool:
    """Tell whether nobody has waited for the process yet: until then its number means it alone."""
    try:
        # Signal 0 asks only. It fails once the process was waited for, and from then on its pid is
        # free.
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Another user's, and there.
        return True
    return True
