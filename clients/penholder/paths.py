"""Where a client finds the daemon, by the rules by which the daemon chooses its directories.

Standard library only: the command line reads this before anything else.
"""

import os
from pathlib import Path


def default_runtime_dir() -> Path:
    """Return PENHOLDER_RUNTIME_DIR or the user's runtime directory.

    Without XDG_RUNTIME_DIR it lies below the state directory: a directory in /tmp could be guessed,
    and somebody else could have made it first.
    """
    if given := os.environ.get("PENHOLDER_RUNTIME_DIR"):
        return Path(given).absolute()
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime, "penholder")
    return _user_state_dir() / "run"


def default_state_dir() -> Path:
    """Return PENHOLDER_STATE_DIR or the user's state directory."""
    if given := os.environ.get("PENHOLDER_STATE_DIR"):
        return Path(given).absolute()
    return _user_state_dir()


def control_socket(runtime_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the control socket of the daemon that serves `runtime_dir`."""
    return Path(default_runtime_dir() if runtime_dir is None else runtime_dir) / "control.sock"


def _user_state_dir() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home, "penholder")
