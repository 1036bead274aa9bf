"""A socket here that leads to a daemon on another machine.

The client connects to paths. So there is a socket in a private directory, and each connection to it
is given to an ssh of its own, whose other end is `penholder bridge`. This process copies nothing:
the connection itself is what that ssh reads and writes, and when one end closes the other does.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from penholder.cli.terminal import remote

_MOST_WAITING = 16


class Tunnel:
    """Listens for as long as the process lives."""

    def __init__(self, address: remote.Address) -> None:
        """Listen; ssh is started with the first connection."""
        self.address = address
        self._pid = os.getpid()
        self._directory = Path(mkdtemp(prefix="penholder-"))  # 0700
        self.path = self._directory / "control.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(_MOST_WAITING)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._is_quiet = False
        atexit.register(self.close)
        threading.Thread(target=self._accept, name="penholder-tunnel", daemon=True).start()

    def be_quiet(self) -> None:
        """Let ssh neither ask nor complain on the terminal from now on: something is drawn there.

        What it would have asked for it then does without, or fails.
        """
        self._is_quiet = True

    def close(self) -> None:
        """End what is open, and remove the socket."""
        # Not of a child that was forked: what it inherited is its parent's.
        if os.getpid() != self._pid:
            return
        self._listener.close()
        for process in self._processes:
            process.terminate()
            process.wait()
        self.path.unlink(missing_ok=True)
        self._directory.rmdir()

    def _accept(self) -> None:
        command = remote.command(self.address, ["bridge"])
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                try:
                    number = connection.fileno()
                    process = subprocess.Popen(
                        command,
                        stdin=number,
                        stdout=number,
                        stderr=subprocess.DEVNULL if self._is_quiet else None,
                        # Without a terminal of its session it has none to ask on.
                        start_new_session=self._is_quiet,
                    )
                except OSError as error:
                    # Who connected sees the end of the connection, and this says why.
                    if not self._is_quiet:
                        print(f"penholder: cannot start ssh: {error.strerror}", file=sys.stderr)
                    continue
                # Those that have ended are let go: whoever tries for hours starts many.
                self._processes = [each for each in self._processes if each.poll() is None]
                self._processes.append(process)


@cache
def to(address: remote.Address) -> Tunnel:
    """Return the one tunnel of this process to a machine."""
    return Tunnel(address)
