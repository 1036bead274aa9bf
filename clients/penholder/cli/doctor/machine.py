"""Checks of what the daemon gets from the machine: disk, log, clock, descriptors."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from penholder.cli.doctor.finding import Finding, ok, problem, warning
from penholder.cli.doctor.situation import Situation
from penholder_protocol.nouns import Pong

_MIB = 1 << 20
_LEAST_FREE_BYTES = 64 * _MIB
_FEW_FREE_BYTES = 512 * _MIB
_LEAST_FREE_INODES = 100
_FEW_FREE_INODES = 1000
_LARGE_WAL_BYTES = 256 * _MIB
_CLOCK_TOLERANCE_S = 2.0
_SPARE_DESCRIPTORS = 112
"""What the daemon needs itself; of the rest connections get a third, as workers and seats do."""
_TIMEDATECTL_S = 5.0
_NOBODY_KNOWS = "nobody here can say whether it is synchronised"


def disk(at: Situation) -> Iterator[Finding]:
    """Look whether there is room for the log to grow and for a backup."""
    directory = _existing(at.state_dir)
    found = os.statvfs(directory)
    free = found.f_bavail * found.f_frsize
    copy = sum(_size(at.state_dir / name) for name in ("penholder.db", "penholder.db-wal"))
    detail = f"{_mib(free)} free below {directory}, the database takes {_mib(copy)}"
    # A backup takes as much again as the database and its log.
    yield _by_amount(
        "disk space", detail, free, max(_LEAST_FREE_BYTES, copy), max(_FEW_FREE_BYTES, 4 * copy)
    )
    # Some file systems have no fixed number of inodes, and say 0.
    if found.f_files:
        free = found.f_favail
        detail = f"{free:,} inodes free below {directory}"
        yield _by_amount("disk inodes", detail, free, _LEAST_FREE_INODES, _FEW_FREE_INODES)


def write_ahead_log(at: Situation) -> Iterator[Finding]:
    """Look whether the log is moved into the database as it should be."""
    size = at.status.wal_bytes if at.status else _size(at.state_dir / "penholder.db-wal")
    if size > _LARGE_WAL_BYTES:
        yield warning(
            "write-ahead log",
            f"it has {_mib(size)}",
            "a reader that takes long keeps it from being emptied: end backups, verifications and"
            " other programs that have the database open",
        )
    else:
        yield ok("write-ahead log", _mib(size))


def clock(at: Situation) -> Iterator[Finding]:
    """Look at the wall clock: the daemon's, the machine's, and whether somebody corrects it."""
    # Over a store of several hosts it tells the server's time, which is looked at beside that.
    if at.status is not None and at.store is None:
        yield _against_daemon(at)
    newest = max((_written(path) for path in (at.database, at.state_dir)), default=0.0)
    if newest > time.time() + _CLOCK_TOLERANCE_S:
        yield warning(
            "clock",
            f"the database was written {newest - time.time():,.0f} s in the future",
            "the clock was set back: set it right; until then new entries look older than old ones",
        )
    yield _synchronised()


def descriptors(at: Situation) -> Iterator[Finding]:
    """Look whether the daemon may open as many connections as its settings allow."""
    if at.status is None:
        return
    config = msgspec.json.decode(at.ask("daemon.config"), type=dict[str, object])
    wanted = int(str(config["max_connections"]))
    allowed = _open_files(at.status.pid)
    detail = f"{allowed:,} for up to {wanted:,} connections"
    taken = max(1, (allowed - _SPARE_DESCRIPTORS) // 3)
    if taken < wanted:
        yield warning(
            "descriptors",
            f"{detail}: it takes {taken:,} at once",
            "raise LimitNOFILE= of its unit (ulimit -Hn where you start it), or lower"
            " max_connections",
        )
    else:
        yield ok("descriptors", detail)


def _by_amount(check: str, detail: str, free: int, least: int, few: int) -> Finding:
    if free < least:
        return problem(check, detail, "make room: writes will fail, or do already")
    if free < few:
        return warning(check, detail, "make room before writes and backups fail")
    return ok(check, detail)


def _against_daemon(at: Situation) -> Finding:
    # Before and after: the answer takes its time, which is no difference of the clocks.
    before = time.time()
    pong = msgspec.json.decode(at.ask("rpc.ping"), type=Pong)
    there = datetime.fromisoformat(pong.ts).timestamp()
    if before - _CLOCK_TOLERANCE_S <= there <= time.time() + _CLOCK_TOLERANCE_S:
        return ok("clock", "the daemon's is this program's")
    return problem(
        "clock",
        f"the daemon's differs by {abs(there - before):,.1f} s",
        "it may run in a container or a virtual machine with a clock of its own: ask it there",
    )


def _synchronised() -> Finding:
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_TIMEDATECTL_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ok("clock", _NOBODY_KNOWS)
    said = done.stdout.strip()
    if said == "no":
        return warning("clock", "it is not synchronised", "timedatectl set-ntp true")
    return ok(
        "clock", "synchronised" if said == "yes" else "nobody says whether it is synchronised"
    )


def _open_files(pid: int) -> int:
    lines = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    line = next(line for line in lines if line.startswith("Max open files"))
    return int(line.removeprefix("Max open files").split()[0])


def _existing(path: Path) -> Path:
    """Return the directory, or the nearest above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _mib(size: int) -> str:
    return f"{size / _MIB:,.1f} MiB"
