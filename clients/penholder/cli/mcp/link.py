"""The way to the daemon: one socket, and a connection for each request.

A daemon that is away for a moment is waited for, as long as clients of this protocol wait for a
tool. Which control socket it is is asked anew each time, as a daemon may be started elsewhere after
this program; inside a worker it is that worker's, and no other ever.
"""

import threading
from pathlib import Path

from penholder.blocking import Client
from penholder.cli.mcp.failing import ToolFailure
from penholder.cli.mcp.setup import Setup
from penholder.cli.terminal import targets
from penholder.cli.terminal.silence import AttendedClient, Attending

PATIENCE_S = 20.0


class Link:
    """Where the daemon is."""

    def __init__(self, setup: Setup) -> None:
        """Ask nobody yet."""
        self._setup = setup
        self._lock = threading.Lock()
        self._base: Client | None = None
        self._path: Path | None = None

    def client(self) -> Client:
        """Return a client of the caller's own, to be closed."""
        path, state_dir = self._choose()
        with self._lock:
            if self._base is None or path != self._path:
                operation = self._setup.options.operation
                self._base = AttendedClient(
                    path,
                    Attending(path, state_dir),
                    reconnect_s=PATIENCE_S,
                    operation=operation,
                )
                self._path = path
            return self._base.beside()

    def _choose(self) -> tuple[Path, Path | None]:
        """Return the socket, and the state directory where it is the control socket."""
        setup = self._setup
        if not setup.is_inside:
            target = targets.choose(setup.options)
            return target.path, target.state_dir
        if not setup.socket:
            raise ToolFailure(
                "NO_SOCKET",
                f"this runs inside worker {setup.worker_id}, and PENHOLDER_SOCKET is not set",
                "have the client pass PENHOLDER_SOCKET on to this server, beside"
                " PENHOLDER_WORKER_ID.",
            )
        return Path(setup.socket), None
