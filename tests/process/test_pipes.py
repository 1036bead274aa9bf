"""A pipe where a file of the daemon should be: whoever opens it to read may wait for ever.

Whatever files a daemon leaves are tried, so that a new one is too.
"""

import os
from pathlib import Path

from tests.helpers.daemon_process import DaemonProcess
from tests.helpers.programs import penholder

_READ_BY_STARTS = {
    "host_id", "penholder.db", "penholder.db-shm", "penholder.db-wal", "penholder.lock",
    "store_place",
}  # fmt: skip


def _files(daemon: DaemonProcess) -> list[Path]:
    return [
        path
        for directory in (daemon.state_dir, daemon.runtime_dir)
        for path in sorted(directory.iterdir())
        if path.is_file()
    ]


def test_nobody_waits_for_what_a_pipe_says(daemon: DaemonProcess, short_dir: Path) -> None:
    daemon.kill()
    aside = short_dir / "aside"
    files = _files(daemon)
    assert {path.name for path in files} >= _READ_BY_STARTS
    for path in files:
        path.rename(aside)
        os.mkfifo(path, 0o600)
        # Not the daemon itself: the word waits for it, and ends it where it is not ready in time.
        refused = penholder(daemon, "up")
        assert refused.code not in (0, None), path
        assert str(path) in refused.err
        assert penholder(daemon, "doctor").code == 1
        assert penholder(daemon, "status").code == 12
        path.unlink()
        aside.rename(path)
    daemon.start()
