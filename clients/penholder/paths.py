"""Where a client finds the daemon, by the rules by which the daemon chooses its directories.

Standard library only: the command line reads this before anything else.
"""

import os
from pathlib import Path


class NoHome(RuntimeError):
    """No directory was named, and the user has no home: no HOME, and no entry in passwd."""


def home() -> Path:
    """Return the user's home directory; raises NoHome."""
    try:
        found = Path.home()
    except RuntimeError:
        found = Path()
    if not found.is_absolute():
        raise NoHome(
            "no home directory is known, and so no directory of the daemon: set HOME, or name"
            " --state-dir and --runtime-dir (PENHOLDER_STATE_DIR, PENHOLDER_RUNTIME_DIR)"
        )
    return found


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
    base = os.environ.get("XDG_STATE_HOME") or home() / ".local" / "state"
    return Path(base, "penholder")
