"""The real world: clocks, random ids, processes as /proc shows them."""

import os
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeAlias

from penholder_daemon.core import positions
from penholder_daemon.core.clocks import Clocks
from penholder_daemon.core.rules import Rules
from penholder_daemon.core.world import Process
from penholder_daemon.shell.kernel import procfs

ReadBlob: TypeAlias = Callable[[str, int, int], bytes | None]

_EPOCH = datetime.fromtimestamp(0, UTC)
_MS = timedelta(milliseconds=1)
_MADE_ID = re.compile(r"[a-z]+_([0-9a-f]{11})[0-9a-f]{10,15}")


class RealWorld:
    """Implements `World`."""

    def __init__(
        self,
        workers_dir: Path,
        rules: Rules,
        read_blob: ReadBlob = lambda *_: None,
        host_id: str = "",
    ) -> None:
        """Know where runtime sockets are served, what the configuration says, and who has blobs.

        Beside a running daemon it is of no host.
        """
        self.rules = rules
        self.clocks = Clocks()
        self.host_id = host_id
        # Pids and start times mean something within one boot only.
        self.boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        self._workers_dir = str(workers_dir)
        self._read_blob = read_blob
        self._second = -1
        self._prefix = ""
        self._tails = -1, count()
        """For ids: the millisecond, and what they end with in it."""
        self.started_at = self.now()

    def now(self) -> str:
        """Return the wall clock; the part down to the second is made once a second."""
        return self.time_from_ms(self.now_ms())

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds, that of all hosts where they share one."""
        shared_ms = self.clocks.shared_wall_ms
        return time.time_ns() // 1_000_000 if shared_ms is None else self.boottime_ms() + shared_ms

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

    def ms_from_time(self, time: str) -> int:
        """Read an instant."""
        return (datetime.fromisoformat(time) - _EPOCH) // _MS

    def new_id(self, prefix: str) -> str:
        """Make an id that sorts by time, so that its index grows at one end only (after ULID).

        Those of one millisecond sort as they were made, as a monotonic ULID: lists that break ties
        by id show what was made together in its order. So do those of a clock that goes back.
        """
        ms = self.now_ms()
        of_ms, tails = self._tails
        if of_ms < ms:
            # With a bit to spare: counting on does not run over.
            of_ms, tails = ms, count(int.from_bytes(os.urandom(5)) >> 1)
            self._tails = of_ms, tails
        # Unlike `+= 1`, this gives two threads two numbers.
        return f"{prefix}{of_ms:011x}{next(tails):010x}"

    def entry_id(self, prefix: str, pos: int) -> str:
        """Make the id of an entry, which holds its position."""
        return positions.entry_id(prefix, self.now_ms(), pos)

    def entry_pos(self, entry_id: str) -> int | None:
        """Read the position out of an id."""
        return positions.of_entry_id(entry_id)

    def made_ms(self, made_id: str) -> int | None:
        """Read the time out of an id."""
        found = _MADE_ID.fullmatch(made_id)
        return None if found is None else int(found[1], 16)

    def new_token(self) -> str:
        """Make a secret of 192 bits."""
        return secrets.token_urlsafe(24)

    def process_lives(self, process: Process, boot_id: str) -> bool:
        """Ask the kernel whether that very process runs; a zombie does not."""
        return boot_id == self.boot_id and procfs.lives(process)

    def socket_path(self, worker_id: str) -> str:
        """Return the path of a worker's runtime socket."""
        return f"{self._workers_dir}/{worker_id}.sock"

    def read_blob(self, blob_id: str, offset: int, limit: int) -> bytes | None:
        """Read a piece of a blob."""
        return self._read_blob(blob_id, offset, limit)
