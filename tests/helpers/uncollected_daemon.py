"""A daemon that collects no garbage, and tells what is left to a collection."""

import json
import signal
from pathlib import Path

from tests.helpers import uncollected
from tests.helpers.daemon_by_program import DaemonByProgram
from tests.helpers.waiting import until


class UncollectedDaemon(DaemonByProgram):
    """A daemon without its collector."""

    def __init__(self, directory: Path, *flags: str) -> None:
        """Keep everything below a directory."""
        self._report = directory / "garbage.json"
        super().__init__(directory, uncollected, str(self._report), *flags)

    def large_garbage(self) -> list[str]:
        """Return what is large and is kept only by circles."""
        self._report.unlink(missing_ok=True)
        self.send_signal(signal.SIGUSR2)
        until(self._report.exists)
        found = json.loads(self._report.read_text())
        assert isinstance(found, list)
        return found
