"""A daemon whose wall clock lies."""

from pathlib import Path

from tests.helpers import shifted_clock
from tests.helpers.daemon_by_program import DaemonByProgram


class ShiftedDaemon(DaemonByProgram):
    """A daemon whose wall clock is so many seconds ahead of this machine's."""

    def __init__(self, directory: Path, ahead_seconds: int, *flags: str) -> None:
        """Keep everything below a directory."""
        super().__init__(directory, shifted_clock, str(ahead_seconds), *flags)
