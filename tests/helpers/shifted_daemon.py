"""A daemon whose wall clock lies."""

import sys
from pathlib import Path

from tests.helpers import shifted_clock
from tests.helpers.daemon_process import DaemonProcess


class ShiftedDaemon(DaemonProcess):
    """A daemon whose wall clock is so many seconds ahead of this machine's."""

    def __init__(self, directory: Path, ahead_seconds: int, *flags: str) -> None:
        """Keep everything below a directory."""
        super().__init__(directory, *flags)
        self._ahead_seconds = ahead_seconds

    @property
    def command(self) -> list[str]:
        """How it is started."""
        plain = super().command
        flags = plain[plain.index("penholder_daemon") + 1 :]
        # Not its own directory: modules there have names of others.
        program = [sys.executable, "-W", "error", "-P", shifted_clock.__file__]
        return [*program, str(self._ahead_seconds), *flags]
