"""A store that is a server of its own, started as a child process and ended by its pid."""

import pwd
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.limits import NotStarted
from bench.peers import processes
from bench.peers.peer import Peer

_START_SECONDS = 30


class Server(Peer):
    """Speaks on a Unix socket."""

    _process: "subprocess.Popen[bytes] | None" = None

    def cpu_seconds(self) -> float:
        """Return that of its processes."""
        return processes.cpu_seconds(self._pids())

    def rss_bytes(self) -> int:
        """Return that of its processes."""
        return processes.rss_bytes(self._pids())

    def _pids(self) -> list[int]:
        assert self._process is not None
        return processes.family(self._process.pid)

    def _launch(self, command: list[str], log: Path, user: str | None = None) -> None:
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, cwd=log.parent,
                user=user, group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )  # fmt: skip

    def _await(self, is_ready: Callable[[], bool], log: Path) -> None:
        assert self._process is not None
        end = time.monotonic() + _START_SECONDS
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise NotStarted(f"it does not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)

    def _end(self, signal_number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=30)
        self._process = None
