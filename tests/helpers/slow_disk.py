"""A daemon on a disk whose syncs take long, or until somebody lets them go.

By an SQLite VFS that the daemon opens all files through, as a program of its own:
`python -m tests.helpers.slow_disk GATE MILLISECONDS` and then the flags of penholderd. While there
is a named pipe GATE, a sync waits until that was opened for writing and closed.
"""

import os
import sys
import time
from pathlib import Path

import apsw

from penholder_daemon.main import main
from tests.helpers.daemon_process import DaemonProcess

MODULE = "tests.helpers.slow_disk"
_BELOW = "unix"
"""By name, since the default is this disk itself."""


class _SlowFile(apsw.VFSFile):
    """A file whose syncs take long."""

    def __init__(self, disk: "SlowDisk", name: object, flags: list[int]) -> None:
        super().__init__(_BELOW, name, flags)  # type: ignore[arg-type]  # a name as apsw handed it over
        self._disk = disk

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.wait()


class SlowDisk(apsw.VFS):
    """The disk, through which every file is opened that names no other."""

    def __init__(self, gate: Path, seconds: float) -> None:
        """Have each sync take so long."""
        super().__init__("slow", _BELOW, makedefault=True)
        self._gate = gate
        self._seconds = seconds

    def xOpen(self, name: object, flags: list[int]) -> _SlowFile:
        """Open a file."""
        return _SlowFile(self, name, flags)

    def wait(self) -> None:
        """Take as long as a sync does."""
        time.sleep(self._seconds)
        try:
            held = os.open(self._gate, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        # Its end is seen when whoever holds the gate has closed it.
        os.read(held, 1)
        os.close(held)


class Gate:
    """Holds the syncs of a daemon."""

    def __init__(self, path: Path) -> None:
        """Let them pass as yet."""
        self.path = path
        self._held = -1

    def shut(self) -> None:
        """Hold the next one."""
        os.mkfifo(self.path)

    def until_one_waits(self) -> None:
        """Wait until a sync is held."""
        self._held = os.open(self.path, os.O_WRONLY | os.O_CLOEXEC)

    def open(self) -> None:
        """Let it go, and all that come."""
        self.path.unlink()
        os.close(self._held)


class SlowDaemon(DaemonProcess):
    """A daemon on such a disk."""

    def __init__(self, directory: Path, sync_ms: float) -> None:
        """Keep everything below a directory."""
        super().__init__(directory)
        self.gate = Gate(directory / "gate")
        self._sync_ms = sync_ms

    @property
    def command(self) -> list[str]:
        """How it is started."""
        words = super().command
        at = words.index("penholder_daemon")
        return [*words[:at], MODULE, str(self.gate.path), str(self._sync_ms), *words[at + 1 :]]


if __name__ == "__main__":
    _gate, _milliseconds = sys.argv[1:3]
    del sys.argv[1:3]
    _disk = SlowDisk(Path(_gate), float(_milliseconds) / 1000)
    raise SystemExit(main())
