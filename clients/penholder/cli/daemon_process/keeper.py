"""Who keeps a running daemon: a systemd manager, or nobody; and how it is started anew then.

`penholder status` asks this, so it imports next to nothing.
"""

from pathlib import Path

from penholder_protocol import __version__

UNIT = "penholder.service"


def manager_of(pid: int) -> str | None:
    """Return `user` or `system` if the daemon is the process of a unit of ours, else None."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text("utf-8")
        parent = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1]
    except OSError:
        return None
    if not any(line.endswith("/" + UNIT) for line in groups.splitlines()):
        return None
    # A unit's process is its manager's child, and only the system's manager is process 1.
    return "system" if parent == b"1" else "user"


def systemctl(manager: str, *words: str) -> str:
    """Return the command line that says something to a manager."""
    return " ".join(["systemctl", *(["--user"] if manager == "user" else []), *words])


def restart_command(pid: int) -> str:
    """Say how this daemon is replaced by the program that is installed now."""
    manager = manager_of(pid)
    return (
        systemctl(manager, "restart", "penholder") if manager else "penholder down && penholder up"
    )


def is_older(version: str, than: str = __version__) -> bool:
    """Compare versions by their numbers."""
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
