"""A daemon that is started by a program of the tests, which changes one thing in it."""

import sys
from pathlib import Path
from types import ModuleType

from tests.helpers.daemon_process import DaemonProcess


class DaemonByProgram(DaemonProcess):
    """A daemon whose `main` is called by a module of the helpers, with words of its own."""

    def __init__(self, directory: Path, program: ModuleType, word: str, *flags: str) -> None:
        """Keep everything below a directory."""
        super().__init__(directory, *flags)
        self._program = [str(program.__file__), word]

    @property
    def command(self) -> list[str]:
        """How it is started."""
        # Not the program's own directory: modules there have names of others.
        return [sys.executable, "-W", "error", "-P", *self._program, *self._words]
