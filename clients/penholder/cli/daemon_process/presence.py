"""Whether a daemon is there, asked of the lock that it holds on its directories.

A socket that nobody answers says little: it may have been removed (as a logout removes the runtime
directory), or be another one than the caller would look for, or not be the caller's to see. The
lock file says more: its first line is the holder's pid, the second one of a daemon its control
socket.

The lock is only looked at: whoever takes it, be it for a moment, is in the way of a daemon that
starts. Only from inside a container is it tried: the kernel's list shows nobody outside there.

What the file says is a claim, and a pid in it may be from before a crash. So it is believed where
that process has this very file open, or where the kernel lists a lock on it. Where neither can be
seen nobody holds it.

Who may not look does not say that nobody is there. Each answer is one of four: a daemon answers;
somebody holds the lock and does not answer, with what can be done about that; nobody is there; it
cannot be told, and as whom to ask.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from penholder import DaemonUnreachable

_LOCK = "penholder.lock"
_MOST_SAID_BYTES = 4096
_OUTERMOST = "pid:[4026531836]"
"""What /proc calls the pid namespace that sees all processes."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock on a directory."""

    directory: Path
    pid: int | None
    """None where it has no number here: it is in another pid namespace."""
    socket: Path | None
    """Its control socket; None for another program, such as a restore."""


class CannotTell(DaemonUnreachable):
    """Nobody answers, and whether a daemon is there could not be looked at."""

    hint: str | None = "ask as the daemon's user, or as root"


class DoesNotAnswer(DaemonUnreachable):
    """Nobody answers, and yet somebody holds the lock."""

    def __init__(self, path: Path, holder: Holder, why: str) -> None:
        """Take who holds it."""
        self.holder = holder
        self.is_elsewhere = holder.socket is not None and not _same(holder.socket, path)
        self.hint = _way_on(holder, is_elsewhere=self.is_elsewhere)
        super().__init__(f"nobody answers at {path} ({why}), but {_who_holds(holder)}")


def unreachable(path: Path, error: OSError, state_dir: Path) -> DaemonUnreachable:
    """Say that nobody answers at a socket, and what of a daemon there is nevertheless."""
    why = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return CannotTell(f"cannot tell whether a daemon serves {path}: {why}")
    try:
        for directory in (state_dir, path.parent):
            holder = find(directory)
            if holder is not None:
                return DoesNotAnswer(path, holder, why)
    except PermissionError as refused:
        return CannotTell(
            f"nobody answers at {path} ({why}), and whether a daemon runs cannot be told:"
            f" {refused.filename}: {refused.strerror}"
        )
    return DaemonUnreachable(f"no daemon answers at {path}: {why}")


def find(directory: Path) -> Holder | None:
    """Return who holds the lock on a directory, if anybody does.

    Raises PermissionError where that may not be looked at.
    """
    lock = directory / _LOCK
    try:
        lines = _begins(lock).splitlines()
        found = lock.stat()
    except PermissionError:
        raise
    except OSError:
        return None
    # A daemon empties the file before it writes its own: what is read may be nothing yet.
    named = int(lines[0]) if lines and lines[0].isdigit() else None
    socket = Path(os.fsdecode(lines[1])) if len(lines) > 1 else None
    if named is not None and _has_open(named, lock):
        return Holder(directory, named, socket)
    for pid, device, inode in _flocks():
        if inode == found.st_ino and (device == found.st_dev or pid == named):
            return Holder(directory, pid, socket)
    if _is_inside() and _is_taken(lock):
        return Holder(directory, None, socket)
    return None


def _begins(lock: Path) -> bytes:
    """Return what a lock file says; where a pipe stands in its place, nothing and at once."""
    descriptor = os.open(lock, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _MOST_SAID_BYTES)
    finally:
        os.close(descriptor)


def pid_of_holder(directory: Path) -> int | None:
    """Return the process that holds a directory, so far as it can be seen."""
    try:
        holder = find(directory)
    except PermissionError:
        return None
    return None if holder is None else holder.pid


def _has_open(pid: int, lock: Path) -> bool:
    with suppress(OSError):
        descriptors = Path(f"/proc/{pid}/fd").iterdir()
        return any(descriptor.readlink() == lock.resolve() for descriptor in descriptors)
    return False


def _flocks() -> Iterator[tuple[int, int, int]]:
    """Yield the locks that the kernel lists: pid, device and inode of each."""
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        # An arrow marks who only waits for a lock.
        if "FLOCK" in words and "->" not in words:
            major, minor, inode = words[5].split(":")
            yield int(words[4]), os.makedev(int(major, 16), int(minor, 16)), int(inode)


def _is_inside() -> bool:
    try:
        return os.readlink("/proc/self/ns/pid") != _OUTERMOST
    except OSError:
        return True


def _is_taken(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared: two who look at once do not see each other, and neither is in the other's way.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _who_holds(holder: Holder) -> str:
    who = "a process of another pid namespace" if holder.pid is None else f"process {holder.pid}"
    serves = "" if holder.socket is None else f" and serves {holder.socket}"
    return f"{who} holds {holder.directory}{serves}"


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _way_on(holder: Holder, *, is_elsewhere: bool) -> str:
    if holder.socket is None:
        return "a program such as penholder restore works there; wait for its end"
    if is_elsewhere:
        return f"ask it there, with --runtime-dir {holder.socket.parent}"
    if holder.pid is None:
        return "it is starting or ending, or its socket cannot be reached from here"
    return (
        "it is starting or ending, or its runtime directory was removed; penholder down, or"
        f" kill {holder.pid}, stops it"
    )
