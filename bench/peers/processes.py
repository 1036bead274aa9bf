"""What a server's processes have had of the machine, as the kernel counts it."""

from collections.abc import Iterable
from pathlib import Path


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, _text(children).split())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time of all threads of these processes that live."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int((_text(task).split() or ["0"])[0]) for task in tasks) / 1e9


def rss_bytes(pids: Iterable[int]) -> int:
    """Return the resident memory; what several processes share counts once, in shares."""
    every = list(pids)
    word, name = ("VmRSS:", "status") if len(every) == 1 else ("Pss:", "smaps_rollup")
    lines = (line for pid in every for line in _text(Path(f"/proc/{pid}/{name}")).splitlines())
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(word))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended since it was found
