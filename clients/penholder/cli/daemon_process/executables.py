"""Where the programs of this installation are."""

import os
import sys
from pathlib import Path
from shutil import which


def installed(name: str) -> str | None:
    """Find a program: the one that was installed with this interpreter, else any on PATH."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if os.access(beside, os.X_OK) else which(name)


def daemon_command() -> list[str]:
    """Return how the daemon is started: as its program, else as a module."""
    found = installed("penholderd")
    return [found] if found else [sys.executable, "-m", "penholder_daemon"]
