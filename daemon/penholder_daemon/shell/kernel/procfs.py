"""Processes as the kernel shows them: /proc for who they are, pidfds for whether they live.

A pid alone means nobody: it comes again. A pid with its start time is one process for ever, so
every handle is opened first and compared after. The other way round the process could end and its
pid come again between the look and the opening.

Whether a process lives is what its pidfd says: the state letter in /proc is that of its main thread
alone, which may end long before the process. A worker that had ended its main thread was taken for
dead by that letter. A zombie is dead, though it can still be seen: its pidfd says so as well.

Who is not there and what cannot be looked at are two things. No process, or one that is hidden from
this user, is None. What the daemon itself lacks, such as a descriptor, is raised: to take it for
the end of a process would cost a worker its seat for nothing that it did.
"""

import errno
import os
import select
from typing import NamedTuple

from penholder_daemon.core.world import Process

_STARTED_FIELD = 19
"""Where /proc/PID/stat has the start time, counted after the parenthesised command."""
_MAX_LINEAGE = 128
_MOST_BYTES = 8192
_GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.EINVAL})
"""How a pid is refused that means no process (any more); EINVAL and ENOENT: it means a thread."""
_HIDDEN = frozenset({errno.EPERM, errno.EACCES})


class Status(NamedTuple):
    """What /proc/PID/stat says of a process."""

    parent: int
    session: int
    started_ticks: int


class Ancestry(NamedTuple):
    """A process and those above it, nearest first."""

    lineage: tuple[Process, ...] = ()
    in_session: tuple[Process, ...] = ()
    """Those of the process's own session, process 1 left out."""


def read_status(pid: int) -> Status | None:
    """Look a process up; None if there is none that can be seen.

    Raises OSError where the daemon lacks what it takes to look, such as a descriptor.
    """
    text = _read(f"/proc/{pid}/stat")
    if text is None:
        return None
    # The command may hold anything, spaces and parentheses too: cut after the last one.
    fields = text[text.rindex(b")") + 2 :].split()
    return Status(int(fields[1]), int(fields[3]), int(fields[_STARTED_FIELD]))


def ancestry(pid: int) -> Ancestry:
    """Follow a process up; empty if it is gone already. Raises OSError as `read_status` does."""
    found: list[tuple[Process, int]] = []
    # Bounded: a peer may have made itself any number of ancestors.
    while pid > 0 and len(found) < _MAX_LINEAGE:
        status = read_status(pid)
        if status is None:
            break
        found.append((Process(pid, status.started_ticks), status.session))
        pid = status.parent
    lineage = tuple(process for process, _ in found)
    mates = tuple(
        process for process, session in found if session == found[0][1] and process.pid != 1
    )
    return Ancestry(lineage, mates)


def open_exactly(process: Process) -> int | None:
    """Open a pidfd of this very process, or return None if it is gone.

    Raises OSError where that cannot be told, such as for want of a descriptor.
    """
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError as error:
        if error.errno in _GONE:
            return None
        raise
    try:
        status = read_status(process.pid)
        # Compared after the opening: who has this pid and start time now had them then, too.
        if status is not None and status.started_ticks == process.started_ticks:
            opened, pidfd = pidfd, -1
            return opened
        return None
    finally:
        if pidfd >= 0:
            os.close(pidfd)


def has_ended(pidfd: int) -> bool:
    """Tell whether all threads of a process have ended; whether it was waited for is no matter."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def lives(process: Process) -> bool:
    """Tell whether that very process still runs; what cannot be told does not count as dead."""
    try:
        pidfd = open_exactly(process)
    except OSError:
        # No descriptor is left, for one: nobody may lose a seat for what the daemon lacks.
        return True
    if pidfd is None:
        return False
    try:
        return not has_ended(pidfd)
    finally:
        os.close(pidfd)


def has_own_pids(pid: int) -> bool:
    """Tell whether a process is in a pid namespace below this one, and has another pid there."""
    text = _read(f"/proc/{pid}/status")
    if text is None:
        return False
    # One number for each namespace from the daemon's own down to the process's.
    _, _, numbers = text.partition(b"\nNSpid:")
    return len(numbers.partition(b"\n")[0].split()) > 1


def _read(path: str) -> bytes | None:
    """Read a file of /proc; None if its process is not there, or hidden.

    It is read once for each level of each peer's lineage: without what `open` does beside that.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(descriptor, _MOST_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno in _GONE | _HIDDEN:
            return None
        raise
