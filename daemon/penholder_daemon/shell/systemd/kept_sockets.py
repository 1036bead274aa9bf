"""Listening sockets that outlive the daemon: passed by a socket unit or kept in the fd store.

A daemon that ends closes its sockets, and until the next one has bound them again every client is
refused: at a crash, an upgrade, a watchdog's kill. A socket that somebody else holds open goes on
taking connections into its queue, and who connects meanwhile waits. systemd does that in two ways:
a socket unit's socket is its own, and the store keeps descriptors that a service sends it (man 5
systemd.service, FileDescriptorStoreMax; man 3 sd_listen_fds). On a stop that no start follows,
systemd lets go of its store.

What is passed is believed only after a look: that it is a socket, that it listens, and that its
path still leads to it. A socket whose path was removed can be reached by nobody.

The path of a socket that outlives the daemon must stay when the daemon ends, and that of any other
must go. So what systemd holds is counted here. It does not say when its store is full, so nothing
is sent that might not fit.

Without systemd nothing is passed and nothing kept, and all of this is binding anew.
"""

import hashlib
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

import structlog

from penholder_daemon.shell.systemd.notify import notify

log = structlog.get_logger()

CONTROL_NAME = "control"
_NAME_BYTES = 6
_MOST_HELD = 4096
"""FileDescriptorStoreMax of the units in systemd/."""
_FIRST_DESCRIPTOR = 3
_ACCEPTS = socket.SO_ACCEPTCONN
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def worker_name(worker_id: str) -> str:
    """Name a worker's socket in the store: short, whatever the id is.

    All names are passed in one environment variable, of which the kernel takes 128 KiB. Should two
    ids ever have one name, the path that a socket is bound to tells them apart.
    """
    return "w" + hashlib.blake2b(worker_id.encode(), digest_size=_NAME_BYTES).hexdigest()


class KeptSockets:
    """What systemd holds for this daemon, by name."""

    def __init__(self, passed: Mapping[str, socket.socket] | None = None) -> None:
        """Begin with what was passed at the start."""
        self._passed = dict(passed or {})
        # What was passed is held all along, also what nobody has taken yet.
        self._held = set(self._passed)

    def take(self, name: str, path: Path | None = None) -> socket.socket | None:
        """Return a socket that was passed, if there is one; with a path, only if it is there."""
        sock = self._passed.pop(name, None)
        if sock is None or path is None or _is_bound_to(sock, path):
            return sock
        log.warning("a kept socket lost its path and is bound anew", path=str(path))
        self._let_go(name, sock)
        return None

    def keep(self, name: str, sock: socket.socket) -> None:
        """Have systemd hold a socket that was bound here, if it has room for one more.

        It does not say when it has none: it lets go of what it was sent. What is counted as held
        here must be held, since the path of a held socket stays when the daemon ends.
        """
        if len(self._held) < _MOST_HELD and notify(f"FDSTORE=1\nFDNAME={name}", [sock.fileno()]):
            self._held.add(name)

    def give_up(self, name: str) -> None:
        """Have systemd hold a socket no more."""
        if name in self._held:
            self._held.discard(name)
            notify(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def outlives(self, name: str) -> bool:
        """Tell whether a socket goes on accepting when this daemon ends, so its path must stay."""
        return name in self._held

    def close_rest(self) -> None:
        """Close what was passed and nobody took: the worker has stopped or is gone."""
        rest, self._passed = self._passed, {}
        for name, sock in rest.items():
            path = Path(str(sock.getsockname()))
            self._let_go(name, sock)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("a socket's path stays", path=str(path), reason=str(error))

    def _let_go(self, name: str, sock: socket.socket) -> None:
        sock.close()
        self.give_up(name)


def passed_by_systemd() -> KeptSockets:
    """Take over the descriptors that this process was started with, if it was."""
    # Taken out of the environment: they are not for children.
    given = {name: os.environ.pop(name, "") for name in _VARIABLES}
    # Meant for another process, whose environment this one has inherited.
    if given["LISTEN_PID"] != str(os.getpid()):
        return KeptSockets()
    count = int(given["LISTEN_FDS"] or 0)
    descriptors = range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + count)
    passed: dict[str, socket.socket] = {}
    for descriptor, name in zip(descriptors, given["LISTEN_FDNAMES"].split(":"), strict=False):
        sock = _listening(descriptor, name)
        if sock is not None:
            passed[name] = sock
    return KeptSockets(passed)


def _listening(descriptor: int, name: str) -> socket.socket | None:
    # systemd has to pass it open over exec; from here on no child may have it.
    os.set_inheritable(descriptor, False)
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        log.warning("a passed descriptor is no socket and is left alone", name=name)
        return None
    sock = socket.socket(fileno=descriptor)
    if sock.family != socket.AF_UNIX or not sock.getsockopt(socket.SOL_SOCKET, _ACCEPTS):
        log.warning("a passed socket is not one that listens and is closed", name=name)
        sock.close()
        return None
    sock.setblocking(False)
    return sock


def _is_bound_to(sock: socket.socket, path: Path) -> bool:
    try:
        return sock.getsockname() == str(path) and stat.S_ISSOCK(path.lstat().st_mode)
    except OSError:
        return False
