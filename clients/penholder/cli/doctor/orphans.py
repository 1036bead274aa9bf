"""Processes that outlive their worker: they carry its id in their environment, and nobody its seat.

It is no fault that there are some: a command may leave a daemon behind on purpose. But where runner
and keeper were both killed, what had left the command's group goes on, and nobody else knows of it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from penholder.cli.doctor.finding import Finding, ok, warning
from penholder.cli.doctor.situation import Situation
from penholder_protocol.errors import WorkerNotFound

_CHECK = "left behind"
_WORKER = b"PENHOLDER_WORKER_ID="
_SOCKET = b"PENHOLDER_SOCKET="
_IS_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MOST_NAMED = 10
_LONGEST_COMMAND = 60


class _Seat(msgspec.Struct):
    recovery_state: str


class _Process(NamedTuple):
    pid: int
    worker_id: str
    command: str


def left_behind(at: Situation) -> Iterator[Finding]:
    """Look for processes of workers that have ended."""
    seated: dict[str, bool] = {}
    left: list[_Process] = []
    for process in _of_workers(at.runtime_dir):
        worker_id = process.worker_id
        if worker_id not in seated:
            seated[worker_id] = _is_seated(at, worker_id)
        if not seated[worker_id]:
            left.append(process)
    yield _finding(left) if left else ok(_CHECK, "no process outlives its worker")


def _finding(left: list[_Process]) -> Finding:
    named = [f"{each.pid} ({each.command}) of {each.worker_id}" for each in left[:_MOST_NAMED]]
    more = f" and {len(left) - _MOST_NAMED} more" if len(left) > _MOST_NAMED else ""
    pids = " ".join(str(each.pid) for each in left[:_MOST_NAMED])
    return warning(
        _CHECK,
        f"processes that were started by workers go on without them: {', '.join(named)}{more}",
        f"kill {pids} ends them, unless they are meant to stay",
    )


def _is_seated(at: Situation, worker_id: str) -> bool:
    try:
        answer = at.ask("worker.get", {"worker_id": worker_id})
    except WorkerNotFound:
        return False
    return msgspec.json.decode(answer, type=_Seat).recovery_state == "attached"


def _of_workers(runtime_dir: Path) -> Iterator[_Process]:
    """Yield processes that were given a socket of this daemon's, so far as they can be read."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        # Another user's cannot be read, and one may end meanwhile.
        with suppress(OSError):
            variables = (entry / "environ").read_bytes().split(b"\0")
            worker_id = _value(variables, _WORKER)
            socket = _value(variables, _SOCKET)
            if _IS_ID.fullmatch(worker_id) and Path(socket).parent.parent == runtime_dir.absolute():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                text = command.decode("utf-8", "backslashreplace").strip()
                yield _Process(int(entry.name), worker_id, text[:_LONGEST_COMMAND])


def _value(variables: list[bytes], name: bytes) -> str:
    found = (each.removeprefix(name) for each in variables if each.startswith(name))
    return next(found, b"").decode("utf-8", "backslashreplace")
