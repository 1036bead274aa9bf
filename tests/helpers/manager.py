"""A service manager as far as the daemon can tell: a notify socket and a store of descriptors.

The real one is in tests/process/systemd; this one needs no root and shows every message.
"""

import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import Protocol

from tests.helpers.daemon_process import DaemonProcess

_MOST_DESCRIPTORS = 64
_FIRST = 200
"""Descriptors are kept from here on, so that none stands where another is to be passed."""
_EXEC = """
import os, sys
descriptors, names, command = sys.argv[1].split(), sys.argv[2], sys.argv[3:]
for number, descriptor in enumerate(descriptors):
    os.dup2(int(descriptor), 3 + number)
os.environ.update(
    LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(descriptors)), LISTEN_FDNAMES=names
)
os.execv(command[0], command)
"""


class HasFileno(Protocol):
    """An open file or socket."""

    def fileno(self) -> int:
        """Return its descriptor."""


class Manager:
    """Starts a daemon again with what the one before it left in the store."""

    def __init__(self, directory: Path) -> None:
        """Listen for what daemons tell."""
        self._address = directory / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._address))
        self._socket.settimeout(30)
        self.store: dict[str, int] = {}
        self.told: list[str] = []

    def start(self, daemon: DaemonProcess, **variables: str) -> None:
        """Start it and wait until it says that it is ready."""
        self.told.clear()
        daemon.spawn(self._wrapper(variables), list(self.store.values()))
        self.until("READY=1")

    def until(self, message: str) -> str:
        """Hear messages until one begins so; returns it."""
        while True:
            state, descriptors, _, _ = socket.recv_fds(self._socket, 4096, _MOST_DESCRIPTORS)
            lines = state.decode().splitlines()
            self.told.append(state.decode())
            self._keep(lines, descriptors)
            if state.startswith(message.encode()):
                return state.decode()

    def keep(self, name: str, descriptor: HasFileno) -> None:
        """Put something into the store."""
        self.store[name] = fcntl.fcntl(descriptor.fileno(), fcntl.F_DUPFD_CLOEXEC, _FIRST)

    def end(self) -> None:
        """Close the socket and all that is in the store."""
        self._socket.close()
        for descriptor in self.store.values():
            os.close(descriptor)

    def _keep(self, lines: list[str], descriptors: list[int]) -> None:
        if "FDSTORE=1" in lines:
            [descriptor] = descriptors
            with os.fdopen(descriptor) as passed:
                self.keep(lines[1].removeprefix("FDNAME="), passed)
        elif "FDSTOREREMOVE=1" in lines:
            os.close(self.store.pop(lines[1].removeprefix("FDNAME=")))

    def _wrapper(self, variables: dict[str, str]) -> list[str]:
        """Return how a command is started with the store's descriptors from 3 on."""
        given = {"NOTIFY_SOCKET": str(self._address), **variables}
        settings = [f"{name}={value}" for name, value in given.items()]
        descriptors = " ".join(map(str, self.store.values()))
        return ["env", *settings, sys.executable, "-c", _EXEC, descriptors, ":".join(self.store)]
