"""Programs of ours that outlive the worker inside which they were started.

`penholder run -d` in a worker makes another worker, and `penholder up` a daemon for all: neither
belongs to the command that said so. They carry a variable of their own by which the keeper of that
command tells them from what it has to end. It is no boundary: who wants to escape can set it too.
"""

from collections.abc import Mapping
from pathlib import Path

_VARIABLE = "PENHOLDER_OUTLIVES"
_OF_A_WORKER = ("PENHOLDER_WORKER_ID", "PENHOLDER_SOCKET")
"""By which what belongs to a worker is known."""


def environment(of: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of one that outlives the worker inside which it is started."""
    return {**belonging_to_none(of), _VARIABLE: "1"}


def belonging_to_none(of: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what says that a process belongs to a worker."""
    return {name: value for name, value in of.items() if name not in _OF_A_WORKER}


def outlives(pid: int) -> bool:
    """Tell whether a process is one of those."""
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{_VARIABLE}=1".encode() in variables
