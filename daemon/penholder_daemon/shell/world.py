"""The real world: clocks, random ids, processes as /proc shows them."""

import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from penholder_daemon.core.clocks import Clocks
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.world import Process

_STARTED_FIELD = 19
"""Where /proc/PID/stat has the start time, counted after the parenthesised command."""
_MAX_LINEAGE = 64


class RealWorld:
    """Implements `World`."""

    def __init__(self, workers_dir: Path, rules: Rules) -> None:
        """Know where runtime sockets are served, and what the configuration says."""
        self.rules = rules
        self.clocks = Clocks()
        self.boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        self._workers_dir = str(workers_dir)
        self._second = -1
        self._prefix = ""

    def now(self) -> str:
        """Return the wall clock; the part down to the second is made once a second."""
        return self.time_from_ms(self.now_ms())

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Return CLOCK_MONOTONIC, which stands still while the machine is suspended."""
        return time.monotonic_ns() // 1_000_000

    def boottime_ms(self) -> int:
        """Return CLOCK_BOOTTIME, which goes on while the machine is suspended."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def time_from_ms(self, wall_ms: int) -> str:
        """Write an instant as RFC 3339."""
        second, ms = divmod(wall_ms, 1000)
        made_for, prefix = self._second, self._prefix
        if second != made_for:
            prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
            self._second, self._prefix = second, prefix
        return f"{prefix}{ms:03d}Z"

    def new_id(self, prefix: str) -> str:
        """Make an id that sorts by time, so that its index grows at one end only (after ULID)."""
        return f"{prefix}{self.now_ms():011x}{secrets.token_hex(5)}"

    def new_token(self) -> str:
        """Make a secret of 192 bits."""
        return secrets.token_urlsafe(24)

    def process_lives(self, process: Process, boot_id: str) -> bool:
        """Look into /proc whether that very process runs; a zombie does not."""
        if boot_id != self.boot_id:
            return False
        status = read_status(process.pid)
        return status is not None and status[1] == process.started_ticks and status[2] not in "ZX"

    def socket_path(self, worker_id: str) -> str:
        """Return the path of a worker's runtime socket."""
        return f"{self._workers_dir}/{worker_id}.sock"


def read_status(pid: int) -> tuple[int, int, str] | None:
    """Return (parent's pid, start time in ticks, state) of a process, or None if there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The command may hold anything, spaces and parentheses too: cut after the last one.
    fields = text[text.rindex(b")") + 2 :].split()
    return int(fields[1]), int(fields[_STARTED_FIELD]), fields[0].decode()


def lineage(pid: int) -> tuple[Process, ...]:
    """Return a process and its ancestors, nearest first; empty if it is gone already."""
    found: list[Process] = []
    while pid > 0 and len(found) < _MAX_LINEAGE:
        status = read_status(pid)
        if status is None:
            break
        found.append(Process(pid, status[1]))
        pid = status[0]
    return tuple(found)


def own_pid() -> int:
    """Return the daemon's own pid."""
    return os.getpid()
